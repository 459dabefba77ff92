"""Tasks as they are signed and read again."""

import pytest

from custody.errors import TaskError
from custody.roles import Role
from custody.tasks import Task, TaskThing
from custody.things import Action, Kind, State
from tests.custody.test_passage import HOUR, NOON, PACK

TASK = Task(
    id="nj01/A-1",
    site="nj01",
    agent="nj01.rack-1",
    station="rack-1",
    action=Action.PLACE,
    things=(
        TaskThing(Kind.PACKAGE, "nj01/P-1", 2, State.ARRIVED),
        TaskThing(Kind.PACKAGE, "nj01/P-2", 1, State.LEAVING, 700, "auction", {Action.SEAL: frozenset({"nj01/U-c"})}),
    ),
    slot="nj01/S-1",
    people={"nj01/U-anna": (Role.KEEPER, Role.BOOKKEEPER), "nj01/U-bo": ()},
    rule_pack=PACK.hash,
    not_before=NOON - HOUR,
    not_after=NOON + HOUR,
    details={"seal_intact": True},
)


def test_a_task_comes_back_whole_with_a_slot_and_without() -> None:
    assert Task.from_payload(TASK.payload()) == TASK
    payload = TASK.payload()
    del payload["slot"]
    assert Task.from_payload(payload).slot is None
    assert Task.from_payload(payload).payload() == payload


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"action": "juggle"},
        {"not_after": "tomorrow"},
        {"things": []},
        {"things": 3},
        {"things": [{"kind": "package", "id": "nj01/P-1", "issue": 2, "state": "happy"}]},
        {"people": ["nj01/U-anna"]},
        {"things": [TASK.things[0].payload() | {"past": {"seal": 3}}]},
        {"things": [TASK.things[0].payload() | {"past": ["seal"]}]},
        {"details": 7},
        {"people": {"nj01/U-anna": ["king"]}},
    ],
)
def test_another_form_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(TaskError):
        Task.from_payload(TASK.payload() | change)


def test_a_missing_member_is_refused() -> None:
    for name in TASK.payload().keys() - {"slot", "details"}:
        payload = TASK.payload()
        del payload[name]
        with pytest.raises(TaskError):
            Task.from_payload(payload)


def test_what_need_not_be_told_of_a_thing_may_be_left_out() -> None:
    little = {"kind": "package", "id": "nj01/P-1", "issue": 2, "state": "arrived"}
    assert Task.from_payload(TASK.payload() | {"things": [little]}).things == TASK.things[:1]
