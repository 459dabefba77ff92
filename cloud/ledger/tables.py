"""The tables beside the log: do they say what the log leads to, are their signatures genuine, are the stills there?"""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import CloudError
from cloud.ledger.derived import Derived, Packs
from cloud.ledger.faults import LedgerFaultError
from cloud.ledger.walk import Keys
from custody.errors import CustodyError
from custody.pack_reader import parse_rule_pack
from custody.permits import PERMIT_TYPE
from custody.tasks import TASK_TYPE
from custody.things import Kind
from proof import jws
from proof.canonical import canonical
from proof.errors import ProofError
from wire.errors import LabelError
from wire.joining import DESIRED_TYPE
from wire.labels import Label, read_label

ReadStill = Callable[[str], Awaitable[bytes]]
"""The bytes of the still with that digest. Raises CloudError when it cannot be read."""

TABLES = (
    "evidence_case", "package", "item", "hold", "label", "permit", "permit_thing", "alarm", "quarantine", "agent",
    "person", "passkey", "unit", "site", "agent_order", "key_life", "erasure", "zone", "slot", "custody", "thing_hand",
    "act", "act_hand", "pack_adoption", "task",
    "stock_take", "stock_take_line", "stock_take_count", "difference",
    "import", "import_row", "authority", "claim", "certificate", "desired",
    "movement", "observation", "slot_sensor", "exception", "door", "door_session", "clip_segment", "clip",
    "sensor", "contact", "reading_gap", "ticket", "ticket_pause", "rectification", "program", "agent_update",
    "light_list", "light_list_slot", "misplacement", "print_job", "print_label", "printer", "reminder", "webhook",
)  # fmt: skip
"""Tables that are compared whole at the end. Passages, readings and thing_entry are compared while the log is read."""

MORE_IN_TABLE = {"quarantine"}
"""What was said under no known site is kept without a record."""
MORE_IN_LOG = {"agent_order"}
"""An agent may answer an order that was never given."""
NOT_COMPARED = {"signed", "thing", "issue", "digest", "counted"}

_sql = load_queries(__file__, "tables.sql")
_check_sql = load_queries(__file__, "check.sql")


async def read_packs(tx: Tx) -> Packs:
    """Every rule pack by its hash, which has to be the hash of its content."""
    packs = {}
    for row in await rows(tx, _check_sql.rule_packs):
        where = f"rule_pack {row['hash'][:16]}"
        try:
            pack = parse_rule_pack(json.loads(row["content"]))
        except (ValueError, CustodyError) as error:
            raise LedgerFaultError("rule_pack_differs", f"not a rule pack: {error}", row=where) from error
        told = (pack.hash, pack.name, pack.version, canonical(pack.content).decode())
        if told != (row["hash"], row["name"], row["version"], row["content"]):
            raise LedgerFaultError("rule_pack_differs", f"its content has the hash {pack.hash}", row=where)
        packs[pack.hash] = pack
    return packs


async def compare_tables(tx: Tx, derived: Derived, keys: Keys) -> int:
    """Compares every row of TABLES; returns how many. Raises LedgerFaultError at the first that differs."""
    compared = 0
    for name in TABLES:
        expected = derived.table(name)
        async with tx.cursor(name=f"compare_{name}") as cursor:
            cursor.itersize = 1000
            await cursor.execute(getattr(_sql, name), {"site": derived.site})
            async for row in cursor:
                compared += 1
                key = row.pop("key")
                _check_row(derived, keys, name, key, row, expected.pop(key, None))
        left = next((key for key in expected if not _unsure(derived, key)), None)
        if left is not None and name not in MORE_IN_LOG:
            problem = f"the log leads to it: {_short(expected[left])}"
            raise LedgerFaultError("row_missing", problem, row=f"{name} {left}")
    passages = await one(tx, _sql.passage_count, site=derived.site)
    if passages is None or passages["passages"] != derived.passages:
        problem = f"{passages and passages['passages']} passages, while the log leads to {derived.passages}"
        raise LedgerFaultError("row_without_entry", problem, row="passage")
    return compared + derived.passages


def _unsure(derived: Derived, key: str) -> bool:
    return bool(derived.unsure) and not derived.unsure.isdisjoint(key.split(" "))


