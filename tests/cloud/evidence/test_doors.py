"""Doors as the cloud hears of them: asked again, kept as sessions; forced, open and for nothing are alarms (J21)."""

from datetime import timedelta
from typing import Any

import pytest

from custody.roles import Role
from tests.cloud.api import AGENT, Office, problem
from tests.cloud.conftest import Clock
from tests.cloud.evidence.doors import DOOR, PLACE, RACK, Behind, behind
from tests.cloud.evidence.warehouse import made
from tests.cloud.people.derived import holds


@pytest.fixture
async def room(office: Office, clock: Clock) -> Behind:
    return await behind(office, clock)


async def test_a_session_says_who_for_which_task_how_long_and_what_moved(room: Behind) -> None:
    task, keeper, slot = await room.give_task(), await room.keeper(), room.floor.slots["A-1"]
    picture = {"sha256": "ab" * 32, "bytes": 10, "width": 1, "height": 1}
    opened = await room.open(await room.ask(keeper, task=task), picture=picture)
    (row,) = await room.sessions(state="open")
    assert (row["how"], row["closed_at"], row["picture"]) == ("decision", None, "ab" * 32)
    (door,) = (await room.floor.store.keeper.get("doors")).json()["rows"]
    assert (door["station"], door["open"], door["guards"]) == (DOOR, True, ["gate-a", RACK])
    await room.shut(opened, people=[keeper, room.floor.people[0]], task=task, moved=[slot])
    (row,) = await room.sessions()
    assert (row["state"], row["task"], row["open_ms"], row["moved"]) == ("closed", task, 9000, [slot])
    assert row["people"] == sorted([keeper, room.floor.people[0]])
    assert row["names"] != row["people"]
    assert await room.floor.living() == set()
    history = (await room.floor.store.keeper.get(f"history/{keeper}")).json()["rows"]
    assert [one["kind"] for one in history][-2:] == ["door_decided", "door_closed"]
    await holds(room.office)


async def test_sessions_are_found_by_door_state_way_person_and_task_and_come_in_pages(room: Behind) -> None:
    await room.give_task()
    await room.go_through()
    await room.ask(room.floor.people[0], outcome="refused", reason="wrong_role", subject="", rule="people.role")
    await room.shut(await room.open(None, "exit"))
    keeper = await room.keeper()
    for wanted, ways in (
        ({}, ["exit", None, "decision"]), ({"state": "refused"}, [None]), ({"how": "exit"}, ["exit"]),
        ({"person": keeper}, ["decision"]), ({"task": room.task}, ["decision"]), ({"station": "other"}, []),
        ({"agent": AGENT, "station": DOOR, "state": "closed"}, ["exit", "decision"]),
    ):  # fmt: skip
        assert [row["how"] for row in await room.sessions(**wanted)] == ways, wanted
    page = (await room.floor.store.keeper.get("door-sessions", params={"limit": 2})).json()
    rest = (await room.floor.store.keeper.get("door-sessions", params={"before": page["next"]})).json()
    assert ([row["how"] for row in rest["rows"]], rest["next"]) == (["decision"], None)


async def test_what_is_behind_a_door_is_said_by_who_may_furnish_and_can_be_said_anew(room: Behind) -> None:
    keeper, asked = room.floor.store.keeper, {"agent": AGENT, "station": DOOR, "guards": ["rack-9"]}
    problem(await keeper.post("doors", json={**asked, "zones": ["nj01/Z-NONE"]}), 404, "not_found")
    problem(await keeper.post("doors", json={**asked, "agent": "nj01.none", "zones": [room.zone]}), 404, "not_found")
    problem(await keeper.post("doors", json={**asked, "zones": []}), 422, "invalid")
    assert made(await keeper.post("doors", json={**asked, "zones": [room.zone]}))["guards"] == ["rack-9"]
    operator = await room.office.signed_in(Role.OPERATOR)
    problem(await operator.post("doors", json={**asked, "zones": [room.zone]}), 403, "forbidden")
    assert len((await operator.get("doors")).json()["rows"]) == 1
    await holds(room.office)


async def allowed_without_leave(room: Behind) -> None:
    await room.ask(await room.keeper(), task="nj01/K-NONE")


async def allowed_for_who_may_not(room: Behind) -> None:
    stranger = await room.office.person(Role.OPERATOR)
    await room.ask(stranger.id, task=await room.give_task())


async def allowed_for_passes_alone(room: Behind) -> None:
    await room.ask(await room.keeper())


async def allowed_after_its_end(room: Behind) -> None:
    task = await room.give_task()
    room.floor.clock.advance(timedelta(hours=9))
    await room.ask(await room.keeper(), task=task)


