"""What agents say as witnesses of other sites' logs. Nobody is believed: what was signed is looked at again.

A cosignature goes to the checkpoint it is of. A refusal is an alarm at both sites: the accused one may lose its own.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from cloud.alarms.service import raise_alarm
from cloud.db.pool import Row, Tx, one, rows, storable
from cloud.db.queries import load_queries
from cloud.evidence.taken import ACTOR, Taken
from cloud.ledger.cosigning import Agreed, keep
from cloud.ledger.service import close_ledger, open_ledger
from proof.checkpoint import Checkpoint, verify_checkpoint
from proof.cosignature import verify_cosignature
from proof.errors import EncodingError, ProofError, SignatureError
from proof.keys import VerifyKey
from proof.merkle import EMPTY_ROOT
from proof.note import COSIGNATURE, NoteVerifier, read_note
from proof.witness import BEHIND, FALSE_EMPTY, FORKED, PROOFS, TWO_ROOTS, UNPROVEN, shows_fork
from wire.errors import MessageError
from wire.kinds import FactKind
from wire.messages import Fact, OrderDistrusted, body_of
from wire.witnessing import CheckpointRefused, Cosigned

REFUSED = "checkpoint_refused"

_sql = load_queries(__file__, "witnessing.sql")


async def cosigned(taken: Taken) -> None:
    """The cosignature is published with its checkpoint, where the accused site knows this witness."""
    body = body_of(Cosigned, taken.fact.body)
    site, witness = await _site_of(taken.tx, body.origin), f"sealtrail/{taken.agent}"
    keys = await _keys(taken.tx, site, "witness", witness, living=True) if site else []
    if site is None or not keys:
        return
    checkpoint = await one(taken.tx, _sql.checkpoint, site=site, size=body.size)
    if checkpoint is None or checkpoint["root"].hex() != body.root:
        return
    verifiers = [NoteVerifier(witness, key, COSIGNATURE) for key in keys]
    verifier, at = _find_cosigner(checkpoint, body.line, verifiers)
    await keep(taken.tx, site, verifier, Agreed(body.size, at, body.line))


def _find_cosigner(checkpoint: Row, line: str, witnesses: Iterable[NoteVerifier]) -> tuple[NoteVerifier, datetime]:
    """Who made the one signature `line`, and when. Raises MessageError where nobody of them did."""
    try:
        note = read_note((checkpoint["note"].partition("\n\n")[0] + "\n\n" + line).encode())
    except EncodingError as error:
        raise MessageError(f"not a signature line: {error}") from error
    for witness in witnesses if len(note.signatures) == 1 else ():
        try:
            return witness, datetime.fromtimestamp(verify_cosignature(note, witness), UTC)
        except (SignatureError, ValueError, OverflowError, OSError):  # the last three: a time beyond every calendar
            continue
    raise MessageError("a cosignature that does not fit its checkpoint")


async def checkpoint_refused(taken: Taken) -> None:
    """The highest alarm, at the site of the log that is accused and at the witness's own."""
    body = body_of(CheckpointRefused, taken.fact.body)
    site = await _site_of(taken.tx, body.origin)
    if site is None:
        raise MessageError("a refusal of a log that is not here")
    keys = await _keys(taken.tx, site, "log", body.origin, living=False)
    _check_words(body, [NoteVerifier(body.origin, key) for key in keys])
    detail = {
        "origin": body.origin, "size": body.size, "why": body.why, "proves": body.why in PROOFS, "note": body.note,
        "seen": body.seen and {"size": body.seen.size, "root": body.seen.root, "note": body.seen.note},
        "proof": body.proof, "start": body.start, "witness": f"sealtrail/{taken.agent}",
    }  # fmt: skip
    await taken.alarm(REFUSED, body.origin, "critical", detail)
    if site == taken.site:
        return
    accused = await open_ledger(taken.tx, site)  # locked already: see accused_sites
    about = {"agent": taken.agent, "seq": taken.fact.seq, "site": taken.site, "entry": taken.index, **detail}
    await raise_alarm(
        taken.tx, accused, taken.world, cause=REFUSED, place=f"sealtrail/{taken.agent}", severity="critical",
        detail=about, at=taken.taken_at, actor=ACTOR,
    )  # fmt: skip
    await close_ledger(taken.tx, accused)


async def order_distrusted(taken: Taken) -> None:
    """Somebody who is not the cloud speaks where the cloud's orders come."""
    body_of(OrderDistrusted, taken.fact.body)
    await taken.alarm("order_distrusted", taken.agent, "major", {"body": taken.fact.body})


async def accused_sites(tx: Tx, facts: Iterable[Fact]) -> set[str]:
    """The sites where `facts` will raise alarms besides their own: to be locked before, in the order of their ids."""
    origins = {str(fact.body.get("origin")) for fact in facts if fact.kind == FactKind.CHECKPOINT_REFUSED}
    if not origins:
        return set()
    return {row["id"] for row in await rows(tx, _sql.sites_of, origins=[storable(origin) for origin in origins])}


async def _site_of(tx: Tx, origin: str) -> str | None:
    row = await one(tx, _sql.site_of, origin=storable(origin))
    return row["id"] if row else None


async def _keys(tx: Tx, site: str, role: str, owner: str, *, living: bool) -> list[VerifyKey]:
    """The keys of `owner` that are `living`, or every one that ever was: a log rolled back has its older key back."""
    found = await rows(tx, _sql.keys, site=site, role=role, owner=owner, living=living)
    return [VerifyKey.from_raw(row["public_key"]) for row in found]


def _check_words(body: CheckpointRefused, logs: list[NoteVerifier]) -> None:
    """Raises MessageError unless the log signed what it is accused of, and that says what it is said to say."""
    new = _signed(body.note, logs)
    seen = _signed(body.seen.note, logs) if body.seen else None
    if new.size != body.size or (
        seen and body.seen and (seen.size, seen.root.hex()) != (body.seen.size, body.seen.root)
    ):
        raise MessageError("a refusal whose notes are of other checkpoints than it says")
    shown = {
        FALSE_EMPTY: new.size == 0 and new.root != EMPTY_ROOT,
        TWO_ROOTS: seen is not None and seen.size == new.size and seen.root != new.root,
        FORKED: seen is not None and _forks(seen, body, new),
        BEHIND: seen is not None and new.size < seen.size,
        UNPROVEN: seen is not None and new.size > seen.size,
    }
    if not shown.get(body.why):
        raise MessageError(f"a refusal that says {body.why[:40]!r}, which its notes do not show")


def _forks(seen: Checkpoint, body: CheckpointRefused, new: Checkpoint) -> bool:
    try:
        return shows_fork(seen, bytes.fromhex(body.start or ""), new, [bytes.fromhex(node) for node in body.proof])
    except ValueError:
        return False


def _signed(note: str, logs: list[NoteVerifier]) -> Checkpoint:
    """The checkpoint in `note`. Raises MessageError when none of the keys of the log signed it."""
    for log in logs:
        try:
            return verify_checkpoint(note.encode(), log)
        except ProofError:
            continue
    raise MessageError("a refusal of what the log did not sign")
