"""All sites that somebody may read, at once: how they are, what lives there, and the stream of it."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from starlette.types import Message

from cloud.alarms.service import raise_alarm
from cloud.db.pool import transaction
from cloud.ledger.service import close_ledger, open_ledger
from cloud.live.hub import Hub
from cloud.live.stream import LiveResponse
from custody.roles import Role
from tests.cloud.api import Office, problem
from tests.cloud.conftest import Clock
from tests.cloud.evidence.warehouse import made
from tests.cloud.people.test_units import organised

__all__ = ["organised"]


async def alarm(office: Office, site: str, cause: str, severity: Any = "major") -> None:
    parts = office.parts
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, site)
        await raise_alarm(
            tx, appender, parts.world, cause=cause, place=f"{site}.gate-a", severity=severity, detail={},
            at=parts.world.now(),
        )  # fmt: skip
        await close_ledger(tx, appender)


@pytest.mark.parametrize(
    ("home", "reads"), [("js00", ["js00", "nj01", "nj02", "sz01"]), ("nj01", ["nj01", "nj02"]), ("none", ["none"])]
)
async def test_all_that_are_below_and_no_other(organised: Office, home: str, reads: list[str]) -> None:
    for site in ("nj02", "sz01", "zj00", "none"):
        await alarm(organised, site, "door_forced")
    client = await organised.signed_in(Role.OPERATOR, site=home)
    rows = (await client.get("sites/states")).json()["rows"]
    assert [row["id"] for row in rows] == reads
    living = (await client.get("sites/alarms")).json()
    assert {row["site"] for row in living["rows"]} == set(reads) & {"nj02", "sz01", "none"}
    for way in ("states", "alarms", "live"):
        problem(await (await organised.visitor()).get(f"sites/{way}"), 401, "not_signed_in")


async def test_a_site_as_it_is_now(organised: Office, clock: Clock) -> None:
    await organised.agent()
    admin = await organised.signed_in(Role.ADMIN, Role.OPERATOR, Role.SUPERVISOR, Role.KEEPER, site="nj01")
    for name, capacity, used in (("full", 1, 1), ("filling", 10, 9), ("free", 10, 8)):
        zone = made(await admin.post("zones", json={"name": name, "zone_class": "ordinary"}))["id"]
        slots = [{"name": f"{name}-1", "capacity": capacity}]
        slot = made(await admin.post("slots", json={"zone": zone, "slots": slots}))["rows"][0]["id"]
        for number in range(used):
            lies = "INSERT INTO custody (thing, site, slot, index) VALUES (%s, 'nj01', %s, 0)"
            await organised.execute(lies, f"nj01/P-{name}{number}", slot)
    for cause, severity in (("door_forced", "critical"), ("x", "major"), ("y", "info")):
        await alarm(organised, "nj01", cause, severity)
    opened = clock.at
    ticket = (await admin.post("tickets", json={"type": "equipment", "title": "灯", "words": "暗"})).json()["ticket"]
    clock.advance(timedelta(hours=1))
    await admin.post("tickets", json={"type": "equipment", "title": "门", "words": "响"})
    row = next(row for row in (await admin.get("sites/states")).json()["rows"] if row["id"] == "nj01")
    assert [row[severity] for severity in ("critical", "major", "warning", "info")] == [1, 1, 0, 1]
    assert (row["agents"], row["agents_offline"]) == (1, 1)
    assert (row["tickets"], row["overdue"], row["oldest_ticket"]) == (2, 0, ticket)
    assert row["oldest_at"].startswith(f"{opened:%Y-%m-%dT%H:%M}")
    assert (row["capacity"], row["used"], row["zones"], row["zones_full"], row["zones_filling"]) == (21, 18, 3, 1, 1)
    assert row["checkpoint_at"] is None
    assert row["entries_after"] > 0


async def test_the_worst_come_first_and_it_is_said_how_many_more_live(organised: Office) -> None:
    await alarm(organised, "sz01", "x", "info")
    await alarm(organised, "nj01", "x", "critical")
    await alarm(organised, "nj02", "x", "major")
    client = await organised.signed_in(Role.OPERATOR, site="js00")
    told = (await client.get("sites/alarms", params={"limit": 2})).json()
    assert [(row["site"], row["severity"]) for row in told["rows"]] == [("nj01", "critical"), ("nj02", "major")]
    assert told["more"] == 1


async def test_one_stream_tells_of_all_sites_without_ids(organised: Office) -> None:
    hub: Hub = organised.app.state.hub
    told: asyncio.Queue[bytes] = asyncio.Queue()

    async def send(message: Message) -> None:
        told.put_nowait(message.get("body", b""))

    async def receive() -> Message:
        never: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        return await never

    async def until(part: bytes) -> bytes:
        while part not in (body := await told.get()):
            pass
        return body

    running = asyncio.create_task(hub.run())
    await hub.listens.wait()
    stream = asyncio.create_task(LiveResponse(hub, ("nj01", "sz01"), None)({"type": "http"}, receive, send))
    try:
        await asyncio.wait_for(until(b"here"), 20)
        assert hub.watching == 1
        for site in ("nj02", "sz01", "nj01"):
            await alarm(organised, site, "door_forced")
        bodies = [await asyncio.wait_for(until(b"event: alarm"), 20) for _ in range(2)]
    finally:
        for task in (stream, running):
            task.cancel()
        await asyncio.gather(stream, running, return_exceptions=True)
    assert not any(body.startswith(b"id:") for body in bodies)
    sites = [json.loads(body.partition(b"data: ")[2])["site"] for body in bodies]
    assert sorted(sites) == ["nj01", "sz01"], "and nothing of nj02, which is not watched"
    assert hub.watching == 0
