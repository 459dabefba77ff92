"""A step at a station without a network: the cloud's task, what the camera saw, and the same rule that the cloud asks.

Nothing here knows devices or the journal, so that every state, action and role can be tried (J25, N5).
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from custody.decisions import Allowed, Reason, Refused, Waiting
from custody.passage import Genuineness, Sight, out_of_time
from custody.rule_pack import RulePack
from custody.steps import Answer, Hand, Thing, decide_step
from custody.tasks import Task, TaskThing
from custody.things import Moment

MOST_HANDS = 6
"""Of people in sight who may take part; no step has so many seats, and every choice of them is tried."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer, and whose hands it rests on: of an Allowed no more than the step has seats."""

    answer: Answer
    hands: tuple[str, ...]


def decide_task(
    pack: RulePack,
    task: Task,
    seen_people: Collection[str],
    now: Moment,
    *,
    shown: Sequence[Sight],
    slots: Collection[str],
    holds: Collection[str] = (),
    done: bool = False,
    weight_g: int | None = None,
) -> Answer:
    """Whether `task` may be done now by the people whose passes were seen: see `take_task`."""
    return take_task(
        pack, task, seen_people, now, shown=shown, slots=slots, holds=holds, done=done, weight_g=weight_g
    ).answer


def take_task(
    pack: RulePack,
    task: Task,
    seen_people: Collection[str],
    now: Moment,
    *,
    shown: Sequence[Sight],
    slots: Collection[str],
    holds: Collection[str] = (),
    done: bool = False,
    weight_g: int | None = None,
) -> Taken:
    """Asks the rule with those hands, of all in sight, that come nearest to taking the step.

    `shown` are the labels of things, `slots` the ids of the slots whose labels were shown, `holds` the ids under legal
    hold; `done`: the task was used already; `weight_g` what a scale shows. Bystanders, whom the task does not name,
    are no hands.
    """
    obstacle = _label_obstacle(pack, task, shown) or _task_obstacle(pack, task, now, slots, done)
    if obstacle is not None:
        return Taken(obstacle, ())
    details = details_of(pack, task, slots, weight_g)
    things = [_thing(thing, holds) for thing in task.things]
    known = [person for person in seen_people if person in task.people]
    if not known:
        return Taken(_nobody(pack, task, seen_people), ())
    answers = []
    for people in _choices(known):
        hands = [Hand(person=one, roles=frozenset(task.people[one]), credential=f"pass:{one}", at=now.at)
                 for one in people]  # fmt: skip
        taken = Taken(decide_step(pack, task.action, things, hands, details, now.at), people)
        if isinstance(taken.answer, Allowed):
            return taken
        answers.append(taken)
    waiting = [taken for taken in answers if isinstance(taken.answer, Waiting)]
    return waiting[-1] if waiting else answers[0]


def details_of(pack: RulePack, task: Task, slots: Collection[str], weight_g: int | None) -> dict[str, Any]:
    """The details of the step: what the task tells, its slot once that was shown, and what the scale shows."""
    details = dict(task.details)
    if task.slot in slots:
        details["slot"] = task.slot
    if weight_g is not None and wants_weight(pack, task):
        details["weight_g"] = weight_g
    return details


def wants_weight(pack: RulePack, task: Task) -> bool:
    """Whether the step is to tell a weight that the task does not know yet."""
    step = pack.steps.get((task.things[0].state, task.action))
    return step is not None and "weight_g" in step.needs and "weight_g" not in task.details


def judge_label(pack: RulePack, sight: Sight) -> Refused | None:
    """What is wrong with a label, whatever it is shown for."""
    reasons = {Genuineness.FORGED: Reason.FORGED_LABEL, Genuineness.OTHER_SITE: Reason.OTHER_SITE}
    if sight.genuineness in reasons:
        return pack.refuse(reasons[sight.genuineness], sight.id)
    return pack.refuse(Reason.COPIED_LABEL, sight.id) if sight.copies > 1 else None


def _label_obstacle(pack: RulePack, task: Task, shown: Sequence[Sight]) -> Refused | None:
    seen = {sight.id: sight for sight in shown}
    for thing in task.things:
        sight = seen.get(thing.id)
        if sight is None or sight.kind is not thing.kind:
            return pack.refuse(Reason.UNKNOWN_LABEL, thing.id)
        wrong = judge_label(pack, sight)
        if wrong is not None:
            return wrong
        if sight.issue != thing.issue:  # an older label of a thing labelled anew, or newer than the task knows
            reason = Reason.COPIED_LABEL if sight.issue < thing.issue else Reason.NO_PERMIT
            return pack.refuse(reason, thing.id)
    return None


def _task_obstacle(pack: RulePack, task: Task, now: Moment, slots: Collection[str], done: bool) -> Refused | None:
    about = task.things[0].id
    if done:
        return pack.refuse(Reason.ALREADY_SPENT, about)
    untimely = out_of_time(task.not_before, task.not_after, now)
    if untimely is not None:
        return pack.refuse(untimely, about)
    if task.slot is not None and slots and task.slot not in slots:
        return pack.refuse(Reason.UNSUITABLE_SLOT, min(slots))
    return None


def _nobody(pack: RulePack, task: Task, seen_people: Collection[str]) -> Refused:
    for stranger in seen_people:
        return pack.refuse(Reason.WRONG_ROLE, stranger)
    return pack.refuse(Reason.TOO_FEW_PEOPLE, task.things[0].id)


def _thing(thing: TaskThing, holds: Collection[str]) -> Thing:
    return Thing(
        id=thing.id,
        kind=thing.kind,
        state=thing.state,
        held=thing.id in holds,
        value_fen=thing.value_fen,
        method=thing.method,
        past=thing.past,
    )


def _choices(people: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Each alone, each two, and so on; the last one is everybody."""
    for number in range(1, min(len(people), MOST_HANDS) + 1):
        yield from combinations(people[:MOST_HANDS], number)
