"""Taking a file: looked at whole, then all of it or nothing, in one transaction. What is here is not made again.

A row is known by its source and the number that the source gave it. With the same content it is unchanged; with
another it is a conflict, which is told: a correction is an act of its own, never an import.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cloud.db.pool import Tx, rows
from cloud.db.queries import load_queries
from cloud.evidence.acting import Acting
from cloud.evidence.models import NewCase, NewItem
from cloud.evidence.service import open_case, register_item
from cloud.imports.faults import COLLISIONS, ImportConflictError, ImportFaultsError, fault
from cloud.imports.models import MOST_FAULTS, ImportAnswer, ImportedRow, RowFault
from cloud.imports.reading import read_file
from cloud.imports.rows import MOST_NAMES, NewRow, read_rows
from custody.permits import time_text
from custody.rule_pack import RulePack
from proof.canonical import canonical

KIND = "import_taken"

_sql = load_queries(__file__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A file as it was read from `source`: its rows, and all that is wrong with it by itself."""

    source: str
    sha256: str
    charset: str
    rows: Sequence[NewRow]
    ignored: Sequence[str]
    faults: Sequence[RowFault]


@dataclass(slots=True)
class Plan:
    """What is to be done with a file: its `new` rows; the `cases` there are (number → id); what each `known` row is."""

    new: list[NewRow]
    cases: dict[str, str]
    known: dict[str, str]
    faults: list[RowFault]


def read(data: bytes, *, is_json: bool, source: str, now: datetime) -> Read:
    """The file `data`. Needs no database, and some hundred milliseconds for a large file."""
    raw = read_file(data, is_json=is_json)
    found, faults = read_rows(raw, now)
    return Read(
        source=source, sha256=hashlib.sha256(data).hexdigest(), charset=raw.charset, rows=found, ignored=raw.ignored,
        faults=faults,
    )  # fmt: skip


async def check(tx: Tx, site: str, file: Read, pack: RulePack) -> ImportAnswer:
    """What `take` would do under the rules `pack`, with everything that is in its way."""
    plan = await _plan(tx, site, file, pack)
    opened = [] if plan.faults else list(dict.fromkeys(row.case_number for row in plan.new))
    cases = [number for number in opened if number not in plan.cases]
    return _answer(file, plan, plan.known, cases=cases, made=0 if plan.faults else len(plan.new))


async def take(act: Acting, file: Read) -> ImportAnswer:
    """Opens the cases and registers the items that are not here yet.

    Raises ImportFaultsError for a file with faults, ImportConflictError for one that contradicts what is here.
    """
    plan = await _plan(act.tx, act.site, file, act.pack)
    if plan.faults:
        only_collides = all(one.code in COLLISIONS for one in plan.faults)
        raise (ImportConflictError if only_collides else ImportFaultsError)(plan.faults)
    if not plan.new:
        return _answer(file, plan, plan.known)
    cases, things = dict(plan.cases), dict(plan.known)
    opened: list[str] = []
    async with act.tx.pipeline():  # what is only written is not waited for row by row: the ledger is free sooner
        for row in plan.new:
            if row.case_number not in cases:
                case = await open_case(act, _case(row, plan.new))
                cases[row.case_number] = case.id
                opened.append(row.case_number)
            things[row.key] = await register_item(act, _item(row, cases[row.case_number]))
    name, index = await _record(act, file, plan, things)
    return _answer(file, plan, things, cases=opened, made=len(plan.new), name=name, index=index)


def _case(first: NewRow, rows: Sequence[NewRow]) -> NewCase:
    """The case that `first` opens, with all that the rows about it know of it: the first scene, every name once.

    A case that is here already stays as it is.
    """
    its = [row for row in rows if row.case_number == first.case_number]
    return NewCase(
        number=first.case_number, title=first.case_title,
        parties=list(dict.fromkeys(name for row in its for name in row.parties))[:MOST_NAMES],
        vehicles=list(dict.fromkeys(plate for row in its for plate in row.vehicles))[:MOST_NAMES],
        scene=next((row.scene for row in its if row.scene), None),
    )  # fmt: skip


def _item(row: NewRow, case: str) -> NewItem:
    told = {"goods": row.goods, "value_fen": row.value_fen, "brand": row.brand, "sku": row.sku}
    known = {name: value for name, value in told.items() if value is not None}
    return NewItem(case_id=case, name=row.name, quantity=row.quantity, unit=row.unit, **known)


