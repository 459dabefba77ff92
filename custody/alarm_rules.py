"""Rules of alarms as data: the pack's section `alarm_rules`, read and checked. Pure; what they do is in rule_watch.py.

A rule looks at facts and records by their kind and by what they say, each place by itself: `by` is which of what they
say names the place. Windows are filled by the times of devices; silence is measured by the cloud's clock.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from custody.alarms import SEVERITIES
from custody.errors import Fault, Path
from custody.rule_pack import RulePack
from custody.words import Word, bilingual
from proof.canonical import canonical

SECTION, PREFIX = "alarm_rules", "rule."
"""The cause of an alarm by rule `x` is `rule.x`."""
MOST_RULES, MOST_TIMES = 5_000, 100
LONGEST_S = 31 * 86_400
MOST_LIVING = 50
"""Alarms of one rule that live at a site; further ones are one alarm of the whole site together."""
TELLING = ("slot", "zone", "device", "station", "agent")
"""What tells most events apart, first."""


class When(Word):
    """What has to be for an alarm."""

    EVENT = "event"  # each `sees`; over by `until`, or after `quiet_s` without another
    COUNT = "count"  # `times` of `sees` within `within_s`; over as above
    SEQUENCE = "sequence"  # `sees`, then `then` within `within_s`, and no `unless` between
    ABSENCE = "absence"  # no `sees` for `for_s` after the one before, or after `after`; over by the next
    THRESHOLD = "threshold"  # `field` of `sees` is `at_least` or `at_most` for `for_s`; over by `over`
    RATE = "rate"  # `field` rises or falls by `change` within `within_s`; over below `over`


_NEEDS: Mapping[When, frozenset[str]] = {
    When.EVENT: frozenset(),
    When.COUNT: frozenset({"times", "within_s"}),
    When.SEQUENCE: frozenset({"then", "within_s"}),
    When.ABSENCE: frozenset({"for_s"}),
    When.THRESHOLD: frozenset({"field"}),
    When.RATE: frozenset({"field", "change", "within_s"}),
}
_MAY: Mapping[When, frozenset[str]] = {
    When.EVENT: frozenset({"until", "quiet_s"}),
    When.COUNT: frozenset({"until", "quiet_s"}),
    When.SEQUENCE: frozenset({"unless", "until", "quiet_s"}),
    When.ABSENCE: frozenset({"after"}),
    When.THRESHOLD: frozenset({"at_least", "at_most", "over", "for_s"}),
    When.RATE: frozenset({"over"}),
}
_ALWAYS = frozenset({"name", "severity", "when", "sees", "by"})


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours of work: `days` are ISO weekdays, 1 is Monday; where `end` is before `begin` they go over midnight."""

    days: frozenset[int]
    begin: time
    end: time
    zone: ZoneInfo

    def __contains__(self, at: object) -> bool:
        if not isinstance(at, datetime):
            return False
        there = at.astimezone(self.zone)
        clock = there.time()
        if self.begin <= self.end:
            return there.isoweekday() in self.days and self.begin <= clock < self.end
        if clock >= self.begin:
            return there.isoweekday() in self.days
        return clock < self.end and (there - timedelta(days=1)).isoweekday() in self.days


@dataclass(frozen=True, slots=True)
class Event:
    """A fact or a record. `at` by its device, `arrived` by the cloud; `told` is its body with its agent and device."""

    kind: str
    at: datetime
    arrived: datetime
    told: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pattern:
    """Which events are meant: any of `kinds` that say one of the values in each of `says`, outside of `outside`."""

    kinds: frozenset[str]
    says: Mapping[str, frozenset[Any]]
    outside: Hours | None = None

    def __contains__(self, event: object) -> bool:
        return (
            isinstance(event, Event)
            and event.kind in self.kinds
            and all(_is_in(event.told.get(name), values) for name, values in self.says.items())
            and (self.outside is None or event.at not in self.outside)
        )


