from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.stock_taking import DifferenceKind, Scan, Seen, compare, counts_hash, last_seen, population_hash

A, B = Seen("nj01/S-A", 5), Seen("nj01/S-B", 5)
UNCOUNTED = Seen("nj01/S-A", None)
FEWER = Seen("nj01/S-A", 4)
START = datetime(2026, 11, 22, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("book", "keeper", "bookkeeper", "kind"),
    [
        (A, A, A, None),
        (A, UNCOUNTED, UNCOUNTED, None),
        (A, UNCOUNTED, A, None),
        (A, None, None, DifferenceKind.MISSING),
        (None, A, A, DifferenceKind.UNEXPECTED),
        (A, B, B, DifferenceKind.WRONG_SLOT),
        (A, Seen(None, 5), Seen(None), DifferenceKind.WRONG_SLOT),
        (A, FEWER, FEWER, DifferenceKind.MISCOUNTED),
        (A, A, None, DifferenceKind.COUNT_DISAGREES),
        (A, None, A, DifferenceKind.COUNT_DISAGREES),
        (A, A, B, DifferenceKind.COUNT_DISAGREES),
        (A, UNCOUNTED, FEWER, DifferenceKind.COUNT_DISAGREES),
        (None, A, None, DifferenceKind.COUNT_DISAGREES),
    ],
)
def test_how_count_and_book_differ(
    book: Seen | None, keeper: Seen | None, bookkeeper: Seen | None, kind: DifferenceKind | None
) -> None:
    def one(seen: Seen | None) -> dict[str, Seen]:
        return {} if seen is None else {"t": seen}

    found = compare(one(book), one(book), one(keeper), one(bookkeeper))
    assert [difference.kind for difference in found] == ([] if kind is None else [kind])


def test_what_was_not_drawn_need_not_be_seen_but_must_not_lie_elsewhere() -> None:
    book = {"drawn": A, "other": A}
    assert compare(book, ["drawn"], {"drawn": A}, {"drawn": A}) == []
    assert compare(book, ["drawn"], {"drawn": A, "other": A}, {"drawn": A}) == []
    (found,) = compare(book, ["drawn"], {"drawn": A, "other": B}, {"drawn": A, "other": B})
    assert (found.thing, found.kind) == ("other", DifferenceKind.WRONG_SLOT)
    (found,) = compare(book, ["drawn"], {"drawn": A, "other": B}, {"drawn": A})
    assert (found.thing, found.kind) == ("other", DifferenceKind.COUNT_DISAGREES)


def scan(key: str, minute: int, slot: str | None = None, taken_back: bool = False) -> Scan:
    return Scan(key, "t", slot, None, taken_back, 1, START + timedelta(minutes=minute))


def test_the_last_scan_of_a_thing_counts_whenever_it_came_in() -> None:
    early, late, back = scan("k2", 1, "a"), scan("k1", 2, "b"), scan("k3", 3, taken_back=True)
    assert last_seen([late, early]) == last_seen([early, late]) == {"t": Seen("b")}
    assert last_seen([back, early, late]) == {}
    assert last_seen([scan("k1", 1, "a"), scan("k2", 1, "b")]) == {"t": Seen("b")}


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 5), st.booleans()), max_size=12), st.randoms())
def test_scans_may_come_in_any_order(told: list[tuple[str, int, bool]], chance: Random) -> None:
    scans = [scan(f"k{number}", minute, slot, back) for number, (slot, minute, back) in enumerate(told)]
    shuffled = [*scans]
    chance.shuffle(shuffled)
    assert last_seen(shuffled) == last_seen(scans)


def test_hashes_are_of_what_is_there_and_not_of_its_order() -> None:
    assert population_hash({"a": A, "b": B}) == population_hash({"b": B, "a": A})
    assert population_hash({"a": A, "b": B}) != population_hash({"a": B, "b": A})
    assert counts_hash([{"key": "k"}]) != counts_hash([])
