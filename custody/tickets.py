"""Tickets (协查单): report, check, reply, evaluate, supervise (L8 to L12). Pure.

Who may take which step, in which state, and which clock runs. What the rule pack's section `tickets` says of it is read
by custody.ticket_rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from custody.business_time import Calendar
from custody.roles import Role
from custody.ticket_routing import Route
from custody.words import Word


class TicketState(Word):
    """Whose turn it is. `satisfied` alone is the end: a ticket ends by its evaluation and in no other way (L5)."""

    REPORTED = "reported"  # 待核查
    CHECKED = "checked"  # 待回复
    REPLIED = "replied"  # 待评价
    SATISFIED = "satisfied"  # 已办结


class TicketStep(Word):
    """What a person does to a ticket."""

    CHECK = "check"
    REPLY = "reply"
    EVALUATE = "evaluate"
    COMMENT = "comment"
    URGE = "urge"
    REASSIGN = "reassign"
    PAUSE = "pause"
    RESUME = "resume"
    RECTIFY = "rectify"
    REMEDY = "remedy"
    CONFIRM = "confirm"


ANSWERS = frozenset({TicketStep.CHECK, TicketStep.REPLY})
ORDERS = frozenset({
    TicketStep.URGE, TicketStep.REASSIGN, TicketStep.PAUSE, TicketStep.RESUME, TicketStep.RECTIFY, TicketStep.CONFIRM,
})  # fmt: skip
"""What the supervisor does: it says what others are to do, and changes nothing that they wrote."""
AFTER_END = frozenset({TicketStep.COMMENT, TicketStep.RECTIFY, TicketStep.REMEDY, TicketStep.CONFIRM})
"""What may follow the end: a remark, and a notice to put right what led to it."""
CLOCK_OF = {TicketState.REPORTED: "check", TicketState.CHECKED: "reply", TicketState.REPLIED: "evaluate"}
"""The clock that runs in each state; none after the end."""


class Tier(Word):
    """Whose questions a first page answers (L7); who has which is in the rule pack, the later the wider."""

    DOER = "doer"  # 执行层: what must I do next, and by when
    MANAGER = "manager"  # 管理层: how does my unit do
    LEADER = "leader"  # 领导层: is it under control


class Denial(Word):
    """Why a step is not taken: a value, told to whoever asked."""

    NO_ROLE = "no_role"
    WRONG_STATE = "wrong_state"
    NOT_YOURS = "not_yours"
    REPLIED_YOURSELF = "replied_yourself"
    NOT_ORIGINATOR = "not_originator"
    PAUSED = "paused"
    NOT_PAUSED = "not_paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """How long one stage may last; by the calendar's hours where `working`. `basis`: on what it rests, per language."""

    lasts: timedelta
    working: bool
    basis: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketType:
    """A type of ticket: its names, and where a stage lasts otherwise than in general."""

    zh: str
    en: str
    lasts: Mapping[str, timedelta]


@dataclass(frozen=True, slots=True, kw_only=True)
class Persisting:
    """From which age on an alarm opens a ticket by itself, and of which type."""

    after: timedelta
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRules:
    """What a pack says of tickets. `remind` is how long before a deadline whoever is to act is reminded."""

    types: Mapping[str, TicketType]
    clocks: Mapping[str, Clock]
    calendar: Calendar
    who: Mapping[str, frozenset[Role]]
    """open, answer, evaluate, supervise → the roles that may"""
    persisting: Mapping[str, Persisting]
    remind: timedelta
    homes: Mapping[Tier, frozenset[Role]]
    """whose first page is which; nobody named: the doer's"""
    routing: tuple[Route, ...]
    """in their order: the first that fits says whom a ticket is for"""

    def may(self, roles: frozenset[Role], what: str) -> bool:
        """Whether one of `roles` may `what`: open, answer, evaluate, supervise."""
        return not roles.isdisjoint(self.who[what])

    def homes_of(self, roles: frozenset[Role]) -> list[Tier]:
        """The first pages of somebody with `roles`, the widest last; whoever is named nowhere has the doer's."""
        return [tier for tier in Tier if not roles.isdisjoint(self.homes.get(tier, frozenset()))] or [Tier.DOER]

    def clock(self, type_: str, stage: str) -> tuple[timedelta, Calendar | None]:
        """How long `stage` lasts for tickets of `type_`, and by which calendar; None: every hour counts."""
        told, own = self.clocks[stage], self.types.get(type_)
        lasts = told.lasts if own is None else own.lasts.get(stage, told.lasts)
        return lasts, self.calendar if told.working else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a ticket stands. `originator` is None where no person who could still evaluate has opened it.

    `repliers` are all who checked or replied, in whichever round.
    """

    state: TicketState
    originator: str | None
    assigned_to: str | None
    repliers: frozenset[str]
    paused: bool


def denial(
    rules: TicketRules, ticket: Standing, step: TicketStep, person: str, roles: frozenset[Role]
) -> Denial | None:
    """Why `person` may not take `step`; None: they may."""
    if ticket.state is TicketState.SATISFIED and step not in AFTER_END:
        return Denial.WRONG_STATE
    if step in ANSWERS:
        return _answering(rules, ticket, step, person, roles)
    if step is TicketStep.EVALUATE:
        return _evaluating(rules, ticket, person, roles)
    if step in ORDERS:
        if not rules.may(roles, "supervise"):
            return Denial.NO_ROLE
        return _pausing(ticket, step)
    return None if any(rules.may(roles, what) for what in rules.who) else Denial.NO_ROLE


def _answering(
    rules: TicketRules, ticket: Standing, step: TicketStep, person: str, roles: frozenset[Role]
) -> Denial | None:
    if not rules.may(roles, "answer"):
        return Denial.NO_ROLE
    if ticket.assigned_to not in (None, person):
        return Denial.NOT_YOURS
    if ticket.state is not (TicketState.REPORTED if step is TicketStep.CHECK else TicketState.CHECKED):
        return Denial.WRONG_STATE
    return Denial.PAUSED if ticket.paused else None


def _evaluating(rules: TicketRules, ticket: Standing, person: str, roles: frozenset[Role]) -> Denial | None:
    if ticket.state is not TicketState.REPLIED:
        return Denial.WRONG_STATE
    if person in ticket.repliers:
        return Denial.REPLIED_YOURSELF
    if ticket.originator is not None:
        return None if person == ticket.originator else Denial.NOT_ORIGINATOR
    return None if rules.may(roles, "evaluate") else Denial.NO_ROLE


def _pausing(ticket: Standing, step: TicketStep) -> Denial | None:
    if step is TicketStep.PAUSE and ticket.paused:
        return Denial.PAUSED
    if step is TicketStep.RESUME and not ticket.paused:
        return Denial.NOT_PAUSED
    return None
