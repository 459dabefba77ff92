"""A ticket from its report to its end, over HTTP, and that its ledger tells all of it."""

from datetime import timedelta
from typing import Any

import pytest

from custody.roles import Role
from tests.cloud.api import problem
from tests.cloud.people.derived import each_is_found, holds
from tests.cloud.tickets.desk import HOUR, Desk


async def test_the_whole_loop_with_a_second_round(desk: Desk) -> None:
    ticket = await desk.opened(assigned_to=desk.keeper_id)
    await desk.done(ticket, desk.keeper, "check")
    await desk.done(ticket, desk.keeper, "reply")
    await desk.done(ticket, desk.operator, "evaluate", satisfied=False)
    shown = await desk.shown(ticket)
    assert (shown["state"], shown["round"]) == ("reported", 2)
    await desk.done(ticket, desk.keeper, "check")
    await desk.done(ticket, desk.keeper, "reply")
    await desk.done(ticket, desk.operator, "evaluate", satisfied=True)
    shown = await desk.shown(ticket)
    assert (shown["state"], shown["round"], shown["due_at"]) == ("satisfied", 2, None)
    assert [entry["kind"] for entry in shown["entries"]] == [
        "ticket_opened", *["ticket_checked", "ticket_replied", "ticket_evaluated"] * 2
    ]  # fmt: skip
    problem(await desk.step(ticket, desk.keeper, "reply"), 409, "wrong_state")
    await holds(desk.office)


async def test_a_ticket_says_of_which_finding_it_came(desk: Desk) -> None:
    found = {"key": "same_pair:a+b", "since": "2026-09-01T00:00:00Z", "until": "2026-11-22T00:00:00+08:00"}
    (entry,) = (await desk.shown(await desk.opened(finding=found)))["entries"]
    assert entry["told"]["finding"] == {
        "key": "same_pair:a+b", "since": "2026-09-01T00:00:00.000000Z", "until": "2026-11-21T16:00:00.000000Z",
    }  # fmt: skip
    (entry,) = (await desk.shown(await desk.opened()))["entries"]
    assert "finding" not in entry["told"]
    await holds(desk.office)


async def test_who_may_not_is_told_and_nothing_is_written(desk: Desk) -> None:
    ticket = await desk.opened(assigned_to=desk.keeper_id)
    other = await desk.office.signed_in(Role.KEEPER)
    leader = await desk.office.signed_in(Role.LEADER)
    admin = await desk.office.signed_in(Role.ADMIN)
    problem(await desk.report(admin), 403, "no_role")
    problem(await desk.step(ticket, other, "check"), 403, "not_yours")
    problem(await desk.step(ticket, desk.supervisor, "check"), 403, "no_role")
    problem(await desk.step(ticket, desk.keeper, "urge"), 403, "no_role")
    await desk.done(ticket, desk.keeper, "check")
    await desk.done(ticket, desk.keeper, "reply")
    problem(await desk.step(ticket, desk.keeper, "evaluate", satisfied=True), 403, "replied_yourself")
    problem(await desk.step(ticket, leader, "evaluate", satisfied=True), 403, "not_originator")
    problem(await desk.step(ticket, desk.operator, "comment", corrects=0), 422, "not_your_entry")
    assert len((await desk.shown(ticket))["entries"]) == 3
    assert (await desk.shown(ticket, desk.supervisor))["may"] == [
        "comment", "urge", "reassign", "pause", "rectify", "remedy", "confirm"
    ]  # fmt: skip


@pytest.mark.parametrize(("more", "status", "code"), [
    ({"type": "gossip"}, 422, "unknown_type"),
    ({"links": ["nj01/I-0000000001"]}, 422, "unknown_link"),
    ({"photos": ["0" * 64]}, 422, "unknown_photo"),
    ({"assigned_to": "nj01/U-NOBODY"}, 422, "not_an_answerer"),
    ({"alarm": 999}, 404, "not_found"),
    ({"seen_at": "2027-01-01T00:00:00Z"}, 422, "seen_later"),
])  # fmt: skip
async def test_a_report_of_what_is_not_there(desk: Desk, more: dict[str, Any], status: int, code: str) -> None:
    problem(await desk.report(**more), status, code)


async def test_a_report_about_a_page_says_which_and_of_which_version(desk: Desk) -> None:
    ticket = await desk.opened(type="page_defect", page="/warehouse", version="0.1.0")
    told = (await desk.shown(ticket))["entries"][0]["told"]
    assert (told["page"], told["version"]) == ("/warehouse", "0.1.0")
    problem(await desk.report(page="https://elsewhere.example/"), 422, "invalid")
    await holds(desk.office)


async def test_a_report_sent_again_is_one_ticket(desk: Desk) -> None:
    answers = [await desk.report(key="phone-1", seen_at="2026-11-22T01:00:00Z") for _ in range(3)]
    assert len({answer.json()["ticket"] for answer in answers}) == 1
    assert len((await desk.operator.get("tickets")).json()["rows"]) == 1


