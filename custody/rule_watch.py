"""What a rule of alarms makes of what happens at one place: an alarm, its end, or nothing yet. Pure.

What it has to remember is a Watch, which can be written down after any event and taken up again: a restart changes no
outcome. `due` says when time alone may change something; the caller then rings before anything that arrived later.
"""

import math
from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import Any

from custody.alarm_rules import AlarmRule, Event, When

MOST_MARKS = 500
"""Values, or times, kept of one window; the newest."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)


class Verdict(Enum):
    """What a watch has come to."""

    RAISE = auto()
    CLEAR = auto()


Verdicts = tuple[Verdict, ...]


@dataclass(slots=True)
class Watch:
    """What is remembered of one rule at one place. Times are µs since 1970; all of it is plain JSON but `due`.

    `times`, `then` and `unless` are of events in the window, `marks` times and values in it; `since` when a threshold
    was crossed; `living` while what the alarm is about goes on.
    """

    times: list[int] = field(default_factory=list)
    then: list[int] = field(default_factory=list)
    unless: list[int] = field(default_factory=list)
    marks: list[tuple[int, float]] = field(default_factory=list)
    since: int | None = None
    living: bool = False
    grouped: bool = False
    """Whether its alarm is told with others as one; kept for whoever tells."""
    due: datetime | None = None

    @property
    def idle(self) -> bool:
        """Whether there is nothing to remember."""
        return not self.living and self.due is None

    def rest(self) -> None:
        """Forgets everything that leads to an alarm."""
        self.times, self.then, self.unless, self.marks, self.since = [], [], [], [], None


def take(rule: AlarmRule, watch: Watch, event: Event) -> Verdicts:
    """What `event`, which happened at the watch's place, leads to, in its order."""
    if rule.until is not None and event in rule.until:
        return _end(watch)
    return _TAKE[rule.when](rule, watch, event)


def ring(rule: AlarmRule, watch: Watch, now: datetime) -> Verdicts:
    """What it leads to that `watch.due` has come."""
    if watch.due is None or now < watch.due:
        return ()
    watch.due = None
    if rule.when is When.ABSENCE or (rule.when is When.THRESHOLD and watch.since is not None and not watch.living):
        watch.living = True
        return (Verdict.RAISE,)
    if rule.quiet is not None and watch.living:
        return _end(watch)
    if rule.when is not When.THRESHOLD:
        watch.rest()
    return ()


def dismiss(rule: AlarmRule, watch: Watch) -> None:
    """Somebody ended the alarm: what was counted for it counts no more. What still goes on raises no other one."""
    if rule.when in (When.EVENT, When.COUNT, When.SEQUENCE):
        watch.rest()
        watch.living, watch.grouped, watch.due = False, False, None


def _end(watch: Watch) -> Verdicts:
    was, watch.living, watch.due = watch.living, False, None
    watch.rest()
    return (Verdict.CLEAR,) if was else ()


def _us(at: datetime) -> int:
    return (at - _EPOCH) // _US


def _raise(rule: AlarmRule, watch: Watch, event: Event) -> Verdicts:
    watch.living = True
    watch.due = event.arrived + rule.quiet if rule.quiet else None
    return (Verdict.RAISE,)


def _event(rule: AlarmRule, watch: Watch, event: Event) -> Verdicts:
    return _raise(rule, watch, event) if event in rule.sees else ()


