"""What is wanted of an agent is signed, numbered and kept, with what the agent said became of it."""

import asyncio
from pathlib import Path
from typing import Any

from cloud.downlink import Downlink
from proof import jws
from tests.cloud.api import CLOUD_KEY, Office, problem
from tests.cloud.conftest import Clock
from tests.cloud.joining.devices import Joined, join, open_office, voice
from tests.cloud.people.derived import holds
from tests.cloud.receiving import Receiving
from wire.joining import DESIRED_TYPE, content_hash
from wire.memory import MemoryBroker

AGENT = "nj01.gate-a"
SITE_FILE = "site: nj01\nagent: nj01.gate-a\ndevices: []\n"


def wish(**change: Any) -> dict[str, Any]:
    return {"site_file": SITE_FILE, "settings": {"keep_days": "60"}, "reason": "新摄像头", **change}


async def told(office: Office, joined: Joined, clock: Clock, *facts: tuple[str, dict[str, Any]]) -> None:
    teller = voice(joined)
    for kind, body in facts:
        teller.say(kind, body, at=clock.at)
    await Receiving(office.parts.pool, office.parts.world, "nj01").take(teller, teller.batch(1, len(facts)))


async def test_versions_grow_are_signed_and_retained_for_the_agent(office: Office, tmp_path: Path) -> None:
    open_office(office, tmp_path)
    joined = await join(office)
    for version in (1, 2):
        made = await joined.admin.post(f"agents/{AGENT}/configurations", json=wish())
        assert (made.status_code, made.json()["version"]) == (201, version), made.text
    broker = MemoryBroker()
    downlink = Downlink(office.parts.pool, office.parts.database_url, office.parts.world, broker.connect)
    running = asyncio.create_task(downlink.run())
    try:
        async with asyncio.timeout(240), broker.connect() as agent:
            await agent.subscribe(f"sealtrail/v1/{AGENT}/desired")
            message = await anext(aiter(agent.messages()))
    finally:
        running.cancel()
        await asyncio.wait({running})
    said = jws.verify(message.payload.decode(), lambda _: CLOUD_KEY.public, DESIRED_TYPE)
    assert (said["agent"], said["version"]) == (AGENT, 2)
    assert said["hash"] == content_hash(SITE_FILE, {"keep_days": "60"})
    await holds(office)


async def test_what_became_of_each_is_what_the_agent_said(office: Office, clock: Clock, tmp_path: Path) -> None:
    open_office(office, tmp_path)
    joined = await join(office)
    for _ in range(3):
        await joined.admin.post(f"agents/{AGENT}/configurations", json=wish())
    name = content_hash(SITE_FILE, {"keep_days": "60"})
    await told(
        office, joined, clock,
        ("configuration_refused", {"version": 1, "hash": name, "faults": ["site.yaml:3: devices: too short"]}),
        ("configuration_rolled_back", {"version": 2, "hash": name, "to": 0, "problem": "no picture"}),
        ("configuration_applied", {"version": 3, "hash": "another", "before": 0}),
    )  # fmt: skip
    rows = (await joined.admin.get(f"agents/{AGENT}/configurations")).json()["rows"]
    assert [(row["version"], row["outcome"]) for row in rows] == [(3, None), (2, "rolled_back"), (1, "refused")]
    assert [row["faults"] for row in rows] == [[], ["no picture"], ["site.yaml:3: devices: too short"]]
    assert await office.rows("SELECT cause, severity FROM alarm WHERE cause = 'configuration_failed'") != []
    await holds(office)


async def test_what_cannot_be_meant_for_the_agent_is_not_sent(office: Office, tmp_path: Path) -> None:
    open_office(office, tmp_path)
    joined = await join(office)
    way = f"agents/{AGENT}/configurations"
    problem(await joined.admin.post(way, json=wish(site_file="a: [")), 422, "site_file_faults")
    problem(await joined.admin.post(way, json=wish(site_file="site: nj01\nagent: nj01.gate-b\n")), 422,
            "site_file_faults")  # fmt: skip
    problem(await joined.admin.post(way, json=wish(settings={"key_file": "1"})), 422, "invalid")
    problem(await joined.keeper.post(way, json=wish()), 403, "forbidden")
    problem(await joined.admin.post("agents/nj01.gate-z/configurations", json=wish()), 404, "not_found")
    await joined.admin.post(f"agents/{AGENT}/revoke", json={"reason": "lost"})
    problem(await joined.admin.post(way, json=wish()), 409, "agent_revoked")
    assert await office.rows("SELECT version FROM desired") == []