async def test_who_saw_less_than_there_is_acts_on_nothing(desk: Desk) -> None:
    ticket = await desk.opened()
    await desk.done(ticket, desk.keeper, "check")
    body = {"step": "reply", "words": "好了"}
    answer = await desk.keeper.post(f"tickets/{ticket}/steps", json=body, headers={"If-Match": f'"{ticket}"'})
    problem(answer, 412, "changed")


async def test_the_reply_clock_stands_in_a_pause_reminds_and_tells_once_that_it_is_late(desk: Desk) -> None:
    ticket = await desk.opened()
    await desk.done(ticket, desk.keeper, "check")
    start = desk.clock.at
    await desk.done(ticket, desk.supervisor, "pause")
    shown = await desk.shown(ticket)
    assert (shown["paused"], shown["due_at"]) == (True, None)
    problem(await desk.step(ticket, desk.keeper, "reply"), 409, "paused")
    await desk.look(60 * HOUR)
    await desk.done(ticket, desk.supervisor, "resume")
    assert (await desk.shown(ticket))["due_at"] == (start + 108 * HOUR).isoformat().replace("+00:00", "Z")
    await desk.look(44 * HOUR)
    await desk.look(HOUR)
    await desk.look(3 * HOUR)
    await desk.look(HOUR)
    kinds = [entry["kind"] for entry in (await desk.shown(ticket))["entries"]]
    assert (kinds.count("ticket_reminded"), kinds.count("ticket_overdue")) == (1, 1)
    late = (await desk.operator.get("tickets", params={"overdue": True})).json()["rows"]
    assert [(row["index"], row["overdue"]) for row in late] == [(ticket, True)]
    alarms = "SELECT cleared_at IS NULL AS living FROM alarm WHERE cause = 'ticket_overdue'"
    assert await desk.office.rows(alarms) == [{"living": True}]
    await desk.done(ticket, desk.keeper, "reply")
    assert await desk.office.rows(alarms) == [{"living": False}]
    await holds(desk.office)


async def test_an_alarm_that_persists_opens_one_ticket_and_is_cleared_after_it(desk: Desk) -> None:
    alarm = await desk.alarm()
    await desk.look(4 * HOUR - timedelta(seconds=1))
    assert (await desk.operator.get("tickets")).json()["rows"] == []
    await desk.look(timedelta(minutes=2))
    await desk.look(HOUR)
    (row,) = (await desk.operator.get("tickets")).json()["rows"]
    assert (row["type"], row["opened_by"], row["place"]) == ("alarm_persists", "jobs", "nj01.gate-a:store")
    problem(await desk.report(alarm=alarm), 409, "ticket_exists")
    await desk.done(row["index"], desk.keeper, "check")
    await desk.done(row["index"], desk.keeper, "reply")
    problem(await desk.step(row["index"], desk.operator, "evaluate", satisfied=True), 403, "no_role")
    await desk.done(row["index"], desk.supervisor, "evaluate", satisfied=True)
    told = (await desk.operator.get(f"alarms/{alarm}")).json()["steps"]
    assert [step["kind"] for step in told if step["kind"].startswith("ticket")] == ["ticket_opened", "ticket_evaluated"]
    cleared = await desk.operator.post(f"alarms/{alarm}/clear", json={"cause_code": "dealt_with"})
    assert cleared.json()["cleared"]
    await desk.look(9 * HOUR)
    assert len((await desk.operator.get("tickets")).json()["rows"]) == 1
    await holds(desk.office)


async def test_a_notice_is_put_right_by_whom_it_is_for_and_confirmed_by_another(desk: Desk) -> None:
    ticket = await desk.opened()
    until = (desk.clock.at + 24 * HOUR).isoformat()
    notice = await desk.done(ticket, desk.supervisor, "rectify", person=desk.keeper_id, due_at=until)
    problem(await desk.step(ticket, desk.operator, "remedy", notice=notice), 403, "not_yours")
    problem(await desk.step(ticket, desk.supervisor, "confirm", notice=notice), 409, "wrong_state")
    await desk.done(ticket, desk.keeper, "remedy", notice=notice)
    problem(await desk.step(ticket, desk.keeper, "confirm", notice=notice), 403, "no_role")
    confirmed = await desk.done(ticket, desk.supervisor, "confirm", notice=notice)
    assert [row["confirmed_index"] for row in (await desk.shown(ticket))["notices"]] == [confirmed]
    await holds(desk.office)


