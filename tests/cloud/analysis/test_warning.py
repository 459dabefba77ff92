"""Whether breaches were warned of before they came, and how long (J28)."""

from datetime import timedelta

import pytest

from cloud.reminders.worker import Reminding
from cloud.watching import Watching
from custody.roles import Role
from tests.cloud.analysis.people import client_of, lens
from tests.cloud.analysis.trouble import Trouble
from tests.cloud.api import Office
from tests.cloud.conftest import Clock
from tests.cloud.evidence.warehouse import made

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
YELLOW, RED = "rule.zone_filling", "rule.zone_full"


async def test_a_zone_that_turned_yellow_before_red_was_warned_of(office: Office, clock: Clock) -> None:
    look, trouble = await lens(office), Trouble(office)
    for zone, lead in (("nj01/Z-1", 10 * DAY), ("nj01/Z-2", 2 * DAY)):
        await trouble.up(YELLOW, zone)
        clock.advance(lead)
        await trouble.up(RED, zone)
    await trouble.up(YELLOW, "nj01/Z-3")
    await trouble.over(YELLOW, "nj01/Z-3")
    clock.advance(5 * DAY)
    missed = [await trouble.up(RED, "nj01/Z-3"), await trouble.up(RED, "nj01/Z-4")]
    figures = {row["unit"]: row for row in (await look.section("lead_time"))["figures"]}
    assert (figures["percent"]["subject"], figures["percent"]["value"], figures["percent"]["n"]) == (RED, 50, 4)
    assert (figures["hours"]["value"], figures["hours"]["low"], figures["hours"]["high"]) == (6 * 24, 48, 240)
    assert await look.found("lead_time") == [], "two of four: that may be half of all"
    for number in range(8):
        missed.append(await trouble.up(RED, f"nj01/Z-{9 + number}"))
    (found,) = await look.found("lead_time")
    assert (found["subject"], found["value"], found["hits"], found["n"]) == (RED, pytest.approx(100 / 6), 10, 12)
    assert found["high"] < 50
    assert [one["id"] for one in found["evidence"]] == [str(index) for index in missed]


async def test_what_an_agents_device_told_warns_of_its_agent(office: Office, clock: Clock) -> None:
    look, trouble = await lens(office), Trouble(office)
    await trouble.up("power_lost", "nj01.gate-a.ups")
    clock.advance(HOUR)
    await trouble.up("agent_offline", "nj01.gate-a")
    await trouble.up("agent_offline", "nj01.gate-ab")
    figures = {row["unit"]: row for row in (await look.section("lead_time"))["figures"]}
    assert (figures["percent"]["value"], figures["hours"]["value"]) == (50, 1)


async def test_a_reminder_before_a_deadline_counts_as_a_warning(office: Office, clock: Clock) -> None:
    look, operator = await lens(office), await client_of(office, await office.person(Role.OPERATOR))
    made(await operator.post("tickets", json={"type": "equipment", "title": "t", "words": "w"}))
    watch = Watching(office.parts.pool, office.parts.world, office.parts.pack)
    for after in (165 * HOUR, 5 * HOUR):
        clock.advance(after)
        await watch.look()
    figures = {row["unit"]: row for row in (await look.section("lead_time"))["figures"]}
    assert (figures["percent"]["subject"], figures["percent"]["value"]) == ("ticket_overdue", 100)
    assert figures["hours"]["value"] == pytest.approx(5)


async def test_a_reminder_of_another_thing_of_the_same_name_is_no_warning(office: Office, clock: Clock) -> None:
    look, operator = await lens(office), await client_of(office, await office.person(Role.OPERATOR))
    await office.person(Role.KEEPER)
    parts = office.parts
    made(await operator.post("tickets", json={"type": "equipment", "title": "t", "words": "w"}))
    clock.advance(150 * HOUR)
    assert await Reminding(parts.pool, parts.world, parts.pack).look() == 1
    clock.advance(20 * HOUR)
    await Watching(parts.pool, parts.world, parts.pack).look()
    (ticket,) = {row["place"] for row in await office.rows("SELECT place FROM alarm WHERE cause = 'ticket_overdue'")}
    await Trouble(office).up("loan_overdue", ticket)
    figures = (await look.section("lead_time"))["figures"]
    found = {(row["subject"], row["unit"]): row["value"] for row in figures}
    assert found == {
        ("ticket_overdue", "percent"): 100, ("ticket_overdue", "hours"): pytest.approx(20),
        ("loan_overdue", "percent"): 0,
    }  # fmt: skip
