"""Who is reminded of what, and how long before it is due: the rule pack's section `reminders`. Pure.

A reminder comes before: nobody is at fault yet. What happens when it was of no use is for the alarms.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from custody.alarms import SEVERITIES
from custody.errors import Fault, Path
from custody.roles import Role
from custody.rule_pack import RulePack
from custody.words import bilingual

SECTION = "reminders"
OWNER = "owner"
"""In `to`: whom the subject itself names, by person or by role; where that is nobody, `stand_in` are told."""
LONGEST_H = 24 * 366
_KEYS = frozenset({"zh", "en", "before_h", "to", "stand_in", "severity", "urgent_h", "labels_left"})


class Subject(StrEnum):
    """What somebody can be reminded of."""

    CASE_CLOCK = "case_clock"
    """a legal clock of a case that has things which are not at their end"""
    LOAN = "loan"
    """something lent that has to be back"""
    HANDOVER = "handover"
    """a handover that waits for the other side"""
    APPROVAL = "approval"
    """any other act that waits for hands"""
    STOCK_TAKE = "stock_take"
    """the audit interval of a zone"""
    CERTIFICATE = "certificate"
    """an agent's certificate that was not renewed"""
    CALIBRATION = "calibration"
    """the verification of a scale, as its agent's configuration says"""
    TICKET = "ticket"
    """the stage that a ticket is in"""
    RECTIFICATION = "rectification"
    """a notice to put something right"""
    EXCEPTION_REVIEW = "exception_review"
    """the review of an opening by break-glass"""
    ALARM_ANSWER = "alarm_answer"
    """what an alarm was that is over by itself"""
    DISK = "disk"
    """when an agent's disk will be full, as it forecasts"""
    PAPER = "paper"
    """a roll of a label printer on which fewer labels are left than `labels_left`: due when it came to that"""


@dataclass(frozen=True, slots=True)
class ReminderRule:
    """How long `before` it is due who is told; from `urgent` before it on, quiet hours do not hold it back."""

    name: Mapping[str, str]
    before: tuple[timedelta, ...]
    """the longest first"""
    owner: bool
    roles: frozenset[Role]
    stand_in: frozenset[Role]
    severity: str
    urgent: timedelta | None
    labels_left: int | None = None
    """of PAPER: below so many"""


@dataclass(frozen=True, slots=True)
class ReminderRules:
    """What is due within `digest` goes to a person as one message."""

    digest: timedelta
    subjects: Mapping[Subject, ReminderRule]


@dataclass(frozen=True, slots=True)
class Pending:
    """Something that will be due: `id` is the thing it is about, `clock` which of its clocks (where it has several).

    It is for `owner`, or for whoever has one of the `hands` that it waits for.
    """

    subject: Subject
    id: str
    due_at: datetime
    clock: str = ""
    owner: str | None = None
    hands: frozenset[Role] = frozenset()


@dataclass(frozen=True, slots=True)
class Due:
    """`pending` is to be told of now: `before` is the offset that has come."""

    pending: Pending
    before: timedelta
    rule: ReminderRule

    @property
    def urgent(self) -> bool:
        """Whether it passes quiet hours."""
        return self.rule.urgent is not None and self.before <= self.rule.urgent

    def named(self, people: Mapping[str, frozenset[Role]]) -> list[str]:
        """Who of `people` (id → roles) is told: whom it is for, and whoever has one of the rule's roles."""
        one = self.pending
        own = {person for person, have in people.items() if person == one.owner or have & one.hands}
        roles = self.rule.roles if own or not self.rule.owner else self.rule.roles | self.rule.stand_in
        return [person for person, have in people.items() if (self.rule.owner and person in own) or have & roles]


