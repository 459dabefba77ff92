"""Counting: two people, neither of whom sees the book or what the other saw before both have closed their count.

Scans come in batches that a phone may send again, in part, or in another order: the key that the phone gave each scan
makes it count once.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from psycopg.types.json import Jsonb

from cloud.alarms.service import raise_alarm
from cloud.db.pool import Row, one, rows
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, NotFoundError
from cloud.evidence.acting import Acting, acting
from cloud.parts import Parts
from cloud.people.models import Person
from cloud.stock_takes.errors import CounterError, NotCounterError
from cloud.stock_takes.models import NewScan, ScanAnswer, ScanFate
from cloud.stock_takes.opening import book_of, draw_due
from cloud.stock_takes.scans import Readable, read_scans, read_texts
from custody.permits import time_text
from custody.roles import Role
from custody.stock_taking import Difference, Scan, Seat, Seen, compare, counts_hash, last_seen

DIFFERENCE = "stock_difference"
FORGED = "forged_label"

_sql = load_queries(__file__)
JOIN = {Seat.KEEPER: _sql.join_keeper, Seat.BOOKKEEPER: _sql.join_bookkeeper}
CLOSE = {Seat.KEEPER: _sql.close_keeper, Seat.BOOKKEEPER: _sql.close_bookkeeper}


async def take_of(act: Acting, name: str) -> Row:
    """The stock-take `name`, drawn if that was due. Raises NotFoundError."""
    await draw_due(act.tx, act.appender, act.world, act.at)
    row = await one(act.tx, _sql.take, stock_take=name, site=act.site)
    if row is None:
        raise NotFoundError("stock-take", name)
    return row


async def post_counts(parts: Parts, person: Person, name: str, asked: Sequence[NewScan]) -> list[ScanAnswer]:
    """Takes the scans of `person`; says of each what became of it, and never refuses one for the others' sake.

    Raises NotFoundError; NotCounterError; ConflictError `not_drawn` before the draw, `count_closed` for a new scan
    after the counter closed their count.
    """
    texts = await asyncio.to_thread(read_texts, asked, [parts.label_key.public])
    async with acting(parts, person) as act:
        take = await take_of(act, name)
        seat = await _seat(act, take)
        own = {"stock_take": name, "person": person.id}
        keys = [scan.key for scan in asked]
        known = {row["key"]: _scan(row) for row in await rows(act.tx, _sql.counts_by_key, **own, keys=keys)}
        fates, new = _fates(await read_scans(act, asked, texts), known)
        if new and take[f"{seat}_index"] is not None:
            raise ConflictError("count_closed", f"{person.id} has closed the count of {name}")
        listed = Jsonb([_told(scan) for scan in new.values()])
        await act.tx.execute(_sql.add_counts, {**own, "scans": listed})
        await _alarm_forged(act, name, [answer.key for answer in fates if answer.fate is ScanFate.FORGED])
    return fates


async def _alarm_forged(act: Acting, name: str, keys: Sequence[str]) -> None:
    """A label that we never signed is on something in the warehouse."""
    if keys:
        await raise_alarm(
            act.tx, act.appender, act.world, cause=FORGED, place=name, severity="major", at=act.at,
            detail={"scanned_by": act.person.id, "scans": list(keys)}, actor=act.person.id,
        )  # fmt: skip


def _fates(read: Sequence[Readable], known: Mapping[str, Scan]) -> tuple[list[ScanAnswer], dict[str, Scan]]:
    """What becomes of each scan, and those to be kept."""
    new: dict[str, Scan] = {}
    answers = []
    for one_ in read:
        fate, scan = one_.fate, one_.scan
        if scan is not None:
            before = known.get(scan.key) or new.get(scan.key)
            if before is None:
                new[scan.key] = scan
            else:
                fate = ScanFate.REPEATED if before == scan else ScanFate.KEY_USED
        answers.append(ScanAnswer(key=one_.key, fate=fate, thing=None if scan is None else scan.thing))
    return answers, new


def _scan(row: Row) -> Scan:
    return Scan(**row)


async def _seat(act: Acting, take: Row) -> Seat:
    """The seat of `act.person`; a free one of their role is taken by who counts first. Raises NotCounterError."""
    if take["state"] == "open":
        raise ConflictError("not_drawn", f"the sample of {take['id']} is not drawn yet: the log has to be signed first")
    for seat in Seat:
        if take[seat.value] == act.person.id:
            return seat
    for seat in Seat:
        if take[seat.value] is None and Role(seat.value) in act.person.roles:
            if act.person.id == take["opened_by"]:
                raise CounterError(f"{act.person.id} opened it and would count it")
            await act.tx.execute(JOIN[seat], {"stock_take": take["id"], "person": act.person.id})
            await act.record("stock_take_joined", {"stock_take": take["id"], "seat": seat.value}, [take["id"]])
            return seat
    raise NotCounterError(f"{act.person.id} is no counter of {take['id']}")


async def close_count(act: Acting, name: str, scans: int) -> None:
    """`act.person` has counted; when both have, the counts are compared.

    `scans` is how many the phone knows of: a batch that never came is not passed over. Closing again does nothing.
    Raises NotFoundError, NotCounterError, ConflictError `not_drawn`, `scans_missing`.
    """
    take = await take_of(act, name)
    seat = await _seat(act, take)
    found = await rows(act.tx, _sql.counts_of, stock_take=name, person=act.person.id)
    if len(found) != scans:
        raise ConflictError("scans_missing", f"{len(found)} scans came, of {scans} that were made: send them again")
    if take[f"{seat}_index"] is not None:
        return
    counts = [_told(_scan(row)) for row in sorted(found, key=lambda row: row["key"])]
    await act.tx.execute(CLOSE[seat], {"stock_take": name, "index": act.next_index})
    content = {"stock_take": name, "seat": seat.value, "counts": counts, "counts_hash": counts_hash(counts)}
    await act.record("stock_take_counted", content, [name])
    other = Seat.BOOKKEEPER if seat is Seat.KEEPER else Seat.KEEPER
    if take[f"{other}_index"] is not None:
        await _compare(act, name, {seat: act.person.id, other: take[other.value]})


def _told(scan: Scan) -> dict[str, Any]:
    """As a record holds it."""
    return {**{name: getattr(scan, name) for name in Scan.__slots__}, "at": time_text(scan.at)}


async def _compare(act: Acting, name: str, people: Mapping[Seat, str]) -> None:
    book, drawn = await book_of(act.tx, name)
    seen: dict[Seat, dict[str, Seen]] = {}
    for seat, person in people.items():
        found = await rows(act.tx, _sql.counts_of, stock_take=name, person=person)
        seen[seat] = last_seen(map(_scan, found))
    differences = compare(book, drawn, seen[Seat.KEEPER], seen[Seat.BOOKKEEPER])
    listed = [as_json(difference) for difference in differences]
    await act.tx.execute(_sql.add_differences, {"stock_take": name, "differences": Jsonb(listed)})
    await act.tx.execute(_sql.set_compared, {"stock_take": name, "index": act.next_index, "at": act.at})
    things = [name, *(difference.thing for difference in differences)]
    await act.record("stock_take_compared", {"stock_take": name, "differences": listed}, things)
    if differences:
        await raise_alarm(
            act.tx, act.appender, act.world, cause=DIFFERENCE, place=name, severity="major", at=act.at,
            detail={"stock_take": name, "differences": len(differences)},
        )  # fmt: skip


def as_json(difference: Difference) -> dict[str, Any]:
    """As a record tells it."""
    sides = {"expected": difference.expected, "keeper": difference.keeper, "bookkeeper": difference.bookkeeper}
    told = {name: None if seen is None else seen.as_json() for name, seen in sides.items()}
    return {"thing": difference.thing, "kind": difference.kind.value, **told}