async def allowed_by_a_permit_that_was_taken_back(room: Behind) -> None:
    store = room.floor.store
    await store.crew.do("place", store.package, by=(Role.KEEPER,), slot=room.floor.slots["A-1"])
    await store.crew.do("approve_release", store.package, by=(Role.CASE_HANDLER, Role.APPROVER))
    permit = made(await store.keeper.post("permits", json=store.permit("out")))["id"]
    await room.ask(*room.floor.people, permit=permit)
    assert ("decision_differs", PLACE) not in await room.floor.living()
    made(await store.keeper.post("permits/revoke", json={"permit": permit, "reason": "误开"}))
    await room.ask(*room.floor.people, permit=permit)


@pytest.mark.parametrize(
    "otherwise",
    [
        allowed_without_leave, allowed_for_who_may_not, allowed_for_passes_alone, allowed_after_its_end,
        allowed_by_a_permit_that_was_taken_back,
    ],
)  # fmt: skip
async def test_an_opening_that_the_cloud_would_have_refused_is_an_alarm(room: Behind, otherwise: Any) -> None:
    await otherwise(room)
    (alarm,) = await room.office.rows("SELECT severity, detail FROM alarm WHERE cause = 'decision_differs'")
    assert alarm["severity"] == "critical"
    assert alarm["detail"]["cloud_says"].startswith("refused by ")
    assert (await room.sessions())[0]["differs"] == alarm["detail"]["cloud_says"]
    await holds(room.office)


async def test_a_refusal_that_the_cloud_would_have_allowed_is_one_once_the_agent_has_answered(room: Behind) -> None:
    await room.give_task()
    refused = {"outcome": "refused", "reason": "no_permit", "subject": "", "rule": "door.leave"}
    await room.ask(await room.keeper(), **refused)
    assert await room.floor.living() == set()  # it may not have had the task yet
    for order in await room.office.rows("SELECT id FROM agent_order WHERE answered_index IS NULL ORDER BY number"):
        await room.floor.tell("order_answered", {"order": order["id"], "outcome": "done"})
    await room.ask(await room.keeper(), **refused)
    assert await room.floor.living() == {("decision_differs", PLACE)}
    await room.ask(room.floor.people[0], **refused | {"reason": "wrong_role", "rule": "people.role"})
    await holds(room.office)


async def test_a_false_label_at_a_door_is_an_alarm_as_at_a_gate(room: Behind) -> None:
    sight = {"genuineness": "forged", "id": "SL1.X"}
    await room.ask(
        await room.keeper(), sights=[sight], outcome="refused", reason="forged_label", subject="SL1.X",
        rule="gate.label.genuine",
    )  # fmt: skip
    assert await room.floor.living() == {("forged_label", PLACE)}
    await holds(room.office)


async def test_a_forced_door_is_the_highest_alarm_and_no_other_way_is_one(room: Behind) -> None:
    for how in ("exit", "break_glass", "found"):
        await room.open(None, how)
    assert await room.floor.living() == set()
    await room.open(None, "forced")
    assert await room.floor.living() == {("door_forced", PLACE)}
    (alarm,) = await room.office.rows("SELECT severity, detail FROM alarm WHERE cause = 'door_forced'")
    assert (alarm["severity"], alarm["detail"]["rule"]) == ("critical", "door.forced")
    assert [row["state"] for row in await room.sessions()] == ["open", "closed", "closed", "closed"]
    await holds(room.office)


async def test_a_door_opened_by_a_decision_that_never_was_or_was_used_is_forced(room: Behind) -> None:
    await room.give_task()
    asked = await room.ask(await room.keeper(), task=room.task)
    await room.shut(await room.open(asked))
    assert await room.floor.living() == set()
    await room.open(asked)
    assert await room.floor.living() == {("door_forced", PLACE)}
    assert (await room.sessions())[0]["how"] == "forced"
    await holds(room.office)


async def test_a_door_held_open_is_an_alarm_until_it_is_shut(room: Behind) -> None:
    await room.give_task()
    opened = await room.open(await room.ask(await room.keeper(), task=room.task))
    for open_ms in (60_000, 70_000):
        await room.floor.tell("door_held_open", {"station": DOOR, "opened": opened, "open_ms": open_ms})
    assert await room.floor.living() == {("door_held_open", PLACE)}
    await room.shut(None)  # the disk had no room for its opening when this was told
    assert await room.floor.living() == set()
    assert (await room.sessions())[0]["held_open"] is True
    await holds(room.office)


