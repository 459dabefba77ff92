"""Charts over HTTP: what there is, and what it was; only for one's own site."""

import csv
import io
from datetime import timedelta

from benchmarks.measuring import START, Measurer, column
from cloud.db.pool import transaction
from cloud.fleet.service import add_agent
from cloud.ledger.service import close_ledger, open_ledger
from cloud.readings import on_readings
from cloud.telemetry import export
from cloud.watching import Watching
from custody.roles import Role
from tests.cloud.api import CLOUD_KEY, Office, problem
from tests.cloud.conftest import Clock
from tests.cloud.receiving import PACK
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
    await tell(office, measurer, measurer.tell(measurer.run(300)))
    return measurer


async def tell(office: Office, measurer: Measurer, batch: bytes) -> None:
    parts = office.parts
    await on_readings(parts.pool, parts.world, CLOUD_KEY, [Message(measurer.topic, batch)])


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


async def test_a_chart_that_did_not_change_is_not_sent_again(office: Office) -> None:
    measurer = await measured(office)
    client = await office.signed_in(Role.OPERATOR)
    asked = {**ABOUT, "since": START.isoformat(), "until": (START + timedelta(hours=1)).isoformat()}
    first = await client.get("telemetry/course", params=asked)
    known = {"If-None-Match": f'"other", W/{first.headers["etag"]}'}
    again = await client.get("telemetry/course", params=asked, headers=known)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    await tell(office, measurer, measurer.tell(measurer.run(1), at=START + timedelta(minutes=30)))
    assert (await client.get("telemetry/course", params=asked, headers=known)).status_code == 200


async def test_readings_are_a_file_with_exact_times_and_units(office: Office) -> None:
    measurer = await measured(office)
    many, at = export.PIECE + 2, START + timedelta(hours=1)
    values = [round(20 + n / 1000, 3) for n in range(many)]
    # The last of a piece and the next are of one instant.
    times = [(n - (n == export.PIECE)) * 1000 + 7 for n in range(many)]
    await tell(office, measurer, measurer.tell(column("room.air", times, values), at=at))
    client = await office.signed_in(Role.OPERATOR)
    asked = {**ABOUT, "since": at.isoformat(), "until": (at + timedelta(hours=1)).isoformat()}
    answer = await client.get("telemetry/course.csv", params=asked)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    first = {"at_utc": "2026-11-22T04:00:00.000007Z", "step": "raw", "n": "1", "low": "20.0", "high": "20.0",
             "mean": "20.0", "unit": "°C"}  # fmt: skip
    assert rows[0] == first
    assert sorted(float(row["mean"]) for row in rows) == values
    by_day = (
        await client.get("telemetry/course.csv", params={**asked, "step": "day", "since": "2026-11-22T00:00Z"})
    ).text
    assert by_day.splitlines()[1].startswith(f"2026-11-22T00:00:00.000000Z,day,{many + 300},")
    problem(await client.get("telemetry/course.csv", params={**asked, "device": "room.none"}), 404, "not_found")


async def test_where_readings_were_removed_minutes_are_shown_instead_of_nothing(office: Office, clock: Clock) -> None:
    await measured(office)
    clock.advance(timedelta(days=31))
    await Watching(office.parts.pool, office.parts.world, PACK, readings_kept=timedelta(days=30)).look()
    client = await office.signed_in(Role.OPERATOR)
    asked = {**ABOUT, "since": START.isoformat(), "until": (START + timedelta(minutes=5)).isoformat()}
    shown = (await client.get("telemetry/course", params=asked)).json()
    assert (shown["step"], shown["removed"], [point["n"] for point in shown["points"]]) == ("minute", True, [60] * 5)
    assert ",minute,60," in (await client.get("telemetry/course.csv", params=asked)).text


async def test_another_site_sees_nothing_of_it_and_nonsense_is_refused(office: Office) -> None:
    await measured(office)
    client = await office.signed_in(Role.OPERATOR)
    span = {"since": START.isoformat(), "until": (START + timedelta(minutes=5)).isoformat()}
    problem(await client.get("telemetry/course", params={**ABOUT, **span, "device": "room.none"}), 404, "not_found")
    turned = {"since": span["until"], "until": span["since"]}
    problem(await client.get("telemetry/course", params={**ABOUT, **turned}), 422, "no_span")
    ever = {"since": "0001-01-01T00:00:00+14:00", "until": "9999-12-31T23:59:59-14:00", "points": "10"}
    assert (await client.get("telemetry/course", params={**ABOUT, **ever})).json()["step"] == "day"
    visitor = await office.visitor()
    assert (await visitor.get("telemetry")).status_code == 401
    assert (await client.get("telemetry", params={"site": "sz01"})).status_code in (403, 404)