def _keep(times: list[int], at: int, within: timedelta) -> list[int]:
    """The times with one more, in order, as far as they are in a window that ends with the newest.

    A device's facts come in their order: one that is older than the window is by a clock that was set back.
    """
    if times and times[-1] - at > within // _US:
        return [at]
    insort(times, at)
    return [each for each in times if times[-1] - each <= within // _US][-MOST_MARKS:]


def _count(rule: AlarmRule, watch: Watch, event: Event) -> Verdicts:
    if event not in rule.sees:
        return ()
    if watch.living:  # one more of the same
        return _raise(rule, watch, event)
    watch.times = _keep(watch.times, _us(event.at), rule.within)[-rule.times :]
    if len(watch.times) < rule.times:
        watch.due = event.arrived + rule.within
        return ()
    watch.rest()
    return _raise(rule, watch, event)


def _sequence(rule: AlarmRule, watch: Watch, event: Event) -> Verdicts:
    at, mine = _us(event.at), False
    for pattern, name in ((rule.sees, "times"), (rule.then, "then"), (rule.unless, "unless")):
        if pattern is not None and event in pattern:
            setattr(watch, name, _keep(getattr(watch, name), at, 2 * rule.within))
            mine = True
    if not mine:
        return ()
    for first in watch.times:
        for then in watch.then:
            between = any(first <= one <= then for one in watch.unless)
            if 0 <= then - first <= rule.within // _US and not between:
                watch.times.remove(first)
                watch.then.remove(then)
                return _raise(rule, watch, event)
    if not watch.living:
        watch.due = event.arrived + 2 * rule.within
    return ()


def _absence(rule: AlarmRule, watch: Watch, event: Event) -> Verdicts:
    if event in rule.sees:
        verdict = _end(watch)
        watch.due = None if rule.after else event.arrived + rule.lasts
        return verdict
    if rule.after is not None and event in rule.after and watch.due is None and not watch.living:
        watch.due = event.arrived + rule.lasts
    return ()


def _value(rule: AlarmRule, event: Event) -> float | None:
    value = event.told.get(rule.field)
    fit = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return value if fit else None


def _threshold(rule: AlarmRule, watch: Watch, event: Event) -> Verdicts:
    value = _value(rule, event)
    if event not in rule.sees or value is None:
        return ()
    if rule.at_least is not None:
        beyond, over = value >= rule.at_least, value < (rule.at_least if rule.over is None else rule.over)
    else:
        limit = rule.at_most if rule.at_most is not None else -math.inf
        beyond, over = value <= limit, value > (limit if rule.over is None else rule.over)
    if beyond and not watch.living:
        at = _us(event.at)
        watch.since, watch.marks = at if watch.since is None else watch.since, [(at, value)]
        if at - watch.since >= rule.lasts // _US:
            watch.living, watch.due = True, None
            return (Verdict.RAISE,)
        if watch.due is None:
            watch.due = event.arrived + rule.lasts
    elif not beyond and not watch.living:
        # It was told late: by its device's times it lasted, and nobody was there to ring.
        watch.living = watch.since is not None and _us(event.at) - watch.since >= rule.lasts // _US > 0
        told: Verdicts = (Verdict.RAISE,) if watch.living else ()
        if over or not told:
            told += _end(watch)
        return told
    elif over:
        return _end(watch)
    return ()


def _rate(rule: AlarmRule, watch: Watch, event: Event) -> Verdicts:
    value = _value(rule, event)
    if event not in rule.sees or value is None:
        return ()
    at = _us(event.at)
    marks = [(then, each) for then, each in watch.marks if abs(at - then) <= rule.within // _US]
    watch.marks = [*marks, (at, value)][-MOST_MARKS:]
    changed = max(abs(value - each) for _, each in watch.marks)
    if not watch.living and changed >= rule.change:
        watch.living = True
        return (Verdict.RAISE,)
    if watch.living and changed < (rule.change if rule.over is None else rule.over):
        watch.living = False
        return (Verdict.CLEAR,)
    if not watch.living:
        watch.due = event.arrived + rule.within
    return ()


_TAKE: dict[When, Callable[[AlarmRule, Watch, Event], Verdicts]] = {
    When.EVENT: _event, When.COUNT: _count, When.SEQUENCE: _sequence, When.ABSENCE: _absence,
    When.THRESHOLD: _threshold, When.RATE: _rate,
}  # fmt: skip


def written(watch: Watch) -> dict[str, Any]:
    """The watch as plain JSON, without what is empty; `due` is written beside it."""
    told = {name: getattr(watch, name) for name in ("times", "then", "unless", "marks", "since", "living", "grouped")}
    return {name: value for name, value in told.items() if value not in ([], None, False)}


def read(told: dict[str, Any], due: datetime | None) -> Watch:
    """The watch that was written so."""
    marks = [(int(at), float(value)) for at, value in told.get("marks", ())]
    return Watch(**{**told, "marks": marks}, due=due)