async def _plan(tx: Tx, site: str, file: Read, pack: RulePack) -> Plan:
    plan = Plan([], {}, {}, list(file.faults))
    found = list(_with_goods(file.rows, pack, plan.faults)) if not plan.faults else []
    if plan.faults:
        return plan
    keys = [row.key for row in found]
    known = {row["key"]: row for row in await rows(tx, _sql.known_rows, site=site, source=file.source, keys=keys)}
    for row in found:
        before = known.get(row.key)
        if before is None:
            plan.new.append(row)
            continue
        plan.known[row.key] = before["thing"]
        if before["salt"] is None:
            plan.faults.append(fault("erased", row.row, "key", row.key, before["thing"]))
        elif _digest(row, before["salt"]) != before["sha256"]:
            plan.faults.append(fault("conflict", row.row, "key", row.key, before["thing"]))
    numbers = list({row.case_number for row in plan.new})
    titles: dict[str, str] = {}
    for case in await rows(tx, _sql.known_cases, site=site, numbers=numbers):
        plan.cases[case["number"]], titles[case["number"]] = case["id"], case["title"]
    for row in plan.new:
        title = titles.get(row.case_number, row.case_title)
        if title != row.case_title:
            plan.faults.append(fault("case_differs", row.row, "case_title", row.case_number, title))
    plan.faults.sort(key=lambda one: one.row)
    return plan


def _with_goods(rows: Sequence[NewRow], pack: RulePack, faults: list[RowFault]) -> Iterator[NewRow]:
    """The rows with the codes of their classes of goods, which a file may name by code, in Chinese or in English."""
    codes: dict[str, str] = {}
    for code, told in pack.section("goods").items():
        codes |= {code: code, str(told["zh"]): code, str(told["en"]).lower(): code}
    for row in rows:
        goods = codes.get((row.goods or "").lower())
        if row.goods is not None and goods is None:
            faults.append(fault("goods", row.row, "goods", row.goods))
        yield replace(row, goods=goods)


async def _record(act: Acting, file: Read, plan: Plan, things: dict[str, str]) -> tuple[str, int]:
    """One record of the whole import, and a row for each that was made; the salts stay out of the ledger."""
    name, salts = act.new_id("B"), {row.key: act.world.salt() for row in plan.new}
    made = [
        {"key": row.key, "thing": things[row.key], "sha256": _digest(row, salts[row.key])}
        | ({"seized_at": time_text(row.seized_at)} if row.seized_at else {})
        for row in plan.new
    ]
    content = {"import": name, "source": file.source, "sha256": file.sha256, "rows": len(file.rows), "made": made}
    index = await act.record(KIND, content, [name])
    values = {"id": name, "site": act.site, "source": file.source, "sha256": file.sha256, "index": index}
    values |= {"rows": len(file.rows), "made": len(made), "at": act.at, "by": act.person.id}
    await act.tx.execute(_sql.add_import, values)
    async with act.tx.cursor() as cursor, cursor.copy(_sql.copy_rows) as copy:
        for row, told in zip(plan.new, made, strict=True):
            await copy.write_row((
                act.site, file.source, row.key, told["thing"], name, told["sha256"], salts[row.key], row.seized_at,
            ))  # fmt: skip
    return name, index


def _digest(row: NewRow, salt: bytes) -> str:
    return hashlib.sha256(salt + canonical(row.content())).hexdigest()


def _answer(
    file: Read,
    plan: Plan,
    things: dict[str, str],
    *,
    cases: Sequence[str] = (),
    made: int = 0,
    name: str | None = None,
    index: int | None = None,
) -> ImportAnswer:
    items = [
        ImportedRow(
            row=row.row, key=row.key, outcome="unchanged" if row.key in plan.known else "made",
            thing=things.get(row.key),
        )
        for row in ([] if plan.faults else file.rows)
    ]  # fmt: skip
    return ImportAnswer(
        id=name, index=index, check=False, source=file.source, sha256=file.sha256, charset=file.charset,
        rows=len(file.rows), made=made, unchanged=len(plan.known), cases=list(cases), items=items,
        ignored=list(file.ignored), faults=plan.faults[:MOST_FAULTS], fault_count=len(plan.faults),
    )  # fmt: skip
