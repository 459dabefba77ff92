"""The one decision about a step: may these hands take it with these things, now? Asked at the desk (API), at the
uplink, at the edge; the database asks the same of its own copy of the rules (J10, J25, J26, N5).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from custody.decisions import Allowed, Reason, Refused, Waiting
from custody.details import due_in_time, missing
from custody.roles import Role
from custody.rule_pack import RulePack, Seats, Step
from custody.things import Action, Kind, State

Answer = Allowed | Waiting | Refused

NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """An item or package as the rules see it. `past` is whose hand was on which step of it."""

    id: str
    kind: Kind
    state: State
    held: bool = False
    value_fen: int = 0
    method: str | None = None
    past: Mapping[Action, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """Somebody's signature: who, as what, by which credential, when; `ended_at` when they signed the end as well.

    `passkey`: by a passkey rather than a session. None of `ended_at` where the end was not signed.
    """

    person: str
    roles: frozenset[Role]
    credential: str
    at: datetime
    passkey: bool = False
    ended_at: datetime | None = None


def decide_step(
    pack: RulePack,
    action: Action,
    things: Sequence[Thing],
    hands: Sequence[Hand],
    details: Mapping[str, Any],
    now: datetime,
    *,
    asked_at: datetime | None = None,
    at_gate: bool = False,
) -> Answer:
    """Allowed, Waiting for further hands, or the first refusal.

    `hands` in the order in which they signed; `asked_at` when the act was proposed (its time to wait counts from
    there); `at_gate`: a gate's sensors tell it, and no hands are asked for.
    """
    value, steps = 0, []
    for thing in things:
        step = _may_step(pack, action, thing, at_gate)
        if isinstance(step, Refused):
            return step
        steps.append(step)
        value += thing.value_fen
    if at_gate:
        return Allowed(steps[0].rule)
    # Things of one act take one kind of step: of several the strictest is not guessed, the first counts for all.
    if any(step is not steps[0] for step in steps):
        return pack.refuse(Reason.WRONG_STATE, things[-1].id)
    step = steps[0]
    absent = missing(step.needs, details, pack)
    if absent is not None or ("due_at" in step.needs and not due_in_time(details, pack, now)):
        return pack.refuse(Reason.MISSING_PAPERS, absent or "due_at")
    for thing in things:
        if step.apart and not step.apart.isdisjoint(thing.past):
            own = frozenset().union(*(thing.past.get(done, NOBODY) for done in step.apart))
            for hand in hands:
                if hand.person in own:
                    return pack.refuse(Reason.OWN_WORK, thing.id)
    return decide_hands(pack, step, step.seats_for(value), hands, now, asked_at=asked_at)


def _may_step(pack: RulePack, action: Action, thing: Thing, at_gate: bool) -> Step | Refused:
    step = pack.steps.get((thing.state, action))
    if step is None:
        return pack.refuse(Reason.WRONG_STATE, thing.id)
    if step.by_gate is not at_gate:
        return pack.refuse(Reason.WRONG_ENTRANCE, thing.id)
    if thing.kind not in step.kinds:
        return pack.refuse(Reason.WRONG_KIND, thing.id)
    if thing.held and not step.while_held:
        return pack.refuse(Reason.LEGAL_HOLD, thing.id)
    if thing.state is State.LEAVING and thing.method != action and not step.by_gate and action is not Action.CORRECT:
        return pack.refuse(Reason.METHOD_DIFFERS, thing.id)
    return step


def decide_hands(
    pack: RulePack,
    step: Step,
    seats: Seats,
    hands: Sequence[Hand],
    now: datetime,
    *,
    asked_at: datetime | None = None,
) -> Answer:
    """The same for the hands alone: two people, two credentials, each with the role of a seat, in time, together."""
    if asked_at is not None and now > asked_at + step.waits:
        return pack.refuse(Reason.ACT_EXPIRED, step.action)
    for number, hand in enumerate(hands):
        for other in hands[:number]:
            if hand.person == other.person:
                return pack.refuse(Reason.SAME_PERSON, hand.person)
            if hand.credential == other.credential:
                return pack.refuse(Reason.SAME_CREDENTIAL, hand.person)
        if not any(hand.roles & seat for seat in seats):
            return pack.refuse(Reason.WRONG_ROLE, hand.person)
    placed = place_hands(seats, hands)
    if placed is None:
        return pack.refuse(Reason.WRONG_ROLE, hands[-1].person)
    for hand, seat in zip(hands, placed, strict=True):
        if step.passkey & seats[seat] and not hand.passkey:
            return pack.refuse(Reason.NO_PASSKEY, hand.person)
    if step.live is not None and not _together(hands, step.live, now):
        return pack.refuse(Reason.NOT_PRESENT, hands[-1].person)
    empty = tuple(seat for number, seat in enumerate(seats) if number not in placed)
    if empty or (step.live is not None and any(hand.ended_at is None for hand in hands)):
        return Waiting(step.rule, empty)
    return Allowed(step.rule)


def place_hands(seats: Seats, hands: Sequence[Hand]) -> list[int] | None:
    """A seat for each hand, no seat twice; None where there is no such way. Few seats, so every way is tried."""
    if not hands:
        return []
    if len(hands) > len(seats):
        return None
    hand, rest = hands[-1], hands[:-1]
    for number, seat in enumerate(seats):
        if hand.roles & seat:
            others = tuple(NO_ROLES if n == number else roles for n, roles in enumerate(seats))
            before = place_hands(others, rest)
            if before is not None:
                return [*before, number]
    return None


NO_ROLES: frozenset[Role] = frozenset()


def _together(hands: Sequence[Hand], within: timedelta, now: datetime) -> bool:
    """Whether all signed the beginning as close together as asked, and all who signed the end did as well."""
    begun = [hand.at for hand in hands]
    ended = [hand.ended_at for hand in hands if hand.ended_at is not None]
    return max(begun) - min(begun) <= within and (not ended or max(ended) - min(ended) <= within)
