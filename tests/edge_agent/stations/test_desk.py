"""The edge as an entrance: for every state, action and role it answers as the rule does, by the same rule (N5)."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import combinations, product
from typing import Any

import pytest

from custody.decisions import Allowed, Reason, Refused, Waiting
from custody.passage import Genuineness, Sight
from custody.roles import Role
from custody.steps import Answer, Hand, Thing, decide_step
from custody.tasks import Task, TaskThing
from custody.things import Action, Kind, Moment, State
from edge_agent.stations.desk import decide_task, take_task
from tests.edge_agent.scene import PACK, SITE

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOW = Moment(NOON, timedelta(milliseconds=20))
SLOT, BOX = f"{SITE}/S-1", f"{SITE}/P-1"
DETAILS: dict[str, Any] = {
    "reason": "r", "legal_basis": "l", "recipient": "r", "place": "p", "seal_number": "A-001", "photos": ["0" * 64],
    "receipt": "0" * 64, "weight_g": 10, "price_fen": 10, "count": 1, "cites": 7, "differences": [],
    "witnesses": ["a", "b"], "parts": [{"name": "a", "quantity": 1}, {"name": "b", "quantity": 1}],
    "packages": [{"seal_number": "A-002", "items": ["i"], "weight_g": 5}], "changes": {"name": "n"},
    "seal_intact": True, "purpose": "court", "method": "auction", "due_at": "2026-11-25T00:00:00Z",
}  # fmt: skip
"""Whatever a step needs, so that only state, action and hands decide."""


def a_task(kind: Kind, state: State, action: Action, people: Mapping[str, tuple[Role, ...]], **changes: Any) -> Task:
    content = {
        "id": f"{SITE}/A-1", "site": SITE, "agent": f"{SITE}.rack-1", "station": "rack-1", "action": action,
        "things": (TaskThing(kind, BOX, 1, state, method="auction"),), "slot": SLOT, "people": people,
        "rule_pack": PACK.hash, "not_before": NOON - timedelta(hours=1), "not_after": NOON + timedelta(hours=1),
        "details": DETAILS,
    }  # fmt: skip
    return Task(**{**content, **changes})


def asked(task: Task, *people: str, **changes: Any) -> Answer:
    shown = [Sight(Genuineness.GENUINE, thing.id, thing.kind, thing.issue) for thing in task.things]
    return decide_task(PACK, task, people, NOW, **{"shown": shown, "slots": {SLOT}, **changes})


def every() -> Iterator[tuple[Kind, State, Action, Role]]:
    return product((Kind.ITEM, Kind.PACKAGE), State, Action, Role)


def test_every_state_action_and_role_gets_the_rules_own_answer() -> None:
    asked_for = 0
    for kind, state, action, role in every():
        rule = decide_step(
            PACK, action, [Thing(id=BOX, kind=kind, state=state, method="auction")],
            [Hand(person="p", roles=frozenset({role}), credential="pass:p", at=NOON)],
            {**DETAILS, "slot": SLOT}, NOON,
        )  # fmt: skip
        assert asked(a_task(kind, state, action, {"p": (role,)}), "p") == rule, (kind, state, action, role)
        asked_for += 1
    assert asked_for == 2 * len(State) * len(Action) * len(Role)


def test_one_person_alone_takes_just_the_steps_of_one_seat() -> None:
    keeper, withdraws = {Role.KEEPER}, {Role.APPROVER, Role.LEADER, Role.CASE_HANDLER}
    weighed = (State.RECEIVED, State.ARRIVED, State.STORED, State.OPENED, State.RETURNED)
    alone = {
        (State.ARRIVED, Action.PLACE): keeper,
        (State.STORED, Action.MOVE): keeper,
        **{(state, Action.WEIGH): keeper for state in weighed},
        (State.RELEASE_APPROVED, Action.WITHDRAW_RELEASE): withdraws,
        (State.DISPOSAL_APPROVED, Action.WITHDRAW_DISPOSAL): withdraws,
    }
    expected = {(state, action, role) for (state, action), roles in alone.items() for role in roles}
    voids = {(State.INTAKE, Action.VOID, role) for role in (Role.INSPECTOR, Role.CASE_HANDLER)}
    for kind, more in ((Kind.PACKAGE, set()), (Kind.ITEM, voids)):
        allowed = {
            (state, action, role)
            for state, action, role in product(State, Action, Role)
            if isinstance(asked(a_task(kind, state, action, {"p": (role,)}), "p"), Allowed)
        }
        assert allowed == expected | more


def test_no_crowd_of_passes_brings_anything_to_destroyed_or_through_a_gate() -> None:
    """What needs a passkey, an end signed by all, or a gate's sensors is not to be had at a rack."""
    people = {role.value: (role,) for role in Role}
    out_of_reach = {key: step for key, step in PACK.steps.items() if step.passkey or step.live or step.by_gate}
    assert {Action.DESTROY, Action.OPEN, Action.STOCK_OUT} <= {action for _, action in out_of_reach}
    for kind, (state, action) in product((Kind.ITEM, Kind.PACKAGE), out_of_reach):
        task = a_task(kind, state, action, people)
        for crowd in (*combinations(people, 1), *combinations(people, 2), *combinations(people, 3)):
            assert not isinstance(asked(task, *crowd), Allowed), (state, action, crowd)


