"""Stock-taking (盘库, J29): what is counted, what the book says, and where the two differ. Pure.

Two people count blind; what each saw is held against the book and against the other. A difference is a case to be
answered: nothing here, nor by what calls it, changes where a thing is.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from custody.things import State
from proof.canonical import canonical

INSIDE = frozenset({
    State.ARRIVED, State.STORED, State.OPENED, State.RELEASE_APPROVED, State.RETURNED, State.DISPOSAL_APPROVED,
})  # fmt: skip
"""States of what must be in the warehouse, and so can be counted there."""

_POPULATION = "sealtrail/population/1\n"
_COUNTS = b"sealtrail/counts/1\0"


class StockTakeKind(StrEnum):
    """What a stock-take covers."""

    FULL = "full"
    ZONE = "zone"
    RANDOM = "random"


class Seat(StrEnum):
    """The two who count, and never one person in both."""

    KEEPER = "keeper"
    BOOKKEEPER = "bookkeeper"


class DifferenceKind(StrEnum):
    """How count and book differ."""

    MISSING = "missing"
    UNEXPECTED = "unexpected"
    WRONG_SLOT = "wrong_slot"
    MISCOUNTED = "miscounted"
    COUNT_DISAGREES = "count_disagrees"


class AnswerKind(StrEnum):
    """How a difference may be answered: each points at something that can be looked up."""

    FOUND = "found"
    MISSING = "missing"
    CORRECTED = "corrected"
    RECOUNT = "recount"


@dataclass(frozen=True, slots=True)
class Seen:
    """Where a thing lies (None: in the warehouse, in no slot), and how many; None where nobody counts pieces."""

    slot: str | None
    quantity: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Its members, as a record holds them."""
        return {"slot": self.slot, "quantity": self.quantity}


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan by a counter; `key` was made by the phone, so that a batch can be sent again."""

    key: str
    thing: str
    slot: str | None
    quantity: int | None
    taken_back: bool
    issue: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a thing is not as the book has it, or the two counters do not agree. None: not expected, not seen."""

    thing: str
    kind: DifferenceKind
    expected: Seen | None
    keeper: Seen | None
    bookkeeper: Seen | None


def population_hash(book: Mapping[str, Seen]) -> str:
    """Hex SHA-256 over "sealtrail/population/1" LF, and for each thing, by id: id TAB slot TAB quantity LF.

    A slot or quantity that is not there is empty; ids hold neither TAB nor LF.
    """
    lines = [f"{thing}\t{seen.slot or ''}\t{_number(seen.quantity)}\n" for thing, seen in sorted(book.items(), key=_id)]
    return hashlib.sha256((_POPULATION + "".join(lines)).encode()).hexdigest()


def _id(line: tuple[str, Seen]) -> str:
    return line[0]


def _number(quantity: int | None) -> str:
    return "" if quantity is None else str(quantity)


def counts_hash(counts: list[dict[str, Any]]) -> str:
    """Hex SHA-256 over "sealtrail/counts/1" 0x00 and the canonical list of a counter's scans, by key."""
    return hashlib.sha256(_COUNTS + canonical(counts)).hexdigest()


def last_seen(scans: Iterable[Scan]) -> dict[str, Seen]:
    """What a counter saw: of each thing the scan that is last by (time, key), unless that one takes it back.

    The order in which scans came in means nothing: a phone without network sends them when it can.
    """
    newest: dict[str, Scan] = {}
    for scan in scans:
        known = newest.get(scan.thing)
        if known is None or (known.at, known.key) < (scan.at, scan.key):
            newest[scan.thing] = scan
    return {thing: Seen(scan.slot, scan.quantity) for thing, scan in newest.items() if not scan.taken_back}


def compare(
    book: Mapping[str, Seen], drawn: Iterable[str], keeper: Mapping[str, Seen], bookkeeper: Mapping[str, Seen]
) -> list[Difference]:
    """The differences, by thing. `book` is all that was there, `drawn` what of it had to be counted.

    What was not drawn need not be seen; seen elsewhere than in the book it is a difference all the same.
    A counter who gave no quantity saw as many as the book says.
    """
    must = set(drawn)
    found = []
    for thing in sorted(must | keeper.keys() | bookkeeper.keys()):
        want = book.get(thing)
        one, other = _as_told(keeper.get(thing), want), _as_told(bookkeeper.get(thing), want)
        if want is not None and thing not in must:
            one, other = one or want, other or want
        kind = _kind(want, one, other)
        if kind is not None:
            found.append(Difference(thing, kind, want, one, other))
    return found


def _as_told(seen: Seen | None, want: Seen | None) -> Seen | None:
    if seen is None or want is None or seen.quantity is not None:
        return seen
    return Seen(seen.slot, want.quantity)


def _kind(want: Seen | None, one: Seen | None, other: Seen | None) -> DifferenceKind | None:
    if one != other:
        return DifferenceKind.COUNT_DISAGREES
    if one == want:
        return None
    if want is None:
        return DifferenceKind.UNEXPECTED
    if one is None:
        return DifferenceKind.MISSING
    return DifferenceKind.WRONG_SLOT if one.slot != want.slot else DifferenceKind.MISCOUNTED
