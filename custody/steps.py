"""The one decision about a step: may these hands take it with these things, now? Asked at the desk (API), at the
uplink, at the edge; the database asks the same of its own copy of the rules (J10, J25, J26, N5).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from custody.decisions import Allowed, Reason, Refused, Waiting
from custody.details import due_in_time, fixed_by_seal, missing
from custody.roles import Role
from custody.rule_pack import RulePack, Seats, Step
from custody.things import Action, Kind, State

Answer = Allowed | Waiting | Refused

NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """An item or package as the rules see it. `past` is whose hand was on which step of it.

    `packed`: an item in a package that is closed; what is done to it is done to its package.
    """

    id: str
    kind: Kind
    state: State
    held: bool = False
    value_fen: int = 0
    method: str | None = None
    packed: bool = False
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
    step, value = None, 0
    for thing in things:
        found = _may_step(pack, action, thing, at_gate)
        if isinstance(found, Refused):
            return found
        if step is not None and found is not step:  # one act is one kind of step
            return pack.refuse(Reason.WRONG_STATE, thing.id)
        step, value = found, value + thing.value_fen
    if step is None or at_gate:
        return pack.refuse(Reason.WRONG_STATE, "") if step is None else Allowed(step.rule)
    absent = missing(step.needs, details, pack)
    if absent is not None or ("due_at" in step.needs and not due_in_time(details, pack, now)):
        return pack.refuse(Reason.MISSING_PAPERS, absent or "due_at")
    if action is Action.CORRECT and fixed_by_seal(details["changes"], pack):
        for thing in things:
            if thing.packed:
                return pack.refuse(Reason.PACKED, thing.id)
    if step.apart:
        for thing in things:
            if not step.apart.isdisjoint(thing.past):
                own = frozenset().union(*(thing.past.get(done, NOBODY) for done in step.apart))
                if any(hand.person in own for hand in hands):
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
    if thing.packed and action is not Action.CORRECT:
        return pack.refuse(Reason.PACKED, thing.id)
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
        return pack.refuse(Reason.ACT_EXPIRED, step.action.value)
    for number, hand in enumerate(hands):
        for other in hands[:number]:
            if hand.person == other.person:
                return pack.refuse(Reason.SAME_PERSON, hand.person)
            if hand.credential == other.credential:
                return pack.refuse(Reason.SAME_CREDENTIAL, hand.person)
    placed = place_hands(seats, hands)
    if placed is None:
        lost = next((hand for hand in hands if all(hand.roles.isdisjoint(seat) for seat in seats)), hands[-1])
        return pack.refuse(Reason.WRONG_ROLE, lost.person)
    if step.passkey:
        for hand in hands:
            if not hand.passkey and not step.passkey.isdisjoint(hand.roles):
                return pack.refuse(Reason.NO_PASSKEY, hand.person)
    if step.live is not None and hands and not _together(hands, step.live):
        return pack.refuse(Reason.NOT_PRESENT, hands[-1].person)
    if len(placed) == len(seats):
        if step.live is None or all(hand.ended_at is not None for hand in hands):
            return Allowed(step.rule)
        return Waiting(step.rule, ())
    return Waiting(step.rule, tuple(seat for number, seat in enumerate(seats) if number not in placed))


def place_hands(seats: Seats, hands: Sequence[Hand], at: int = 0, taken: int = 0) -> tuple[int, ...] | None:
    """A seat for each hand, no seat twice; None where there is no such way. Seats are few, so every way is tried.

    `at` is the first hand that has none yet, `taken` the seats (bits) that those before it have.
    """
    if at == len(hands):
        return ()
    for number, seat in enumerate(seats):
        if not taken >> number & 1 and not hands[at].roles.isdisjoint(seat):
            rest = place_hands(seats, hands, at + 1, taken | 1 << number)
            if rest is not None:
                return (number, *rest)
    return None


def _together(hands: Sequence[Hand], within: timedelta) -> bool:
    """Whether all signed the beginning as close together as asked, and all who signed the end did as well."""
    begun = [hand.at for hand in hands]
    ended = [hand.ended_at for hand in hands if hand.ended_at is not None]
    return max(begun) - min(begun) <= within and (not ended or max(ended) - min(ended) <= within)
