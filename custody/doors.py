"""The one decision at a door: edge and cloud ask the same function and must get the same answer (J21, N1).

A door guards stations: the racks behind it, and the gates that what lies there leaves by. It opens for who has
something to do behind it: under a task at one of those stations, or under a permit that names the door or one of them.
It spends neither: what is done with the things is decided where it is done. Which of both opens, and for how many
people, is in the pack's section `doors`; a pack may say nothing of it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from custody.corroboration import Sensor, Trace
from custody.decisions import Allowed, Decision, Reason, Refused, Use
from custody.passage import NOT_GENUINE, Sight, out_of_time
from custody.permits import Permit
from custody.roles import Role
from custody.rule_pack import RulePack
from custody.tasks import Task
from custody.things import Moment

DOOR_LEAVE, DOOR_FORCED, DOOR_SHUT, DOOR_PURPOSE = "door.leave", "door.forced", "door.shut", "door.purpose"
"""The rules of a door: what it opens for, in no other way; that it is shut; that its opening had a use."""
GATE_HEADS = "gate.heads"
"""The rule that as many went through a gate as showed a pass."""
RULES = (DOOR_LEAVE, DOOR_FORCED, DOOR_SHUT, DOOR_PURPOSE, GATE_HEADS)
"""A pack with a section `doors` has the wording of each."""

TASK, PERMIT, PASS = "task", "permit", "pass"
OPENS_FOR = (TASK, PERMIT, PASS)
"""What a door may open for. `pass`: for passes alone; whether something was done behind it is looked at afterwards."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where it is, the stations behind it, and how many people the zone behind it asks for."""

    agent: str
    station: str
    guards: frozenset[str]
    people_required: int


@dataclass(frozen=True, slots=True)
class Leave:
    """An answer, and the task or permit that it rests on; of a refusal, the one that was nearest to opening."""

    answer: Decision
    task: str | None = None
    permit: str | None = None


def people_at(pack: RulePack, classes: Iterable[str]) -> int:
    """How many people have to be at a door with zones of these classes behind it."""
    zones = pack.section("zones")
    asked = [int(zones.get(each, {}).get("people_required", 1)) for each in classes]
    return max([int(pack.section("doors").get("people_required", 1)), *asked])


def held_open_after(pack: RulePack) -> timedelta:
    """How long a door may stand open."""
    return timedelta(seconds=pack.section("doors").get("held_open_s", 60))


def stay_of(pack: RulePack) -> timedelta:
    """How long somebody may be behind a door: so long its opening speaks for what moves there and who leaves."""
    return timedelta(seconds=pack.section("doors").get("stay_s", 3600))


def stay_s(pack: RulePack, traces: Iterable[Trace]) -> int:
    """By how many seconds a door may have been opened earlier for a movement with these traces."""
    doors = any(trace.sensor is Sensor.DOOR for trace in traces)
    return int(stay_of(pack).total_seconds()) if doors else 0