async def test_what_stood_open_when_the_agent_ended_is_told_no_further(room: Behind) -> None:
    opened = await room.open(None, "forced")
    await room.floor.tell("agent_started", {"software": "1", "rule_pack": "", "cameras": 1})
    await room.shut(opened)
    (row,) = await room.sessions()
    assert (row["state"], row["open_ms"]) == ("closed", None)
    await holds(room.office)


async def test_who_goes_out_came_in_before_or_it_is_an_alarm(room: Behind) -> None:
    await room.give_task()
    await room.go_through()
    room.floor.clock.advance(timedelta(minutes=50))
    await room.shut(await room.open(None, "exit"))
    assert await room.floor.living() == set()
    room.floor.clock.advance(timedelta(minutes=11))  # nobody is inside for more than an hour
    await room.shut(await room.open(None, "exit"))
    assert await room.floor.living() == {("door_unexplained", PLACE)}
    (alarm,) = await room.office.rows("SELECT severity, detail FROM alarm WHERE cause = 'door_unexplained'")
    assert (alarm["severity"], alarm["detail"]["how"], alarm["detail"]["rule"]) == ("major", "exit", "door.purpose")
    await holds(room.office)


@pytest.mark.parametrize("done", ["nothing", "placed", "counted", "moved"])
async def test_a_door_opened_for_passes_alone_was_for_something_or_it_is_an_alarm(room: Behind, done: str) -> None:
    """Where the pack opens doors for passes; here it does not, so that is an alarm too."""
    opened, moved = await room.open(await room.ask(await room.keeper())), []
    if done == "placed":
        await room.floor.place("A-1")
    elif done == "counted":
        leader = await room.floor.store.crew.person(Role.LEADER)
        made(await leader.post("stock-takes", json={"kind": "full"}))
    elif done == "moved":
        moved = [room.floor.slots["A-1"]]
    await room.shut(opened, moved=moved)
    assert (("door_unexplained", PLACE) in await room.floor.living()) is (done == "nothing")
    await holds(room.office)


async def test_a_fact_about_a_door_that_cannot_be_read_is_kept_and_an_alarm(room: Behind) -> None:
    await room.ask("nj01/U-A", outcome="refused", reason="mood", rule="r")
    await room.open(None, "sesame")
    assert await room.floor.living() == {("malformed_fact", AGENT)}
    assert await room.sessions() == []
    await holds(room.office)


async def test_a_movement_behind_a_door_needs_its_opening(room: Behind) -> None:
    await room.give_task()
    await room.go_through()
    await room.floor.place("A-1")
    await room.floor.slot_told("A-1", True)
    await room.floor.look(timedelta(minutes=6))
    assert await room.floor.living() == set()
    assert await room.floor.corroborated() is True
    await holds(room.office)


async def test_a_record_of_who_never_went_in_is_one_without_goods(room: Behind) -> None:
    index = await room.floor.place("A-1")
    await room.floor.slot_told("A-1", True)
    await room.floor.look(timedelta(minutes=6))
    assert await room.floor.living() == {("record_without_goods", room.floor.package)}
    (alarm,) = await room.office.rows("SELECT detail FROM alarm WHERE cleared_at IS NULL")
    assert (alarm["detail"]["entry"], alarm["detail"]["lacking"]) == (index, [["door", room.zone, "opened"]])
    await holds(room.office)


async def test_one_opening_is_enough_for_all_that_is_moved_and_for_as_long_as_people_stay(room: Behind) -> None:
    await room.give_task()
    await room.go_through()
    room.floor.clock.advance(timedelta(minutes=40))
    await room.floor.place("A-1")
    await room.floor.slot_told("A-1", True)
    await room.floor.look(timedelta(minutes=6))
    await room.floor.store.crew.do("move", room.floor.package, by=(Role.KEEPER,), slot=room.floor.slots["A-2"])
    for name, occupied in (("A-1", False), ("A-2", True)):
        await room.floor.slot_told(name, occupied)
    await room.floor.look(timedelta(minutes=6))
    assert await room.floor.living() == set()
    assert await room.floor.corroborated() is True
    room.floor.clock.advance(timedelta(minutes=30))
    await room.floor.store.crew.do("move", room.floor.package, by=(Role.KEEPER,), slot=room.floor.slots["A-1"])
    for name, occupied in (("A-2", False), ("A-1", True)):
        await room.floor.slot_told(name, occupied)
    await room.floor.look(timedelta(minutes=6))
    assert await room.floor.living() == {("record_without_goods", room.floor.package)}  # an hour and 28 minutes later
    await holds(room.office)


