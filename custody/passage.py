"""The one decision at a gate. Edge and cloud ask the same function and must get the same answer (J21, J25, N5)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from custody.decisions import Allowed, Decision, Reason, Refused, Use
from custody.permits import Permit, PermitThing
from custody.rule_pack import GATE_VALID, RulePack
from custody.things import Direction, Kind, Moment


class Genuineness(StrEnum):
    """What a text read at a gate turned out to be."""

    GENUINE = "genuine"
    FORGED = "forged"
    OTHER_SITE = "other_site"
    UNKNOWN = "unknown"
    STALE = "stale"  # a person's pass that expired, or that the clock cannot judge


@dataclass(frozen=True, slots=True)
class Sight:
    """One text in sight at a gate: what it is and in how many places of one frame it stands (`copies`).

    `kind`, `id` and `issue` are set for a genuine label and a stale pass only; `id` is the text itself otherwise.
    """

    genuineness: Genuineness
    id: str
    kind: Kind | None = None
    issue: int = 0
    copies: int = 1

    @property
    def is_person(self) -> bool:
        """Whether it is a person's pass, which counts, rather than something that passes."""
        return self.kind is Kind.PERSON and self.genuineness is Genuineness.GENUINE

    @property
    def is_stale(self) -> bool:
        """Whether it is a pass that counts for nobody."""
        return self.genuineness is Genuineness.STALE

    @property
    def concerns_gate(self) -> bool:
        """Whether a gate must judge it: evidence, or a label that is not what it should be."""
        return self.kind is None or self.kind.moves


@dataclass(frozen=True, slots=True)
class Gate:
    """Where it happens and which way."""

    agent: str
    station: str
    direction: Direction


def decide_passage(
    sights: Sequence[Sight],
    *,
    gate: Gate,
    permits: Collection[Permit],
    spent: Collection[Use],
    holds: Collection[str],
    people: Collection[str],
    now: Moment,
    pack: RulePack,
) -> Decision:
    """Allowed when everything in sight may pass; otherwise the first refusal, in the order of `sights`.

    Codes that are not ours (goods carry many) count only when nothing else is in sight. `people` are the ids whose
    genuine passes were shown within the pack's presence time; `spent` what has been used; `holds` ids under hold.
    An item that one of `permits` has in a package is no thing by itself: it is refused as packed.
    A stale pass among `sights` never counts; where there are too few people, the refusal is about that pass.
    """
    judged = [sight for sight in sights if sight.concerns_gate]
    ours = [sight for sight in judged if sight.genuineness is not Genuineness.UNKNOWN]
    uses: list[Use] = []
    for sight in ours or judged:
        decision = _decide_one(sight, gate, permits, spent, holds, people, now, pack)
        if isinstance(decision, Refused):
            return _about_pass(decision, sights, people)
        uses += decision.uses
    if not uses:
        return pack.refuse(Reason.UNKNOWN_LABEL, "")
    return Allowed(GATE_VALID, tuple(uses))


NOT_GENUINE = {
    Genuineness.UNKNOWN: Reason.UNKNOWN_LABEL,
    Genuineness.FORGED: Reason.FORGED_LABEL,
    Genuineness.OTHER_SITE: Reason.OTHER_SITE,
}
"""For what a label that is not what it should be is refused."""

# From far to near: where several permits name a thing, the refusal told is the one nearest to being allowed.
_NEARNESS = {
    reason: place
    for place, reason in enumerate((
        Reason.NO_PERMIT,
        Reason.COPIED_LABEL,
        Reason.WRONG_GATE,
        Reason.WRONG_DIRECTION,
        Reason.ALREADY_SPENT,
        Reason.EXPIRED,
        Reason.NOT_YET_VALID,
        Reason.CLOCK_NOT_TRUSTWORTHY,
        Reason.TOO_FEW_PEOPLE,
    ))
}  # fmt: skip


def _about_pass(refused: Refused, sights: Sequence[Sight], people: Collection[str]) -> Refused:
    """`refused` names the first stale pass of somebody who is not present otherwise, where people are what lacks."""
    stale = [s.id for s in sights if s.is_stale and s.id not in people]
    return replace(refused, subject=stale[0]) if stale and refused.reason is Reason.TOO_FEW_PEOPLE else refused


def _decide_one(
    sight: Sight,
    gate: Gate,
    permits: Collection[Permit],
    spent: Collection[Use],
    holds: Collection[str],
    people: Collection[str],
    now: Moment,
    pack: RulePack,
) -> Decision:
    if sight.genuineness in NOT_GENUINE:
        return pack.refuse(NOT_GENUINE[sight.genuineness], sight.id)
    if sight.copies > 1:
        return pack.refuse(Reason.COPIED_LABEL, sight.id)
    if gate.direction is Direction.OUT and sight.id in holds:
        return pack.refuse(Reason.LEGAL_HOLD, sight.id)
    nearest = Reason.NO_PERMIT
    for permit in permits:
        for thing in permit.things:
            if thing.id != sight.id or thing.kind is not sight.kind:
                continue
            reason = _obstacle(sight, thing, permit, gate, spent, len(set(people)), now)
            if reason is None:
                return Allowed(GATE_VALID, (Use(permit.id, sight.id),))
            nearest = max(nearest, reason, key=_NEARNESS.__getitem__)
    if nearest is Reason.NO_PERMIT and any(_packed(sight, permit, gate, now) for permit in permits):
        nearest = Reason.PACKED
    return pack.refuse(nearest, sight.id)


def _packed(sight: Sight, permit: Permit, gate: Gate, now: Moment) -> bool:
    """Whether `sight` is an item that should be in a closed package, as a permit here says while it is in force."""
    inside = sight.kind is Kind.ITEM and any(sight.id in thing.contents for thing in permit.things)
    return inside and permit.agent == gate.agent and out_of_time(permit.not_before, permit.not_after, now) is None


def _obstacle(
    sight: Sight, thing: PermitThing, permit: Permit, gate: Gate, spent: Collection[Use], people: int, now: Moment
) -> Reason | None:
    """What keeps `sight` from passing under `permit`; None when nothing does."""
    if sight.issue != thing.issue:  # an older label of a thing that was labelled anew, or a newer than was permitted
        return Reason.COPIED_LABEL if sight.issue < thing.issue else Reason.NO_PERMIT
    if permit.agent != gate.agent or gate.station not in permit.stations:
        return Reason.WRONG_GATE
    if permit.direction is not gate.direction:
        return Reason.WRONG_DIRECTION
    if Use(permit.id, sight.id) in spent:
        return Reason.ALREADY_SPENT
    untimely = out_of_time(permit.not_before, permit.not_after, now)
    if untimely is not None:
        return untimely
    if people < permit.people_required:
        return Reason.TOO_FEW_PEOPLE
    return None


def out_of_time(not_before: datetime, not_after: datetime, now: Moment) -> Reason | None:
    """Why `now` is not surely between the two; None when it is."""
    if now.error is None:
        return Reason.CLOCK_NOT_TRUSTWORTHY
    earliest, latest = now.at - now.error, now.at + now.error
    if earliest > not_after:
        return Reason.EXPIRED
    if latest < not_before:
        return Reason.NOT_YET_VALID
    if earliest < not_before or latest > not_after:
        return Reason.CLOCK_NOT_TRUSTWORTHY
    return None
