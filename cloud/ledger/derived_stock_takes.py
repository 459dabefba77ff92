"""What stock-takes lead to: the book as the log had it, the sample as the checkpoint draws it, the differences as the
counts lead to them, and whether those who judged had kept their hands off the counting.

The comparison is written here once more, apart from `custody.stock_taking.compare`, so that a fault in either shows.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from cloud.ledger.faults import LedgerFaultError
from custody.permits import parse_time
from custody.sampling import draw
from custody.stock_taking import INSIDE, Seen, population_hash

if TYPE_CHECKING:
    from cloud.ledger.derived import Derived, Told

SEATS = ("keeper", "bookkeeper")
BOOKS = "book of a stock-take"
COUNTS = "counts of a stock-take"
"""What is remembered of the log to judge later records by; no tables."""

Where = tuple[str | None, int | None] | None
"""Slot and pieces; None: not there."""


def _opened(derived: "Derived", told: "Told") -> set[str]:
    content, name = told.content, told.content["stock_take"]
    book = _book(derived, content["zone"])
    hashed = population_hash({thing: Seen(*lies) for thing, lies in book.items()})
    if not _blurred(derived, name) and (len(book), hashed) != (content["population"], content["population_hash"]):
        problem = f"a book of {content['population']} things, while the log leads to another of {len(book)}"
        raise LedgerFaultError("sample_differs", problem, told.index, f"stock_take {name}")
    everything = content["kind"] != "random"
    derived.table(BOOKS)[name] = {thing: list(lies) for thing, lies in book.items()}
    for thing, (slot, quantity) in book.items():
        derived.table("stock_take_line")[f"{name} {thing}"] = {"slot": slot, "quantity": quantity, "drawn": everything}
    same = ("kind", "zone", "cause", "population", "population_hash", "wanted", "keeper", "bookkeeper")
    derived.table("stock_take")[name] = {
        **{column: content[column] for column in same}, "opened_by": told.actor, "opened_at": parse_time(told.at),
        "index": told.index, "state": "counting" if everything else "open", "checkpoint_size": None,
        "checkpoint_root": None, "drawn_index": None, "keeper_index": None, "bookkeeper_index": None,
        "compared_index": None, "compared_at": None, "closed_index": None, "closed_at": None, "first_size": None,
        "first_root": None,
    }  # fmt: skip
    _apart(derived, told, name, content["keeper"], "opened_by", "bookkeeper")
    _apart(derived, told, name, content["bookkeeper"], "opened_by")
    return {name}


def _blurred(derived: "Derived", name: str) -> bool:
    """Whether contents were erased that the book, or what was told of this stock-take, hangs on."""
    kinds = ("I-", "P-", "S-", "Z-")
    return name in derived.unsure or any(one.partition("/")[2].startswith(kinds) for one in derived.unsure)


def _book(derived: "Derived", zone: str | None) -> dict[str, tuple[str | None, int | None]]:
    """Packages in the warehouse and items in no such package, with their slots; of one zone, where one is named."""
    packages, slots = derived.table("package"), derived.table("slot")
    inside = {state.value for state in INSIDE}
    there: dict[str, int | None] = {name: None for name, row in packages.items() if row["state"] in inside}
    for name, row in derived.table("item").items():
        if row["state"] in inside and row["package_id"] not in there:
            there[name] = row["quantity"]
    book = {}
    for thing, quantity in there.items():
        slot = derived.table("custody").get(thing, {}).get("slot")
        if zone is None or (slot is not None and slots.get(slot, {}).get("zone") == zone):
            book[thing] = (slot, quantity)
    return book


def _drawn(derived: "Derived", told: "Told") -> set[str]:
    content, name = told.content, told.content["stock_take"]
    row = derived.table("stock_take").get(name)
    if row is None:
        return {name}
    size, root = content["checkpoint_size"], bytes.fromhex(content["checkpoint_root"])
    sample = draw(list(derived.table(BOOKS)[name]), root, size, name, row["wanted"])
    if size <= row["index"] or size > told.index:
        problem = f"drawn by a checkpoint of {size} entries, which does not lie between opening and draw"
        raise LedgerFaultError("sample_differs", problem, told.index, f"stock_take {name}")
    if sample != content["sample"] and not _blurred(derived, name):
        problem = f"not the {len(sample)} things that its checkpoint draws"
        raise LedgerFaultError("sample_differs", problem, told.index, f"stock_take {name}")
    for thing in content["sample"]:
        line = derived.table("stock_take_line").get(f"{name} {thing}")
        if line is not None:
            line["drawn"] = True
    row.update(
        state="counting", checkpoint_size=size, checkpoint_root=root, drawn_index=told.index, first_size=size,
        first_root=root,
    )  # fmt: skip
    return {name}


def _joined(derived: "Derived", told: "Told") -> set[str]:
    name = told.content["stock_take"]
    row = derived.table("stock_take").get(name)
    if row is not None:
        _apart(derived, told, name, told.actor, "opened_by", *SEATS)
        row[told.content["seat"]] = told.actor
    return {name}


def _counted(derived: "Derived", told: "Told") -> set[str]:
    content, name, seat = told.content, told.content["stock_take"], told.content["seat"]
    row = derived.table("stock_take").get(name)
    if row is None:
        return {name}
    if row[seat] != told.actor:
        problem = f"the count of the {seat} is told by {told.actor}"
        raise LedgerFaultError("stock_take_not_allowed", problem, told.index, f"stock_take {name}")
    row[f"{seat}_index"] = told.index
    last: dict[str, tuple[str, str, dict[str, Any]]] = {}
    for scan in content["counts"]:
        derived.table("stock_take_count")[f"{name} {told.actor} {scan['key']}"] = {
            "scanned": scan["thing"], "slot": scan["slot"], "quantity": scan["quantity"],
            "taken_back": scan["taken_back"], "label_issue": scan["issue"], "at": parse_time(scan["at"]),
        }  # fmt: skip
        # A time is written in one way only, so texts sort as times do.
        last[scan["thing"]] = max(last.get(scan["thing"], ("", "", {})), (scan["at"], scan["key"], scan), key=_order)
    counted = {
        thing: [scan["slot"], scan["quantity"]] for thing, (_, _, scan) in last.items() if not scan["taken_back"]
    }
    derived.table(COUNTS).setdefault(name, {})[seat] = counted
    return {name}


def _order(one: tuple[str, str, dict[str, Any]]) -> tuple[str, str]:
    return one[:2]


def _compared(derived: "Derived", told: "Told") -> set[str]:
    content, name = told.content, told.content["stock_take"]
    row = derived.table("stock_take").get(name)
    said = {one["thing"]: one for one in content["differences"]}
    if row is not None:
        row.update(state="compared", compared_index=told.index, compared_at=parse_time(told.at))
        expected = {one["thing"]: one for one in _differences(derived, name)}
        wrong = sorted(thing for thing in said.keys() | expected.keys() if said.get(thing) != expected.get(thing))
        if wrong and not _blurred(derived, name):
            problem = f"told {said.get(wrong[0])}, while the counts lead to {expected.get(wrong[0])}"
            raise LedgerFaultError("count_differs", problem, told.index, f"difference {name} {wrong[0]}")
    for thing, one in said.items():
        derived.table("difference")[f"{name} {thing}"] = {
            **{column: one[column] for column in ("kind", "expected", *SEATS)}, "answer": None, "reference": None,
            "reason": None, "answered_by": None, "answered_at": None, "answered_index": None,
        }  # fmt: skip
    return {name, *said}


def _differences(derived: "Derived", name: str) -> Iterable[dict[str, Any]]:
    """What the two counts and the book lead to."""
    book, counts = derived.table(BOOKS)[name], derived.table(COUNTS).get(name, {})
    for thing in {*book, *(thing for seen in counts.values() for thing in seen)}:
        line = derived.table("stock_take_line").get(f"{name} {thing}", {"drawn": True})
        expected = _where(book.get(thing), None)
        by_seat = {}
        for seat in SEATS:
            seen = _where(counts.get(seat, {}).get(thing), expected)
            by_seat[seat] = expected if seen is None and not line["drawn"] else seen
        kind = _kind(expected, *by_seat.values())
        if kind is not None:
            sides = {"expected": expected, **by_seat}
            yield {"thing": thing, "kind": kind, **{side: _json(where) for side, where in sides.items()}}


def _where(told: list[Any] | None, expected: Where) -> Where:
    if told is None:
        return None
    slot, quantity = told
    return slot, expected[1] if quantity is None and expected is not None else quantity


def _json(where: Where) -> dict[str, Any] | None:
    return None if where is None else {"slot": where[0], "quantity": where[1]}


def _kind(expected: Where, keeper: Where, bookkeeper: Where) -> str | None:
    if keeper != bookkeeper:
        return "count_disagrees"
    if keeper is None:
        return None if expected is None else "missing"
    if expected is None:
        return "unexpected"
    if keeper[0] != expected[0]:
        return "wrong_slot"
    return None if keeper[1] == expected[1] else "miscounted"


def _answered(derived: "Derived", told: "Told") -> set[str]:
    content, name = told.content, told.content["stock_take"]
    _apart(derived, told, name, told.actor, *SEATS)
    row = derived.table("difference").get(f"{name} {content['thing']}")
    if row is not None:
        row.update(
            {column: content[column] for column in ("answer", "reference", "reason")}, answered_by=told.actor,
            answered_at=parse_time(told.at), answered_index=told.index,
        )  # fmt: skip
    return {name, content["thing"]}


def _closed(derived: "Derived", told: "Told") -> set[str]:
    name = told.content["stock_take"]
    row = derived.table("stock_take").get(name)
    if row is None:
        return {name}
    _apart(derived, told, name, told.actor, *SEATS)
    open_ones = [key for key, one in derived.table("difference").items() if key.startswith(f"{name} ")
                 and one["answer"] is None]  # fmt: skip
    if open_ones and not _blurred(derived, name):
        problem = "closed with a difference that nobody answered"
        raise LedgerFaultError("stock_take_not_allowed", problem, told.index, f"difference {open_ones[0]}")
    row.update(state="closed", closed_index=told.index, closed_at=parse_time(told.at))
    return {name}


def _apart(derived: "Derived", told: "Told", name: str, person: str | None, *columns: str) -> None:
    """Nobody who is in one of `columns` may be `person` too."""
    row = derived.table("stock_take").get(name)
    for column in columns:
        if row is not None and person is not None and row[column] == person:
            problem = f"{told.kind} names {person}, who is told to be {column} already"
            raise LedgerFaultError("stock_take_not_allowed", problem, told.index, f"stock_take {name}")


TAKE: dict[str, Callable[["Derived", "Told"], set[str] | None]] = {
    "stock_take_opened": _opened,
    "stock_take_drawn": _drawn,
    "stock_take_joined": _joined,
    "stock_take_counted": _counted,
    "stock_take_compared": _compared,
    "difference_answered": _answered,
    "stock_take_closed": _closed,
}
"""Record → what it leads to."""
