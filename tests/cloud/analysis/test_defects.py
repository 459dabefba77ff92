"""Each of the four defects is a figure and is found (L13); slow flow is in test_flow.py."""

from datetime import timedelta

from custody.roles import Role
from tests.cloud.analysis.people import lens
from tests.cloud.analysis.trouble import Trouble
from tests.cloud.api import AGENT, Office
from tests.cloud.conftest import Clock
from tests.cloud.evidence.floor import floor
from tests.cloud.evidence.warehouse import made

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def test_what_a_gate_saw_and_told_hours_later_is_late(office: Office, clock: Clock) -> None:
    look, built = await lens(office), await floor(office, clock, sensors=False)
    for _ in range(16):
        await built.walk.refused(built.store, [])
    assert await look.found("late_capture") == []
    for _ in range(8):
        body = built.walk._body(built.store, "in", []) | {
            "outcome": "refused", "reason": "too_few_people", "subject": "", "rule": "gate.people",
        }  # fmt: skip
        built.walk._say("passage_decided", body)
        clock.advance(3 * HOUR)
        await built.walk.send()
    (found,) = await look.found("late_capture")
    assert (found["subject"], found["hits"], found["n"], found["unit"]) == (AGENT, 8, 24, "percent")
    late = await office.rows("SELECT index FROM passage WHERE taken_at - at > interval '1 hour' ORDER BY index")
    assert sorted(int(one["id"]) for one in found["evidence"] if one["about"] == "entry") == [r["index"] for r in late]
    (figure,) = (await look.section("late_capture"))["figures"]
    assert figure["value"] < 60
    assert figure["high"] > 3600


async def test_items_without_a_value_are_thin_and_what_is_told_is_not(office: Office, clock: Clock) -> None:
    look, inspector = await lens(office), await office.signed_in(Role.INSPECTOR)
    case = made(await inspector.post("cases", json={"number": "1", "title": "c"}))["id"]
    new = {"case_id": case, "name": "烟", "quantity": 1, "unit": "条"}
    for number in range(20):
        made(await inspector.post("items", json={**new, "value_fen": 100 if number % 3 else 0}))
    assert await look.found() == []
    for _ in range(30):
        made(await inspector.post("items", json=new))
    (found,) = await look.found("thin_content")
    assert (found["subject"], found["hits"], found["n"]) == ("item_value", 37, 50)
    assert len(found["evidence"]) == 20
    newest = await office.rows("SELECT max(index) AS index FROM record WHERE kind = 'item_registered'")
    assert (found["evidence"][0]["about"], found["evidence"][0]["id"]) == ("entry", str(newest[0]["index"]))


async def test_a_ticket_and_an_alarm_that_nobody_touches_are_not_tracked(office: Office, clock: Clock) -> None:
    look, trouble = await lens(office), Trouble(office)
    operator = await office.signed_in(Role.OPERATOR)
    asked = {"type": "equipment", "title": "t", "words": "w"}
    silent, spoken = [made(await operator.post("tickets", json=asked))["ticket"] for _ in range(2)]
    await trouble.up("door_forced", "nj01.gate-a:store")
    clock.advance(6 * DAY)
    assert await look.found("no_tracking") == []
    operator = await office.signed_in(Role.OPERATOR)
    made(await operator.post(f"tickets/{spoken}/steps", json={"step": "comment", "words": "在查"}))
    clock.advance(2 * DAY)
    found = {row["subject"]: row for row in await look.found("no_tracking")}
    assert set(found) == {"tickets", "alarms"}
    assert (found["tickets"]["hits"], found["tickets"]["n"], found["tickets"]["value"]) == (1, 2, 8)
    shown = {what: [(one["about"], one["id"]) for one in row["evidence"]] for what, row in found.items()}
    (alarm,) = await office.rows("SELECT id FROM alarm")
    assert shown == {"tickets": [("ticket", str(silent))], "alarms": [("alarm", str(alarm["id"]))]}
