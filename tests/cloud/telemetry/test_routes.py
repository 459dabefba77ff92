"""Charts over HTTP: what there is, and what it was; only for one's own site."""

from datetime import timedelta

from benchmarks.measuring import START, Measurer
from cloud.db.pool import transaction
from cloud.fleet.service import add_agent
from cloud.ledger.service import close_ledger, open_ledger
from cloud.readings import on_readings
from custody.roles import Role
from tests.cloud.api import CLOUD_KEY, Office, problem
from wire.link import Message

ABOUT = {"agent": "nj01.room", "device": "room.air", "measures": "temperature"}


async def measured(office: Office) -> Measurer:
    measurer, parts = Measurer("nj01.room"), office.parts
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, "nj01")
        await add_agent(
            tx, appender, parts.world, agent=measurer.agent, public_key=measurer.key.public, at=START, actor="test"
        )  # fmt: skip
        await close_ledger(tx, appender)
    message = Message(measurer.topic, measurer.tell(measurer.run(300)))
    await on_readings(parts.pool, parts.world, CLOUD_KEY, [message])
    return measurer


async def test_a_chart_is_answered_by_minute_and_nearer_by_the_reading(office: Office) -> None:
    await measured(office)
    client = await office.signed_in(Role.OPERATOR)
    (series,) = (await client.get("telemetry")).json()
    assert {name: series[name] for name in ABOUT} == ABOUT
    assert series["unit"] == "°C"
    until = START + timedelta(minutes=5)
    span = {"since": START.isoformat(), "until": until.isoformat()}
    far = (await client.get("telemetry/course", params={**ABOUT, **span, "points": 100})).json()
    near = (await client.get("telemetry/course", params={**ABOUT, **span, "points": 1000})).json()
    assert (far["step"], [point["n"] for point in far["points"]]) == ("minute", [60] * 5)
    assert (near["step"], len(near["points"]), near["error_ms"]) == ("raw", 300, 10)


async def test_another_site_sees_nothing_of_it_and_nonsense_is_refused(office: Office) -> None:
    await measured(office)
    client = await office.signed_in(Role.OPERATOR)
    span = {"since": START.isoformat(), "until": (START + timedelta(minutes=5)).isoformat()}
    problem(await client.get("telemetry/course", params={**ABOUT, **span, "device": "room.none"}), 404, "not_found")
    turned = {"since": span["until"], "until": span["since"]}
    problem(await client.get("telemetry/course", params={**ABOUT, **turned}), 422, "no_span")
    visitor = await office.visitor()
    assert (await visitor.get("telemetry")).status_code == 401
    assert (await client.get("telemetry", params={"site": "sz01"})).status_code in (403, 404)
