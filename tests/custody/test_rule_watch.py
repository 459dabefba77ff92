"""What a rule makes of what happens: when an alarm begins and is over, also by silence, also after a restart."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.alarm_rules import AlarmRule, Event
from custody.rule_watch import MOST_MARKS, Verdict, Watch, dismiss, read, ring, take, written
from tests.custody.test_alarm_rules import NAME, NOON, rules

RAISE, CLEAR = Verdict.RAISE, Verdict.CLEAR


def rule(when: str, kind: str = "seen", **told: Any) -> AlarmRule:
    """A rule about events of `kind`."""
    common = {"name": NAME, "severity": "major", "by": ["agent"], "sees": {"kind": kind}}
    return rules(one={**common, "when": when, **told}).all["one"]


HOT = rule("threshold", field="value", at_least=90, over=85)
SLOW = rule("threshold", field="value", at_least=90, over=85, for_s=60)
THRICE = rule("count", times=3, within_s=60, quiet_s=120)
CUT = rule("sequence", then={"kind": "then"}, unless={"kind": "unless"}, within_s=60)
SILENT = rule("absence", for_s=60)
AFTER = rule("absence", for_s=60, after={"kind": "then"})
JUMP = rule("rate", field="value", change=8, over=4, within_s=60)
EACH = rule("event", until={"kind": "then"})


class Place:
    """One place that a rule watches; `heard` is all that came of it, with the second."""

    def __init__(self, watched: AlarmRule, *, restarts: bool = False) -> None:
        self.rule, self.watch, self.restarts = watched, Watch(), restarts
        self.heard: list[tuple[Verdict, int]] = []

    def to(self, second: int) -> "Place":
        """Time passes until then."""
        while self.watch.due is not None and self.watch.due <= NOON + timedelta(seconds=second):
            at = self.watch.due
            self._note(ring(self.rule, self.watch, at), at)
        return self

    def see(self, second: int, kind: str = "seen", device: int | None = None, **told: Any) -> "Place":
        """An event comes at `second`; by its device's clock it was at `device`."""
        self.to(second)
        arrived = NOON + timedelta(seconds=second)
        at = arrived if device is None else NOON + timedelta(seconds=device)
        self._note(take(self.rule, self.watch, Event(kind, at, arrived, {"agent": "a", **told})), arrived)
        if self.restarts:
            self.watch = read(json.loads(json.dumps(written(self.watch))), self.watch.due)
        return self

    def values(self, *values: float, every: int = 1) -> "Place":
        """One reading a second, or every so many."""
        for number, value in enumerate(values):
            self.see(number * every, value=value)
        return self

    def _note(self, verdicts: tuple[Verdict, ...], at: datetime) -> None:
        self.heard += [(verdict, (at - NOON) // timedelta(seconds=1)) for verdict in verdicts]


def test_a_threshold_counts_from_exactly_its_value_and_is_over_below_another() -> None:
    assert Place(HOT).values(89.9, 89.999).heard == []
    assert Place(HOT).values(90.0).heard == [(RAISE, 0)]
    assert Place(HOT).values(90, 99.9, 100.0, 89.9, 85.0, 84.9, 89.9, 90).heard == [(RAISE, 0), (CLEAR, 5), (RAISE, 7)]


def test_a_threshold_from_above() -> None:
    cold = rule("threshold", field="value", at_most=0, over=2)
    assert Place(cold).values(0.1, 0.0, 2.0, 2.1).heard == [(RAISE, 1), (CLEAR, 3)]


def test_a_threshold_that_has_to_last_is_told_when_it_has_also_when_nothing_more_is_measured() -> None:
    assert Place(SLOW).see(0, value=95).to(59).heard == []
    assert Place(SLOW).see(0, value=95).to(60).heard == [(RAISE, 60)]
    assert Place(SLOW).see(0, value=95).see(30, value=89).see(31, value=95).to(90).heard == []
    assert Place(SLOW).values(95, 96, 97, every=30).to(1000).heard == [(RAISE, 60)]


def test_what_lasted_is_told_also_when_all_of_it_comes_at_once_and_late() -> None:
    late = Place(SLOW).see(5000, device=0, value=95).see(5001, device=60, value=80)
    assert late.heard == [(RAISE, 5001), (CLEAR, 5001)]
    assert late.watch.idle
    assert Place(SLOW).see(5000, device=0, value=95).see(5001, device=59, value=80).to(9000).heard == []
    between = Place(SLOW).see(5000, device=0, value=95).see(5001, device=60, value=87)
    assert between.see(5002, device=61, value=80).heard == [(RAISE, 5001), (CLEAR, 5002)]


@pytest.mark.parametrize("value", [None, "95", True, float("nan"), float("inf")])
def test_what_is_no_number_says_nothing(value: Any) -> None:
    assert Place(HOT).see(0, value=value).see(1).heard == []


def test_so_many_within_the_window_and_over_after_quiet() -> None:
    assert Place(THRICE).see(0).see(30).see(61).heard == []
    place = Place(THRICE).see(0).see(30).see(60)
    assert place.heard == [(RAISE, 60)]
    assert place.see(100).heard[1:] == [(RAISE, 100)]  # one more of the same
    assert place.to(219).heard[2:] == []
    assert place.to(220).heard[2:] == [(CLEAR, 220)]
    assert place.see(230).see(231).heard[3:] == []
    assert place.see(232).heard[3:] == [(RAISE, 232)]


def test_what_was_counted_is_forgotten_when_somebody_ended_the_alarm() -> None:
    place = Place(THRICE).see(0).see(1).see(2)
    dismiss(THRICE, place.watch)
    assert place.watch.idle
    assert place.see(3).see(4).heard == [(RAISE, 2)]
    still = Place(HOT).values(95)
    dismiss(HOT, still.watch)
    assert still.see(5, value=96).heard == [(RAISE, 0)]  # it goes on: no other alarm
    assert still.see(6, value=80).see(7, value=95).heard[1:] == [(CLEAR, 6), (RAISE, 7)]


def test_windows_are_filled_by_the_times_of_devices_however_late_they_come() -> None:
    assert Place(THRICE).see(1000, device=0).see(1001, device=30).see(1002, device=60).heard == [(RAISE, 1002)]
    assert Place(THRICE).see(0, device=0).see(1, device=100).see(2, device=200).heard == []
    assert Place(THRICE).see(0, device=50).see(1, device=30).see(2, device=40).heard == [(RAISE, 2)]


def test_a_clock_that_was_an_hour_ahead_blinds_no_rule() -> None:
    assert Place(THRICE).see(0, device=3600).see(1, device=1).see(2, device=2).see(3, device=3).heard == [(RAISE, 3)]
    assert Place(HOT).see(0, device=3600, value=95).see(1, device=1, value=80).heard == [(RAISE, 0), (CLEAR, 1)]


def test_one_after_the_other_and_nothing_between() -> None:
    assert Place(CUT).see(0).see(60, "then").heard == [(RAISE, 60)]
    assert Place(CUT).see(0).see(61, "then").heard == []
    assert Place(CUT).see(0, "then").see(1).heard == []
    assert Place(CUT).see(0).see(1, "unless").see(2, "then").heard == []
    assert Place(CUT).see(0, "unless").see(1).see(2, "then").heard == [(RAISE, 2)]
    assert Place(CUT).see(10, "then", device=10).see(11, device=5).heard == [(RAISE, 11)]  # told in the other order
    assert Place(CUT).see(0).see(1, "then").see(2, "then").heard == [(RAISE, 1)]  # each counts once


def test_silence_is_told_and_the_next_word_ends_it() -> None:
    assert Place(SILENT).to(1000).heard == []  # nothing was ever heard from there
    assert Place(SILENT).see(0).see(59).to(118).heard == []
    assert Place(SILENT).see(0).to(60).see(100).to(159).heard == [(RAISE, 60), (CLEAR, 100)]


def test_silence_after_something() -> None:
    assert Place(AFTER).see(0).to(1000).heard == []
    assert Place(AFTER).see(0, "then").see(30).to(1000).heard == []
    assert Place(AFTER).see(0, "then").see(30, "then").to(1000).see(1001).heard == [(RAISE, 60), (CLEAR, 1001)]


def test_a_change_counts_up_and_down_within_its_window() -> None:
    assert Place(JUMP).values(20, 24, 27.9, every=10).heard == []
    assert Place(JUMP).values(20, 24, 28, every=10).heard == [(RAISE, 20)]
    assert Place(JUMP).values(20, 12, every=10).heard == [(RAISE, 10)]
    assert Place(JUMP).values(20, 28, every=61).heard == []
    assert Place(JUMP).values(20, 28, 28, 28, every=31).heard == [(RAISE, 31), (CLEAR, 62)]


def test_each_event_and_what_ends_it() -> None:
    place = Place(EACH).see(0).see(1).see(2, "then").see(3, "then").see(4)
    assert place.heard == [(RAISE, 0), (RAISE, 1), (CLEAR, 2), (RAISE, 4)]


def test_what_is_remembered_is_bounded() -> None:
    place = Place(rule("rate", field="value", change=10_000, within_s=86_400))
    place.values(*range(MOST_MARKS + 100))
    assert len(place.watch.marks) == MOST_MARKS
    many = Place(rule("sequence", then={"kind": "then"}, within_s=86_400))
    for second in range(MOST_MARKS + 100):
        many.see(second)
    assert len(many.watch.times) == MOST_MARKS


def test_nothing_is_remembered_once_a_window_is_over() -> None:
    for watched in (THRICE, CUT, JUMP):
        place = Place(watched).see(0, value=1)
        assert not place.watch.idle
        assert place.to(1000).watch == Watch()


EVENTS = st.lists(
    st.tuples(
        st.integers(0, 50), st.sampled_from(["seen", "then", "unless"]), st.integers(-70, 70),
        st.sampled_from([80, 88, 95]),
    ),
    max_size=30,
)  # fmt: skip


@given(EVENTS, st.sampled_from([HOT, SLOW, THRICE, CUT, SILENT, AFTER, JUMP, EACH]))
def test_a_restart_after_any_event_changes_no_outcome(events: list[tuple[int, str, int, int]], one: AlarmRule) -> None:
    through, anew, second = Place(one), Place(one, restarts=True), 0
    for pause, kind, skew, value in events:
        second += pause
        for place in (through, anew):
            place.see(second, kind, device=second + skew, value=value)
    assert through.to(second + 1000).heard == anew.to(second + 1000).heard
    assert through.watch == anew.watch


@given(EVENTS, st.sampled_from([HOT, SLOW, THRICE, CUT, SILENT, AFTER, JUMP, EACH]))
def test_an_alarm_is_over_only_when_it_lives(events: list[tuple[int, str, int, int]], one: AlarmRule) -> None:
    place, second, living = Place(one), 0, False
    for pause, kind, skew, value in events:
        second += pause
        place.see(second, kind, device=second + skew, value=value)
    for verdict, _ in place.to(second + 1000).heard:
        assert verdict is RAISE or living
        living = verdict is RAISE
