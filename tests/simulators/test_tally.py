"""The count at the end finds what is lost, doubled, invented or out of order; otherwise it would prove nothing."""

import pytest

from simulators.tally import Tally, percentiles, tally

FACTS = [(1, "aa"), (2, "bb"), (3, "cc")]


@pytest.mark.parametrize(
    ("in_ledger", "expected"),
    [
        (FACTS, Tally(3, 3, 0, 0, 0, True)),
        (FACTS[:2], Tally(3, 2, 1, 0, 0, True)),
        ([*FACTS, (3, "cc")], Tally(3, 4, 0, 1, 0, True)),
        ([(1, "aa"), (2, "xx"), (3, "cc")], Tally(3, 3, 1, 0, 1, True)),
        ([(2, "bb"), (1, "aa"), (3, "cc")], Tally(3, 3, 0, 0, 0, False)),
    ],
)
def test_what_is_missing_doubled_changed_or_out_of_order_is_found(
    in_ledger: list[tuple[int, str]], expected: Tally
) -> None:
    assert tally(FACTS, in_ledger) == expected


def test_facts_recorded_after_the_journal_was_read_do_not_count() -> None:
    assert tally(FACTS, [*FACTS, (4, "dd")]) == Tally(3, 3, 0, 0, 0, True)


def test_a_pruned_journal_is_compared_from_its_oldest_fact_on() -> None:
    assert tally(FACTS[1:], FACTS) == Tally(2, 2, 0, 0, 0, True)


def test_percentiles_are_ranks_not_means() -> None:
    assert percentiles([float(n) for n in range(1, 101)]) == {"p50": 50.0, "p99": 99.0}
    assert percentiles([7.0]) == {"p50": 7.0, "p99": 7.0}
