"""What a phone sends, read: genuine labels and typed ids become scans, the rest is told apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cloud.db.pool import rows
from cloud.db.queries import load_queries
from cloud.evidence.acting import Acting
from cloud.stock_takes.models import NewScan, ScanFate
from custody.stock_taking import Scan
from custody.things import Kind
from proof.keys import VerifyKey
from wire.errors import ForgedLabelError, LabelError
from wire.labels import Label, read_label, valid_id

_sql = load_queries(__file__)


@dataclass(frozen=True, slots=True)
class Readable:
    """The scan `key`, and what it is of; None where it cannot count, and `fate` says why."""

    key: str
    fate: ScanFate
    scan: Scan | None


Texts = Mapping[str, Label | ScanFate]
"""What is scanned or typed → the label that it is, or what it is instead."""


def read_texts(asked: Sequence[NewScan], label_keys: Sequence[VerifyKey]) -> Texts:
    """Every text in `asked`, each read once: all scans of a shelf carry the same slot.

    It takes a fifth of a second for a full batch: to be called in a thread, before a transaction is begun.
    """
    texts = {text for scan in asked for text in (scan.thing, scan.slot) if text is not None}
    return {text: _read(text, label_keys) for text in texts}


def _read(text: str, label_keys: Sequence[VerifyKey]) -> Label | ScanFate:
    try:
        return read_label(text, label_keys)
    except ForgedLabelError:
        return ScanFate.FORGED
    except LabelError:
        return Label(Kind.ITEM, text, 0) if valid_id(text) else ScanFate.UNKNOWN


async def read_scans(act: Acting, asked: Sequence[NewScan], texts: Texts) -> list[Readable]:
    """Each of `asked`, in its order. A label is genuine or FORGED; what is typed must be a thing of the site."""
    named = list({label.id for label in texts.values() if isinstance(label, Label)})
    things = {row["id"] for row in await rows(act.tx, _sql.evidence_among, things=named, site=act.site)}
    slots = {row["id"] for row in await rows(act.tx, _sql.slots_among, slots=named, site=act.site)}
    return [_one(scan, texts, things, slots) for scan in asked]


def _one(scan: NewScan, texts: Texts, things: set[str], slots: set[str]) -> Readable:
    thing = texts[scan.thing]
    slot = None if scan.slot is None else texts[scan.slot]
    for read, known in ((thing, things), (slot, slots)):
        if isinstance(read, ScanFate):
            return Readable(scan.key, read, None)
        if read is not None and read.id not in known:
            return Readable(scan.key, ScanFate.UNKNOWN, None)
    assert isinstance(thing, Label)  # noqa: S101 - told apart above, which mypy cannot follow through the loop
    kept = Scan(
        key=scan.key,
        thing=thing.id,
        slot=slot.id if isinstance(slot, Label) else None,
        quantity=scan.quantity,
        taken_back=scan.taken_back,
        issue=thing.issue or None,
        at=scan.at,
    )
    return Readable(scan.key, ScanFate.COUNTED, kept)