def _check_row(derived: Derived, keys: Keys, table: str, key: str, row: Row, expected: Row | None) -> None:
    where = f"{table} {key}"
    if _unsure(derived, key):
        return
    if expected is None:
        if table not in MORE_IN_TABLE:
            raise LedgerFaultError("row_without_entry", "the log knows nothing of it", row=where)
    else:
        differs(expected, row, where, expected.get("index"))
    if table == "label":
        _check_label(keys, row, where)
    elif table == "permit":
        _check_signed(keys, row, where, PERMIT_TYPE)
    elif table == "task":
        _check_signed(keys, row, where, TASK_TYPE)
    elif table == "desired":
        _check_signed(keys, row, where, DESIRED_TYPE)
    elif table == "quarantine" and row["digest"] != row["counted"]:
        raise LedgerFaultError("row_differs", "the bytes kept are not those with that digest", row=where)


def differs(expected: Row, row: Row, where: str, index: int | None) -> None:
    """Raises LedgerFaultError unless every column of `row` that the log leads to is as `expected`."""
    for column, value in row.items():
        if column not in NOT_COMPARED and column in expected and expected[column] != value:
            problem = f"{column} is {_short(value)}, while the log leads to {_short(expected[column])}"
            raise LedgerFaultError("row_differs", problem, index, where)


def _short(value: Any) -> str:
    text = value.isoformat() if hasattr(value, "isoformat") else repr(value)
    return text if len(text) <= 120 else f"{text[:120]}…"


def _check_label(keys: Keys, row: Row, where: str) -> None:
    candidates = keys.of("label", row["index"])
    if not candidates:
        return
    try:
        label = read_label(row["signed"], candidates)
    except LabelError as error:
        raise LedgerFaultError("label_not_genuine", str(error), row["index"], where) from error
    if label != Label(Kind(row["kind"]), row["thing"], row["issue"]):
        raise LedgerFaultError("label_not_genuine", f"it names {label.id}, issue {label.issue}", row["index"], where)


def _check_signed(keys: Keys, row: Row, where: str, purpose: str) -> None:
    """A permit, a task or a configuration is what the cloud signed."""
    by_kid = {key.kid: key for key in keys.of("cloud", row["index"])}
    if not by_kid:
        return
    try:
        payload: Mapping[str, Any] = jws.verify(row["signed"], by_kid.get, purpose)
    except ProofError as error:
        raise LedgerFaultError("permit_not_genuine", str(error), row["index"], where) from error
    if payload != row["payload"]:
        raise LedgerFaultError("permit_not_genuine", "another permit was signed than is shown", row["index"], where)


async def check_stills(
    tx: Tx, site: str, read: ReadStill, on_progress: Callable[[str, int, int], None]
) -> tuple[int, int, int]:
    """Reads every kept still and segment of film; returns how many hold, and how many stills that passages name, and
    segments that clips name, were not brought up.
    """
    count = await one(tx, _sql.still_count, site=site) or {"stills": 0}
    after, done = "", 0
    while found := await rows(tx, _sql.stills, site=site, after=after):
        for row in found:
            await _check_still(row, read)
        after, done = found[-1]["sha256"], done + len(found)
        on_progress("stills", done, count["stills"])
    if unsaid := await one(tx, _sql.removed_unsaid, site=site):
        where = f"still {unsaid['sha256'][:16]}"
        raise LedgerFaultError("removed_unsaid", "no entry says that it was removed", unsaid["erased_index"], where)
    absent = await one(tx, _sql.stills_not_kept, site=site) or {"stills": 0}
    unfilmed = await one(tx, _sql.segments_not_kept, site=site) or {"segments": 0}
    return done, absent["stills"], unfilmed["segments"]


async def _check_still(row: Row, read: ReadStill) -> None:
    where = f"still {row['sha256'][:16]}"
    try:
        content = await read(row["sha256"])
    except CloudError as error:
        raise LedgerFaultError("still_missing", str(error), row=where) from error
    if hashlib.sha256(content).hexdigest() != row["sha256"] or len(content) != row["bytes"]:
        raise LedgerFaultError("still_differs", f"{len(content)} bytes of another digest", row=where)
