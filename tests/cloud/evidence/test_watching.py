"""What only the clock brings about; every look here is that of a watch that was just started."""

from datetime import timedelta

import pytest

from custody.roles import Role
from tests.cloud.api import Office, problem
from tests.cloud.conftest import Clock
from tests.cloud.evidence.crew import Crew
from tests.cloud.evidence.floor import Floor, floor
from tests.cloud.evidence.warehouse import warehouse
from tests.cloud.people.derived import holds

HOUR = timedelta(hours=1)


@pytest.fixture
async def built(office: Office, clock: Clock) -> Floor:
    return await floor(office, clock, sensors=False)


async def waiting_handover(office: Office, clock: Clock) -> tuple[Floor, str]:
    """A package whose handover has one hand of two; returns the act."""
    store = await warehouse(office)
    built = Floor(office, clock, None, store, {}, [])  # type: ignore[arg-type]  # no gate is needed here
    act = (await store.crew.propose(store.inspector, "handover", store.package)).json()["act"]
    return built, str(act)


async def living(office: Office) -> set[tuple[str, str]]:
    rows = await office.rows("SELECT cause, place FROM alarm WHERE cleared_at IS NULL")
    return {(row["cause"], row["place"]) for row in rows}


async def test_an_act_that_waits_too_long_is_an_alarm_until_it_is_done(office: Office, clock: Clock) -> None:
    built, act = await waiting_handover(office, clock)
    await built.look(2 * HOUR - timedelta(seconds=1))
    assert await living(office) == set()
    await built.look(timedelta(seconds=1))
    await built.look(HOUR)
    assert await living(office) == {("act_stuck", act)}
    (row,) = await office.rows("SELECT occurrences, severity FROM alarm")
    assert (row["occurrences"], row["severity"]) == (1, "major")
    assert (await built.store.crew.sign(built.store.keeper, act)).status_code == 201
    assert await living(office) == set()
    await holds(office)


async def test_an_act_that_nobody_signs_in_time_lapses_and_frees_its_things(office: Office, clock: Clock) -> None:
    built, act = await waiting_handover(office, clock)
    await built.look(71 * HOUR)
    assert await living(office) == {("act_stuck", act)}
    await built.look(HOUR)
    await built.look(HOUR)
    crew = Crew(office)  # the sessions of three days ago are over
    keeper, inspector = await crew.person(Role.KEEPER), await crew.person(Role.INSPECTOR)
    shown = (await keeper.get(f"acts/{act}")).json()
    assert (shown["ended"], shown["mine"]) == ("expired", False)
    assert await living(office) == set()
    assert len(await office.rows("SELECT FROM record WHERE kind = 'act_expired'")) == 1
    problem(await crew.sign(keeper, act), 409, "ended")
    assert (await crew.propose(inspector, "handover", built.package)).status_code == 202
    history = (await keeper.get(f"history/{built.package}")).json()["rows"]
    assert [row["actor"] for row in history if row["kind"] == "act_expired"] == ["jobs"]
    await holds(office)


async def test_a_signature_after_the_end_is_refused_before_anybody_looked(office: Office, clock: Clock) -> None:
    built, act = await waiting_handover(office, clock)
    clock.advance(72 * HOUR + timedelta(seconds=1))
    keeper = await Crew(office).person(Role.KEEPER)
    refused = problem(await built.store.crew.sign(keeper, act), 409, "refused")
    assert refused["reason"] == "act_expired"


async def test_what_is_lent_and_not_back_in_time_is_an_alarm_until_it_is_back(built: Floor) -> None:
    store = built.store
    await built.go_in()
    await built.place("A-1")
    due = (built.clock.at + 2 * HOUR).isoformat()
    await store.crew.do("approve_release", built.package, by=(Role.CASE_HANDLER, Role.APPROVER), due_at=due)
    await built.look(3 * HOUR)
    assert await built.living() == set()  # it has not left yet
    permit = (await store.keeper.post("permits", json=store.permit("out"))).json()["id"]
    await built.walk.pass_gate(store, "out", permit, built.people)
    await built.look(timedelta(minutes=10))
    await built.look(timedelta(minutes=10))
    assert await built.living() == {("loan_overdue", built.package)}
    await built.go_in()
    assert await built.living() == set()
    await holds(built.office)


async def test_a_clock_of_the_law_that_ran_out_warns_once(built: Floor) -> None:
    case = built.store.case
    await built.look(7 * 24 * HOUR - 10 * timedelta(minutes=1))
    assert await built.living() == set()
    await built.look(10 * timedelta(minutes=1))
    assert await built.living() == {("case_clock", f"{case}:preservation")}
    (alarm,) = await built.office.rows("SELECT id, severity, detail FROM alarm WHERE cleared_at IS NULL")
    assert (alarm["severity"], alarm["detail"]["clock"]) == ("warning", "preservation")
    admin = await built.office.signed_in(Role.ADMIN)
    cleared = await admin.post(f"alarms/{alarm['id']}/clear", json={"cause_code": "decided"})
    assert cleared.is_success, cleared.text
    await built.look(HOUR)
    assert await built.living() == set()
    await built.look(83 * 24 * HOUR)
    assert await built.living() == {("case_clock", f"{case}:case_decision")}
    await holds(built.office)


async def test_a_case_whose_things_are_at_their_end_has_no_clock(office: Office, clock: Clock) -> None:
    store = await warehouse(office)
    await office.as_owner("UPDATE item SET state = 'destroyed'")
    built = Floor(office, clock, None, store, {}, [])  # type: ignore[arg-type]  # no gate is needed here
    await built.look(100 * 24 * HOUR)
    assert await living(office) == set()