def _is_in(value: Any, values: frozenset[Any]) -> bool:
    """Lists and objects are no value that a rule can name."""
    return isinstance(value, str | int | float | None) and value in values


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRule:
    """One rule. `hash` is that of its text: what was seen under another text counts no more."""

    code: str
    name: Mapping[str, str]
    severity: str
    when: When
    sees: Pattern
    by: tuple[str, ...]
    hash: str
    then: Pattern | None = None
    unless: Pattern | None = None
    until: Pattern | None = None
    after: Pattern | None = None
    within: timedelta = timedelta(0)
    lasts: timedelta = timedelta(0)
    quiet: timedelta | None = None
    times: int = 1
    field: str = ""
    at_least: float | None = None
    at_most: float | None = None
    change: float = 0
    over: float | None = None

    @property
    def cause(self) -> str:
        """The cause of its alarms."""
        return PREFIX + self.code

    @property
    def patterns(self) -> Iterator[Pattern]:
        """All that it looks at."""
        return (each for each in (self.sees, self.then, self.unless, self.until, self.after) if each is not None)

    def place_of(self, event: Event) -> str | None:
        """Where `event` is, as this rule has it; None where it does not say."""
        parts = [event.told.get(name) for name in self.by]
        return None if any(part is None for part in parts) else ":".join(map(str, parts))


@dataclass(slots=True)
class Rules:
    """The rules of a pack, found by the events that concern them: the others cost nothing."""

    all: Mapping[str, AlarmRule]
    _found: dict[str, dict[str, dict[Any, dict[str, AlarmRule]]]] = field(default_factory=dict)
    """By kind, by what has to be said, by its value, by code."""

    def __post_init__(self) -> None:
        for rule in self.all.values():
            for pattern in rule.patterns:
                name = next((name for name in TELLING if name in pattern.says), min(pattern.says, default=""))
                for kind in pattern.kinds:
                    values = self._found.setdefault(kind, {}).setdefault(name, {})
                    for value in pattern.says.get(name, (None,)):
                        values.setdefault(value, {})[rule.code] = rule

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of events that concern any of them."""
        return frozenset(self._found)

    def concerned(self, event: Event) -> Iterable[AlarmRule]:
        """The rules that may look at `event`, each once."""
        rules: dict[str, AlarmRule] = {}
        for name, values in self._found.get(event.kind, {}).items():
            value = event.told.get(name)
            if isinstance(value, str | int | float | None):
                rules |= values.get(value, {})
        return rules.values()


def rules_of(pack: RulePack) -> Rules:
    """The rules of `pack`, which was checked; none where it says nothing of them."""
    return Rules({code: _rule(code, told) for code, told in pack.section(SECTION).items()})


def faults(told: object) -> Iterator[Fault]:
    """What is wrong with `told`, a pack's section `alarm_rules`."""
    if not isinstance(told, Mapping):
        yield Fault((SECTION,), "not a mapping")
        return
    if len(told) > MOST_RULES:
        yield Fault((SECTION,), f"{len(told)} rules; {MOST_RULES} are the most")
    for code, rule in told.items():
        yield from _rule_faults((SECTION, str(code)), str(code), rule)


def _rule_faults(at: Path, code: str, told: object) -> Iterator[Fault]:
    if not isinstance(told, Mapping):
        yield Fault(at, "not a mapping")
        return
    if not (code.isidentifier() and code.islower() and code.isascii() and len(code) <= 40):
        yield Fault(at, "a rule's code has small letters, digits and _, and 40 at the most")
    if not bilingual(told.get("name")):
        yield Fault((*at, "name"), "needs its name in zh and en")
    if told.get("severity") not in SEVERITIES:
        yield Fault((*at, "severity"), f"none of {', '.join(SEVERITIES)}")
    by = told.get("by")
    if not isinstance(by, list) or not by or not all(isinstance(name, str) for name in by):
        yield Fault((*at, "by"), "a list of what names the place, say [agent, station]")
    if told.get("when") not in set(When):
        yield Fault((*at, "when"), f"none of {', '.join(When)}")
        return
    when = When(told["when"])
    yield from (Fault((*at, name), "missing") for name in sorted((_NEEDS[when] | {"sees"}) - told.keys()))
    known = _ALWAYS | _NEEDS[when] | _MAY[when]
    yield from (Fault((*at, str(name)), f"says nothing for {when}") for name in told if name not in known)
    for name in ("sees", "then", "unless", "until", "after"):
        if name in told:
            yield from _pattern_faults((*at, name), told[name])
    yield from _number_faults(at, when, told)


