"""What boards and first pages tell of tickets, and to whom."""

from typing import Any

from custody.roles import Role
from tests.cloud.api import Office
from tests.cloud.people.test_units import organised
from tests.cloud.tickets.desk import HOUR, Desk, client_of

__all__ = ["organised"]


async def told(client: Any, path: str, **params: Any) -> Any:
    answer = await client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_figures_of_a_site_by_state_type_owner_age_and_of_replies(desk: Desk) -> None:
    late = await desk.opened(assigned_to=desk.keeper_id)
    await desk.done(late, desk.keeper, "check")
    await desk.look(49 * HOUR)  # the reply is missed
    await desk.done(late, desk.keeper, "reply")
    await desk.done(late, desk.operator, "evaluate", satisfied=False)
    quick = await desk.opened(type="seal_or_label")
    await desk.done(quick, desk.keeper, "check")
    await desk.done(quick, desk.supervisor, "pause")
    await desk.look(HOUR)
    await desk.done(quick, desk.supervisor, "resume")
    await desk.look(HOUR)
    await desk.done(quick, desk.keeper, "reply")
    await desk.done(quick, desk.operator, "evaluate", satisfied=True)
    open_one = await desk.opened(type="seal_or_label")
    found = await told(desk.supervisor, "tickets/figures")
    assert [found[each] for each in ("reported", "checked", "replied", "overdue", "second_round")] == [2, 0, 0, 0, 1]
    assert [found[each] for each in ("closed", "closed_second_round", "replies", "replies_in_time")] == [1, 0, 2, 1]
    assert found["reply_median_s"] == (49 * 3600 + 3600) / 2  # an hour of the quick one did not count
    owners = [(row["key"], row["open"]) for row in found["by_owner"]]
    assert sorted(owners, key=str) == sorted([(desk.keeper_id, 1), (None, 1)], key=str)
    assert {row["key"]: row["open"] for row in found["by_type"]} == {"equipment": 1, "seal_or_label": 1}
    assert {row["key"]: row["open"] for row in found["by_age"]} == {"day": 1, "three_days": 1, "week": 0, "older": 0}
    assert found["homes"] == ["manager"]
    edge = (desk.clock.at - 24 * HOUR).isoformat()
    for params, indexes in (
        ({"again": True}, [late]),
        ({"opened_before": edge}, [late]),
        ({"opened_after": edge, "living": True}, [open_one]),
    ):
        listed = (await told(desk.keeper, "tickets", **params))["rows"]
        assert [row["index"] for row in listed] == indexes
    days = (await told(desk.supervisor, "tickets/trend", days=4))["days"]
    assert [sum(day[each] for day in days) for each in ("opened", "closed", "breached")] == [3, 1, 1]
    assert len(days) == 4


async def test_what_waits_for_me_is_told_by_when_it_is_due(desk: Desk) -> None:
    mine = await desk.opened(assigned_to=desk.keeper_id)
    nobodys = await desk.opened()
    until = (desk.clock.at + 2 * HOUR).isoformat()
    notice = await desk.done(mine, desk.supervisor, "rectify", person=desk.keeper_id, due_at=until)

    async def steps(who: Any) -> list[tuple[int, str, bool]]:
        rows = (await told(who, "tickets/waiting"))["rows"]
        return [(row["ticket"], row["step"], row["mine"]) for row in rows]

    assert await steps(desk.keeper) == [(mine, "remedy", True), (mine, "check", True), (nobodys, "check", False)]
    assert await steps(desk.supervisor) == []
    await desk.done(mine, desk.keeper, "remedy", notice=notice)
    assert await steps(desk.supervisor) == [(mine, "confirm", False)]
    await desk.done(mine, desk.keeper, "check")
    await desk.done(mine, desk.keeper, "reply")
    assert (mine, "evaluate", True) in await steps(desk.operator)
    assert [ticket for ticket, *_ in await steps(desk.keeper)] == [nobodys]


async def test_who_leads_sees_the_sites_below_and_no_other(organised: Office) -> None:
    for site in ("nj01", "sz01", "zj00"):
        person = await client_of(organised, await organised.person(Role.OPERATOR, site=site))
        body = {"type": "equipment", "title": "灯", "words": "不亮"}
        assert (await person.post("tickets", json=body)).status_code == 201
    leader = await organised.signed_in(Role.LEADER, site="js00")
    rows = (await told(leader, "tickets/sites"))["rows"]
    assert [(row["site"], row["open"], row["opened"]) for row in rows] == [
        ("js00", 0, 0), ("nj01", 1, 1), ("nj02", 0, 0), ("sz01", 1, 1)
    ]  # fmt: skip
    assert [row["site"] for row in (await told(leader, "tickets/sites", after="nj01", limit=1))["rows"]] == ["nj02"]
    trend = await told(leader, "tickets/trend", days=7)
    assert (trend["sites"], sum(day["opened"] for day in trend["days"])) == (4, 2)
    assert (await leader.get("tickets/figures", params={"site": "zj00"})).status_code == 403
    assert (await told(leader, "tickets/figures", site="sz01"))["reported"] == 1
    assert (await told(leader, "tickets/figures"))["homes"] == ["leader"]
