"""Who may look, at what, and for how long."""

from datetime import timedelta

from custody.roles import Role
from tests.cloud.analysis.people import lens, moment
from tests.cloud.api import Office, problem
from tests.cloud.conftest import Clock


async def test_whoever_is_judged_does_not_look_and_a_visitor_is_told_nothing(office: Office) -> None:
    problem(await (await office.visitor()).get("analysis"), 401, "not_signed_in")
    problem(await (await office.signed_in(Role.KEEPER)).get("analysis"), 403, "forbidden")
    supervisor = await office.signed_in(Role.SUPERVISOR)
    problem(await supervisor.get("analysis", params={"site": "xz09"}), 403, "forbidden")


async def test_a_period_has_a_beginning_an_end_and_a_longest(office: Office, clock: Clock) -> None:
    who = await office.signed_in(Role.LEADER)
    since = moment(clock.at)
    problem(await who.get("analysis", params={"since": since, "until": since}), 422, "no_span")
    problem(await who.get("analysis", params={"since": moment(clock.at + timedelta(days=1))}), 422, "no_span")
    long_ago = moment(clock.at - timedelta(days=401))
    problem(await who.get("analysis", params={"since": long_ago}), 422, "period_too_long")


async def test_an_empty_site_says_what_is_missing(office: Office) -> None:
    told = await (await lens(office)).whole()
    assert told["findings"] == []
    assert all(row["absent"] for row in told["sections"]), told["sections"]
    assert all(row["basis"]["zh"] and row["basis"]["en"] for row in told["sections"])