def decide_door(
    sights: Sequence[Sight],
    *,
    door: Door,
    tasks: Iterable[Task],
    done: Collection[str],
    permits: Iterable[Permit],
    spent: Collection[Use],
    people: Collection[str],
    now: Moment,
    pack: RulePack,
) -> Leave:
    """Whether `door` opens for `people`, whose genuine passes were shown, with the things in `sights`.

    Everything in sight has to be genuine and named by the task or permit. `done` are tasks and `spent` uses of permits
    that are used up. A stale pass among `sights` never counts; where people are what lacks, the refusal is about it.
    """
    things = [sight for sight in sights if sight.concerns_gate]
    for sight in things:
        if sight.genuineness in NOT_GENUINE:
            return Leave(pack.refuse(NOT_GENUINE[sight.genuineness], sight.id))
        if sight.copies > 1:
            return Leave(pack.refuse(Reason.COPIED_LABEL, sight.id))
    shown, here = frozenset(sight.id for sight in things), frozenset(people)
    opens_for = pack.section("doors").get("opens_for", [TASK, PERMIT])
    cases: list[tuple[Reason | None, Leave]] = []
    for task in tasks if TASK in opens_for else ():
        if task.agent == door.agent and task.station in door.guards and shown <= {thing.id for thing in task.things}:
            reason = _task_obstacle(task, door, done, here, now, pack)
            cases.append((reason, Leave(_answer(pack, reason, task.id), task=task.id)))
    for permit in permits if PERMIT in opens_for else ():
        here_named = not door.guards.union([door.station]).isdisjoint(permit.stations)
        if permit.agent == door.agent and here_named and shown <= {thing.id for thing in permit.things}:
            reason = _permit_obstacle(permit, door, spent, here, now)
            cases.append((reason, Leave(_answer(pack, reason, permit.id), permit=permit.id)))
    if PASS in opens_for and not shown and not any(reason is None for reason, _ in cases):
        reason = Reason.TOO_FEW_PEOPLE if len(here) < door.people_required else None
        cases.append((reason, Leave(_answer(pack, reason, ""))))
    if not cases:
        about = min(shown or here, default="")
        return _about_pass(Leave(Refused(Reason.NO_PERMIT, _rule(pack), about)), sights, here)
    cases.sort(key=lambda case: (-_NEARNESS[case[0]], case[1].task or case[1].permit or ""))
    return _about_pass(cases[0][1], sights, here)


_FEW = Reason.TOO_FEW_PEOPLE
_NEARNESS: dict[Reason | None, int] = {
    reason: place
    for place, reason in enumerate((
        Reason.ALREADY_SPENT, Reason.EXPIRED, Reason.NOT_YET_VALID, Reason.CLOCK_NOT_TRUSTWORTHY, Reason.WRONG_ROLE,
        Reason.TOO_FEW_PEOPLE, None,
    ))
}  # fmt: skip
"""From far to near: where several tasks and permits would do, the refusal told is the one nearest to opening."""


def _rule(pack: RulePack) -> str:
    """A pack that knows no doors refuses by its rule that nothing passes without a permit."""
    return DOOR_LEAVE if DOOR_LEAVE in pack.wording else pack.refusals[Reason.NO_PERMIT]


def _answer(pack: RulePack, reason: Reason | None, about: str) -> Decision:
    return Allowed(_rule(pack)) if reason is None else pack.refuse(reason, about)


def _task_obstacle(
    task: Task, door: Door, done: Collection[str], people: frozenset[str], now: Moment, pack: RulePack
) -> Reason | None:
    if task.id in done:
        return Reason.ALREADY_SPENT
    untimely = out_of_time(task.not_before, task.not_after, now)
    if untimely is not None:
        return untimely
    roles = frozenset(map(Role, pack.section("doors").get("roles", list(Role))))
    if people and not any(roles.intersection(task.people.get(one, ())) for one in people):
        return Reason.WRONG_ROLE
    return Reason.TOO_FEW_PEOPLE if len(people) < max(1, door.people_required) else None


def _permit_obstacle(
    permit: Permit, door: Door, spent: Collection[Use], people: frozenset[str], now: Moment
) -> Reason | None:
    if all(Use(permit.id, thing.id) in spent for thing in permit.things):
        return Reason.ALREADY_SPENT
    untimely = out_of_time(permit.not_before, permit.not_after, now)
    if untimely is not None:
        return untimely
    wanted = max(1, door.people_required, permit.people_required)
    return Reason.TOO_FEW_PEOPLE if len(people) < wanted else None


def _about_pass(leave: Leave, sights: Sequence[Sight], people: frozenset[str]) -> Leave:
    """Where people are what lacks and somebody showed a stale pass, that pass is what the refusal is about."""
    refused = leave.answer
    stale = [one.id for one in sights if one.is_stale and one.id not in people]
    if not stale or not isinstance(refused, Refused) or (refused.subject and refused.reason is not _FEW):
        return leave
    return Leave(Refused(refused.reason, refused.rule, stale[0]), leave.task, leave.permit)
