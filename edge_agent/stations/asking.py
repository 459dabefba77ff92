"""Which question a rack's view is, and its answer: things are asked one by one, with the task that names them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from custody.decisions import Allowed, Reason, Refused, Waiting
from custody.passage import Sight
from custody.rule_pack import RulePack
from custody.steps import Answer
from custody.tasks import Task
from custody.things import Action, Moment
from edge_agent.stations.desk import details_of, judge_label, take_task, wants_weight

TO_BE_SHOWN = Waiting("", ())
"""Something is missing that can still be shown: another thing, the slot, a pass, a weight."""


@dataclass(frozen=True, slots=True)
class View:
    """What was shown lately: labels of things, slots that wait for a use and all in sight, passes good and stale.

    `weight_g` is what the scale shows: null where there is none, or nothing on it, or it does not stand still.
    """

    things: tuple[Sight, ...]
    slots: frozenset[str]
    slots_here: frozenset[str]
    people: frozenset[str]
    stale: tuple[str, ...]
    weight_g: int | None = None

    def adds_to(self, earlier: "View") -> bool:
        """Whether a thing refused in `earlier` is to be asked again: fewer people change nothing."""
        more_people = not self.people <= earlier.people or not set(self.stale) <= set(earlier.stale)
        return more_people or self.slots != earlier.slots


@dataclass(frozen=True, slots=True)
class Case:
    """An answer: by which rules, to which task, about which things, taken by whose hands."""

    pack: RulePack
    answer: Answer
    things: tuple[Sight, ...]
    task: Task | None = None
    hands: tuple[str, ...] = ()
    action: Action = Action.PLACE
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What the cloud told the station: the rules in force and those of each task; the tasks that name a thing."""

    pack: RulePack
    pack_of: Callable[[Task], RulePack | None]
    tasks_for: Callable[[str], Sequence[Task]]
    done: Collection[str]
    holds: Collection[str]


def ask(books: Books, view: View, about: Sequence[Sight], now: Moment) -> Case | None:
    """What may be done first of all, else the first refusal about one of `about`, else what is waited for."""
    cases = [case for sight in about if (case := _ask_thing(books, view, sight, now)) is not None]
    for kind in (Allowed, Refused, Waiting):
        for case in cases:
            if isinstance(case.answer, kind):
                return case
    return None


def _ask_thing(books: Books, view: View, sight: Sight, now: Moment) -> Case | None:
    wrong = judge_label(books.pack, sight)
    if wrong is not None:
        return Case(books.pack, wrong, (sight,))
    tasks = books.tasks_for(sight.id)
    if not tasks and view.slots:  # a thing that is only carried past is nobody's business here
        return Case(books.pack, books.pack.refuse(Reason.NO_PERMIT, sight.id), (sight,))
    cases = [case for task in tasks if (case := _ask_task(books, view, task, now)) is not None]
    for kind in (Allowed, Waiting):
        for case in cases:
            if isinstance(case.answer, kind):
                return case
    return cases[-1] if cases else None


def _ask_task(books: Books, view: View, task: Task, now: Moment) -> Case | None:
    """None for a task that is done, where nobody asks for it again by showing a slot."""
    pack = books.pack_of(task) or books.pack
    own = tuple(sight for sight in view.things if any(sight.id == thing.id for thing in task.things))
    # Its own slot counts also when it was used for another thing just now and is still in sight.
    slots = frozenset({task.slot}) if task.slot is not None and task.slot in view.slots_here else view.slots
    shown = len({sight.id for sight in own}) == len(task.things) and (task.slot is None or bool(slots))
    shown = shown and (view.weight_g is not None or not wants_weight(pack, task))
    done = task.id in books.done
    if done and not (shown and view.slots):
        return None
    if not done and not (shown and (view.people or view.stale)):
        return Case(pack, TO_BE_SHOWN, own, task, action=task.action)
    taken = take_task(
        pack, task, sorted(view.people), now,
        shown=own, slots=slots, holds=books.holds, done=done, weight_g=view.weight_g,
    )  # fmt: skip
    answer = taken.answer
    if isinstance(answer, Refused) and answer.reason is Reason.TOO_FEW_PEOPLE and view.stale:
        answer = Refused(answer.reason, answer.rule, view.stale[0])
    details = details_of(pack, task, slots, view.weight_g)
    return Case(pack, answer, own, task, taken.hands, task.action, details)