async def test_a_notice_that_is_missed_is_told_once_and_until_all_of_them_are_put_right(desk: Desk) -> None:
    ticket = await desk.opened()
    alarms = "SELECT severity, cleared_at IS NULL AS living, level FROM alarm WHERE cause = 'rectification_overdue'"
    notices = [
        await desk.done(
            ticket, desk.supervisor, "rectify", person=desk.keeper_id, due_at=(desk.clock.at + hours * HOUR).isoformat()
        )
        for hours in (24, 25)
    ]
    await desk.look(24 * HOUR - timedelta(seconds=1))
    assert await desk.office.rows(alarms) == []
    await desk.look(timedelta(minutes=2))
    await desk.look(HOUR)
    await desk.look(2 * HOUR)
    kinds = [entry["kind"] for entry in (await desk.shown(ticket))["entries"]]
    assert kinds.count("rectification_overdue") == 2  # of each notice once
    assert await desk.office.rows(alarms) == [{"severity": "major", "living": True, "level": 2}]  # told on to who leads
    assert all(row["overdue_index"] for row in (await desk.shown(ticket))["notices"])
    await desk.done(ticket, desk.keeper, "remedy", notice=notices[0])
    assert (await desk.office.rows(alarms))[0]["living"]
    await desk.done(ticket, desk.keeper, "remedy", notice=notices[1])
    assert not (await desk.office.rows(alarms))[0]["living"]
    await holds(desk.office)
    never = {"a miss untold": ("row_differs", "rectification", "UPDATE rectification SET overdue_index = NULL")}
    await each_is_found(desk.office, ("rectification",), never)


async def test_boards_by_type_state_owner_and_page(desk: Desk) -> None:
    first = await desk.opened()
    second = await desk.opened(type="seal_or_label", assigned_to=desk.keeper_id)
    await desk.done(first, desk.operator, "check")

    async def found(**params: Any) -> list[int]:
        rows = (await desk.keeper.get("tickets", params=params)).json()["rows"]
        return [row["index"] for row in rows]

    assert await found() == [second, first]
    assert await found(type="seal_or_label") == [second]
    assert await found(state="checked") == [first]
    assert await found(mine=True) == [second]
    page = (await desk.keeper.get("tickets", params={"limit": 1})).json()
    assert (page["rows"][0]["index"], await found(after=page["next"])) == (second, [first])


async def test_the_rules_say_whom_a_ticket_is_for_and_the_entry_says_which_rule(desk: Desk) -> None:
    second = await desk.office.person(Role.KEEPER)
    first = await desk.opened(type="missing_goods", assigned_to=desk.keeper_id)
    routed = await desk.shown(await desk.opened(type="missing_goods"))
    assert routed["assigned_to"] == second.id
    opening = routed["entries"][0]
    assert opening["told"]["routed_by"] == {"rule": "books", "pick": "least_loaded", "open": 0}
    assert opening["whom_name"] == second.name
    assert (await desk.shown(first))["entries"][0]["told"]["routed_by"] is None
    own = await desk.shown(await desk.opened(who=desk.keeper, type="missing_goods"))
    assert own["assigned_to"] == second.id  # whoever reports it does not answer it
    assert (await desk.shown(await desk.opened()))["assigned_to"] is None  # no rule fits
    await holds(desk.office)


OF_THE_TICKET = {
    "a state": ("row_differs", "ticket", "UPDATE ticket SET state = 'satisfied'"),
    "a round": ("row_differs", "ticket", "UPDATE ticket SET round = 1 WHERE round = 2"),
    "whose it is": ("row_differs", "ticket", "UPDATE ticket SET assigned_to = opened_by"),
    "who replied": ("row_differs", "ticket", "UPDATE ticket SET repliers = '{}'"),
    "from when its clock runs": ("row_differs", "ticket", "UPDATE ticket SET since = since + interval '1 hour'"),
    "a ticket gone": ("row_missing", "ticket", "DELETE FROM ticket"),
}
BESIDE_IT = {
    "a pause made longer": ("row_differs", "ticket_pause", "UPDATE ticket_pause SET resumed_at = '2027-01-01'"),
    "a pause gone": ("row_missing", "ticket_pause", "DELETE FROM ticket_pause"),
    "a notice put off": ("row_differs", "rectification", "UPDATE rectification SET due_at = '2028-01-01'"),
    "a notice confirmed": ("row_differs", "rectification", "UPDATE rectification SET confirmed_index = 1"),
}


async def test_each_way_to_change_a_ticket_behind_its_back_is_found(desk: Desk) -> None:
    ticket = await desk.opened()
    await desk.done(ticket, desk.keeper, "check")
    await desk.done(ticket, desk.keeper, "reply")
    await desk.done(ticket, desk.operator, "evaluate", satisfied=False)
    await each_is_found(desk.office, ("ticket",), OF_THE_TICKET)
    await desk.done(ticket, desk.supervisor, "pause")
    await desk.done(ticket, desk.supervisor, "resume")
    until = (desk.clock.at + 24 * HOUR).isoformat()
    await desk.done(ticket, desk.supervisor, "rectify", person=desk.keeper_id, due_at=until)
    await each_is_found(desk.office, ("ticket_pause", "rectification"), BESIDE_IT)