def test_two_seats_are_two_people_and_bystanders_are_none() -> None:
    roles = {"li": (Role.KEEPER,), "wang": (Role.BOOKKEEPER,), "zhao": (Role.KEEPER, Role.INSPECTOR)}
    task = a_task(Kind.PACKAGE, State.RETURNED, Action.SHELVE, roles)
    shown = [Sight(Genuineness.GENUINE, BOX, Kind.PACKAGE, 1)]
    for people, hands in ((["li", "wang"], ("li", "wang")), (["guest", "zhao", "li", "wang"], ("zhao", "wang"))):
        taken = take_task(PACK, task, people, NOW, shown=shown, slots={SLOT})
        assert (type(taken.answer), taken.hands) == (Allowed, hands)
    for people in (["li"], ["li", "zhao"], ["li", "guest"]):
        assert isinstance(asked(task, *people), Waiting)


def test_own_work_keeps_a_hand_off_and_another_hand_is_taken() -> None:
    sealed = {Action.SEAL: frozenset({"li"})}
    thing = TaskThing(Kind.PACKAGE, BOX, 1, State.STORED, past=sealed)
    people = {"li": (Role.CASE_HANDLER,), "wang": (Role.CASE_HANDLER,)}
    task = a_task(Kind.PACKAGE, State.STORED, Action.APPROVE_RELEASE, people, things=(thing,))
    alone = asked(task, "li")
    assert isinstance(alone, Refused)
    assert alone.reason is Reason.OWN_WORK
    assert isinstance(asked(task, "li", "wang"), Waiting)


PLACE = a_task(Kind.PACKAGE, State.ARRIVED, Action.PLACE, {"p": (Role.KEEPER,)})
SEEN = Sight(Genuineness.GENUINE, BOX, Kind.PACKAGE, 1)


@pytest.mark.parametrize(
    ("changes", "people", "reason", "subject"),
    [
        ({"shown": []}, ["p"], Reason.UNKNOWN_LABEL, BOX),
        ({"shown": [Sight(Genuineness.GENUINE, BOX, Kind.ITEM, 1)]}, ["p"], Reason.UNKNOWN_LABEL, BOX),
        ({"shown": [Sight(Genuineness.GENUINE, BOX, Kind.PACKAGE, 1, copies=2)]}, ["p"], Reason.COPIED_LABEL, BOX),
        ({"shown": [Sight(Genuineness.GENUINE, BOX, Kind.PACKAGE, 2)]}, ["p"], Reason.NO_PERMIT, BOX),
        ({"slots": set()}, ["p"], Reason.MISSING_PAPERS, "slot"),
        ({"slots": {"nj01/S-9", "nj01/S-8"}}, ["p"], Reason.UNSUITABLE_SLOT, "nj01/S-8"),
        ({"done": True}, ["p"], Reason.ALREADY_SPENT, BOX),
        ({}, ["guest"], Reason.WRONG_ROLE, "guest"),
        ({}, [], Reason.TOO_FEW_PEOPLE, BOX),
    ],
)
def test_what_else_is_in_the_way(changes: dict[str, Any], people: list[str], reason: Reason, subject: str) -> None:
    refused = asked(PLACE, *people, **changes)
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.rule, refused.subject) == (reason, PACK.refusals[reason], subject)


def test_what_is_held_is_held_by_the_holds_this_agent_knows() -> None:
    people = {"p": (Role.KEEPER,), "q": (Role.CASE_HANDLER,)}
    task = a_task(Kind.PACKAGE, State.LEAVING, Action.AUCTION, people)
    assert isinstance(asked(task, "p", "q"), Allowed)
    held = asked(task, "p", "q", holds={BOX})
    assert isinstance(held, Refused)
    assert held.reason is Reason.LEGAL_HOLD
