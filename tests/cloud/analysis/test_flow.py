"""How long stages take, and what lies here for too long (J23, L13)."""

from datetime import timedelta

import pytest

from cloud.analysis.flow import stage_after
from custody.roles import Role
from custody.things import State
from tests.cloud.analysis.people import client_of, lens, moment
from tests.cloud.api import LABEL_KEY, Office
from tests.cloud.conftest import Clock
from tests.cloud.evidence.walk import Walk
from tests.cloud.evidence.warehouse import made, warehouse
from wire.rule_packs import load_rule_pack

PACK = load_rule_pack()
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("action", "before", "state"),
    [
        ("register", None, State.INTAKE),
        ("seal", None, State.SEALED),
        ("stock_in", "handover", State.ARRIVED),
        ("stock_in", "stock_out", State.RETURNED),
        ("stock_in", None, None),
        ("stock_out", "approve_release", State.OUT),
        ("stock_out", "approve_disposal", State.LEAVING),
        ("repack", "open", State.ARRIVED),
        ("weigh", "handover", None),
    ],
)
def test_which_state_a_step_led_to(action: str, before: str | None, state: State | None) -> None:
    assert stage_after(PACK, action, before) is state


async def test_one_that_waited_thirty_days_where_others_wait_an_hour_is_found(office: Office, clock: Clock) -> None:
    look, store = await lens(office), await warehouse(office)
    inspector = await office.person(Role.INSPECTOR)
    client = await client_of(office, inspector)

    async def registered() -> str:
        new = {"case_id": store.case, "name": "误登", "quantity": 1, "unit": "条"}
        return str(made(await client.post("items", json=new))["id"])

    async def voided(item: str) -> int:
        who = await client_of(office, inspector)
        asked = {"action": "void", "things": [item], "details": {"reason": "误登记"}}
        return int(made(await who.post("acts", json=asked))["index"])

    slow, forgotten = await registered(), await registered()
    for number in range(9):
        item = await registered()
        clock.advance(HOUR + timedelta(minutes=number))
        await voided(item)
    assert await look.found() == [], "a clean day: two have waited no longer than a shift"
    clock.advance(timedelta(days=30) - 20 * HOUR)
    ended = await voided(slow)
    (found,) = await look.found()
    assert (found["kind"], found["subject"], found["hits"], found["unit"]) == ("dwell", "intake", 2, "hours")
    assert found["value"] == pytest.approx(30 * 24, rel=0.02)
    assert found["expected_high"] == 24
    assert "still_waiting" in found["weakens"]
    assert {one["id"] for one in found["evidence"] if one["about"] == "thing"} == {slow, forgotten}
    assert str(ended) in {one["id"] for one in found["evidence"] if one["about"] == "entry"}
    intake = next(row for row in (await look.section("dwell"))["figures"] if row["subject"] == "intake")
    assert intake["value"] == pytest.approx(1, abs=0.3), "the median, with those that wait counted in"
    clock.advance(timedelta(days=100))
    later = await look.section("dwell")
    assert [(row["subject"], row["n"]) for row in later["figures"]] == [("intake", 1), ("sealed", 1)]
    assert later["figures"][0]["value"] is None, "what is stuck since before the period still counts, and ends never"


async def test_each_stage_of_a_packages_way_is_timed_and_a_clean_day_has_no_finding(
    office: Office, clock: Clock
) -> None:
    look = await lens(office)
    await Walk(office, clock, LABEL_KEY).whole()
    told = await look.whole()
    assert told["findings"] == []
    (dwell,) = [row for row in told["sections"] if row["kind"] == "dwell"]
    timed = {row["subject"]: row["n"] for row in dwell["figures"]}
    assert timed == {
        "intake": 1, "sealed": 1, "received": 1, "arrived": 1, "release_approved": 1, "returned": 1
    }  # fmt: skip
    assert all(row["value"] is not None for row in dwell["figures"])


async def test_what_nobody_purged_is_found_unless_it_is_held(office: Office, clock: Clock) -> None:
    look, store = await lens(office), await warehouse(office)
    await store.stand("stored")
    assert await look.found() == []
    clock.advance(timedelta(days=400))
    (found,) = await look.found("ageing")
    assert (found["value"], found["expected_high"], found["hits"], found["unit"]) == (400, 365, 1, "days")
    assert [one["id"] for one in found["evidence"]] == [store.case, store.package]
    ages = {row["subject"]: row["value"] for row in (await look.section("ageing"))["figures"]}
    assert (ages["365-730"], ages["0-30"]) == (1, 0)
    past = moment(clock.at - timedelta(days=1))
    assert (await look.section("ageing", until=past))["absent"] == "only_now"
    approver = await client_of(office, await office.person(Role.APPROVER))
    made(await approver.post("holds", json={"things": [store.package], "reason": "复议"}))
    assert await look.found("ageing") == []