def _number_faults(at: Path, when: When, told: Mapping[str, Any]) -> Iterator[Fault]:
    for name in ("within_s", "for_s", "quiet_s"):
        if name in told and not (type(told[name]) is int and 0 < told[name] <= LONGEST_S):
            yield Fault((*at, name), f"must be whole seconds, 1 to {LONGEST_S}")
    if "times" in told and not (type(told["times"]) is int and 2 <= told["times"] <= MOST_TIMES):
        yield Fault((*at, "times"), f"must be 2 to {MOST_TIMES}")
    for name in ("at_least", "at_most", "over", "change"):
        if name in told and (isinstance(told[name], bool) or not isinstance(told[name], int | float)):
            yield Fault((*at, name), "must be a number")
            return
    if "field" in told and not isinstance(told["field"], str):
        yield Fault((*at, "field"), "must be the name of what is measured")
    if when is When.THRESHOLD and ("at_least" in told) is ("at_most" in told):
        yield Fault(at, "a threshold has either at_least or at_most")
    elif when is When.THRESHOLD and "over" in told:
        low, high = (told["over"], told["at_least"]) if "at_least" in told else (told["at_most"], told["over"])
        if low > high:
            yield Fault((*at, "over"), "an alarm would be over before it begins")
    if when is When.RATE and told.get("change", 1) <= 0:
        yield Fault((*at, "change"), "must be above 0; falling counts as rising does")
    elif when is When.RATE and not 0 <= told.get("over", 0) <= told.get("change", 0):
        yield Fault((*at, "over"), "must be 0 to change")


def _pattern_faults(at: Path, told: object) -> Iterator[Fault]:
    if not isinstance(told, Mapping):
        yield Fault(at, "not a mapping")
        return
    kinds = _listed(told.get("kind"))
    if not kinds or not all(isinstance(kind, str) and kind for kind in kinds):
        yield Fault((*at, "kind"), "which kinds of facts or records, at least one")
    elif any(kind.startswith("alarm_") for kind in kinds):
        yield Fault((*at, "kind"), "a rule that looks at alarms would look at its own")
    if "outside" in told:
        try:
            _hours(told["outside"])
        except (AttributeError, KeyError, TypeError, ValueError, ZoneInfoNotFoundError) as error:
            yield Fault((*at, "outside"), f"no days (1 to 7), begin, end and zone: {error}")
    for name, values in told.items():
        if name not in ("kind", "outside") and not all(
            isinstance(value, str | int | float) or value is None for value in _listed(values)
        ):
            yield Fault((*at, str(name)), "must be a value or a list of values")


def _listed(told: Any) -> Sequence[Any]:
    return told if isinstance(told, list) else [told]


def _hours(told: Mapping[str, Any]) -> Hours:
    days = frozenset(told["days"])
    if not days or not days <= set(range(1, 8)):
        raise ValueError(f"days {sorted(days)}")
    if unknown := told.keys() - {"days", "begin", "end", "zone"}:
        raise ValueError(f"unknown {min(unknown)}")
    return Hours(days, time.fromisoformat(told["begin"]), time.fromisoformat(told["end"]), ZoneInfo(told["zone"]))


def _pattern(told: Mapping[str, Any] | None) -> Pattern | None:
    if told is None:
        return None
    says = {name: frozenset(_listed(values)) for name, values in told.items() if name not in ("kind", "outside")}
    return Pattern(frozenset(_listed(told["kind"])), says, _hours(told["outside"]) if "outside" in told else None)


def _rule(code: str, told: Mapping[str, Any]) -> AlarmRule:
    sees = _pattern(told["sees"])
    if sees is None:
        raise ValueError(f"{code}: the pack was not checked")
    seconds = {name: timedelta(seconds=told.get(f"{name}_s", 0)) for name in ("within", "for", "quiet")}
    return AlarmRule(
        code=code, name=told["name"], severity=told["severity"], when=When(told["when"]), sees=sees,
        by=tuple(told["by"]), hash=hashlib.sha256(canonical(told)).hexdigest()[:16],
        then=_pattern(told.get("then")), unless=_pattern(told.get("unless")), until=_pattern(told.get("until")),
        after=_pattern(told.get("after")), within=seconds["within"], lasts=seconds["for"],
        quiet=seconds["quiet"] if "quiet_s" in told else None, times=told.get("times", 1), field=told.get("field", ""),
        at_least=told.get("at_least"), at_most=told.get("at_most"), change=told.get("change", 0),
        over=told.get("over"),
    )  # fmt: skip