async def test_a_forced_door_corroborates_nothing(room: Behind) -> None:
    await room.shut(await room.open(None, "forced"))
    await room.floor.place("A-1")
    await room.floor.slot_told("A-1", True)
    await room.floor.look(timedelta(minutes=6))
    assert await room.floor.corroborated() is False


async def restarted(room: Behind, position: str, **more: Any) -> int:
    """The agent went away in the midst of a session, and is back."""
    await room.floor.tell("agent_started", {"software": "2.0"})
    times = {"away_from": "2026-11-22T03:24:00.000000Z", "away_to": "2026-11-22T03:25:00.000000Z"}
    return await room.floor.tell("door_resumed", {"station": DOOR, "position": position, **times, **more})


async def test_a_session_goes_on_after_a_restart_and_is_neither_doubled_nor_lost(room: Behind) -> None:
    task, keeper = await room.give_task(), await room.keeper()
    decision = await room.ask(keeper, task=task)
    opened = await room.open(decision)
    other = room.floor.people[0]
    for _ in range(2):
        await restarted(room, "open", decision=decision, opened=opened, people=[keeper, other], task=task)
        (row,) = await room.sessions()
        assert (row["state"], row["closed_index"], row["closed_at"]) == ("open", None, None)
    await room.shut(opened, people=[keeper, other], task=task)
    (row,) = await room.sessions()
    assert (row["state"], row["how"], row["people"]) == ("closed", "decision", sorted([keeper, other]))
    assert (row["open_ms"], row["task"]) == (9000, task)
    history = (await room.floor.store.keeper.get(f"history/{keeper}")).json()["rows"]
    assert [one["kind"] for one in history][-4:] == ["door_decided", "door_resumed", "door_resumed", "door_closed"]
    assert await room.floor.living() == set()
    await holds(room.office)


async def test_a_session_that_ended_while_nobody_looked_says_who_and_what_but_not_how_long(room: Behind) -> None:
    task, keeper, slot = await room.give_task(), await room.keeper(), room.floor.slots["A-1"]
    decision = await room.ask(keeper, task=task)
    opened = await room.open(decision)
    await room.floor.tell("door_held_open", {"station": DOOR, "opened": opened, "open_ms": 60_000})
    told = {"decision": decision, "opened": opened, "people": [keeper], "task": task, "moved": [slot]}
    ended = await restarted(room, "closed", **told)
    (row,) = await room.sessions()
    assert (row["state"], row["open_ms"], row["moved"], row["heads_in"]) == ("closed", None, [slot], None)
    assert await room.floor.living() == set()  # it is held open no more
    assert ended > opened
    await restarted(room, "open", **told)  # whatever it says of it again, there is one row
    await room.shut(opened, people=[keeper], task=task)
    assert [one["open_ms"] for one in await room.sessions()] == [9000]
    await holds(room.office)


async def test_one_that_was_unlocked_before_and_is_open_now_is_the_session_of_whom_it_let(room: Behind) -> None:
    task, keeper = await room.give_task(), await room.keeper()
    decision = await room.ask(keeper, task=task)
    opened = await restarted(room, "open", decision=decision, opened=None, people=[keeper], task=task)
    (row,) = await room.sessions()
    assert (row["state"], row["how"], row["people"], row["task"]) == ("open", "found", [keeper], task)
    await room.shut(opened, people=[keeper], task=task)
    await room.shut(await room.open(None, "exit"))  # they go out
    assert await room.floor.living() == set()
    await holds(room.office)


async def test_one_that_was_unlocked_before_and_is_shut_now_is_told_of_and_opens_nothing(room: Behind) -> None:
    task, keeper = await room.give_task(), await room.keeper()
    decision = await room.ask(keeper, task=task)
    await restarted(room, "closed", decision=decision, opened=None, people=[keeper], task=task)
    assert [row["state"] for row in await room.sessions()] == ["allowed"]
    await holds(room.office)


async def test_what_an_agent_says_of_a_session_that_never_was_changes_none(room: Behind) -> None:
    await room.give_task()
    await room.go_through()
    begun = await room.open(None, "forced")
    for opened in (begun - 3, 10_000):
        await room.floor.tell("door_resumed", {
            "station": DOOR, "position": "open", "decision": None, "opened": opened, "away_from": "", "away_to": "",
        })  # fmt: skip
    await restarted(room, "open", decision=9, opened=None)
    assert [(row["state"], row["how"]) for row in await room.sessions()] == [
        ("open", "found"), ("closed", "forced"), ("closed", "decision")
    ]  # fmt: skip
    await holds(room.office)