def due(rules: ReminderRules, pending: Iterable[Pending], now: datetime) -> list[Due]:
    """Of what one has to tell at `now`; of the offsets that have come only the last, so that nobody hears twice of one.

    What was due longer ago than a day is left to the alarms.
    """
    found = []
    for one in pending:
        rule, left = rules.subjects.get(one.subject), one.due_at - now
        come = [] if rule is None or left < timedelta(days=-1) else [each for each in rule.before if left <= each]
        if rule is not None and come:
            found.append(Due(one, min(come), rule))
    return found


def rules_of(pack: RulePack) -> ReminderRules | None:
    """What `pack` says of reminders; None where it says nothing, and nobody is reminded."""
    told = pack.section(SECTION)
    if not told:
        return None
    return ReminderRules(
        digest=timedelta(seconds=told["digest_s"]),
        subjects={Subject(name): _rule(row) for name, row in told["subjects"].items()},
    )


def _rule(row: Mapping[str, Any]) -> ReminderRule:
    return ReminderRule(
        name={"zh": row["zh"], "en": row["en"]},
        before=tuple(timedelta(hours=hours) for hours in row["before_h"]),
        owner=OWNER in row["to"],
        roles=frozenset(Role(name) for name in row["to"] if name != OWNER),
        stand_in=frozenset(map(Role, row.get("stand_in", ()))),
        severity=row["severity"],
        urgent=timedelta(hours=row["urgent_h"]) if "urgent_h" in row else None,
        labels_left=row.get("labels_left"),
    )


def faults(told: object) -> Iterator[Fault]:
    """What is wrong with `told`, a pack's section `reminders`."""
    subjects = told.get("subjects") if isinstance(told, Mapping) else None
    if not isinstance(told, Mapping) or not isinstance(subjects, Mapping) or not subjects:
        yield Fault((SECTION, "subjects"), "missing, or not a mapping")
        return
    if not _whole(told.get("digest_s"), 1):
        yield Fault((SECTION, "digest_s"), f"must be whole seconds from 1 to {LONGEST_H}")
    for name, row in subjects.items():
        at: Path = (SECTION, "subjects", name)
        if name not in Subject.__members__.values():
            yield Fault(at, f"{name!r} is none of {', '.join(Subject)}")
        elif not bilingual(row):
            yield Fault(at, "needs its name in zh and en")
        else:
            yield from _rule_faults(at, row)
            if (name == Subject.PAPER) != _whole(row.get("labels_left"), 1):
                yield Fault((*at, "labels_left"), f"{Subject.PAPER} needs it, whole labels, and nothing else has it")


def _whole(value: object, least: int) -> bool:
    return type(value) is int and least <= value <= LONGEST_H


def _rule_faults(at: Path, row: Mapping[str, Any]) -> Iterator[Fault]:
    for name in sorted(set(row) - _KEYS):
        yield Fault((*at, name), "is not known")
    hours = row.get("before_h")
    if not isinstance(hours, list) or not hours or not all(_whole(each, 0) for each in hours):
        yield Fault((*at, "before_h"), f"must be whole hours from 0 to {LONGEST_H}")
    elif sorted(set(hours), reverse=True) != hours:
        yield Fault((*at, "before_h"), "the longest comes first, and each once")
    if row.get("severity") not in SEVERITIES:
        yield Fault((*at, "severity"), f"must be one of {', '.join(SEVERITIES)}")
    if "urgent_h" in row and not _whole(row["urgent_h"], 0):
        yield Fault((*at, "urgent_h"), f"must be whole hours from 0 to {LONGEST_H}")
    yield from _people_faults((*at, "to"), row.get("to"), {OWNER})
    if row.get("to") == [OWNER] or "stand_in" in row:
        yield from _people_faults((*at, "stand_in"), row.get("stand_in"), set())


def _people_faults(at: Path, named: object, more: set[str]) -> Iterator[Fault]:
    known = {role.value for role in Role} | more
    if not isinstance(named, list) or not named:
        yield Fault(at, "nobody would be told")
        return
    for number, name in enumerate(named):
        if not isinstance(name, str) or name not in known:
            yield Fault((*at, number), f"{name!r} is no role")
