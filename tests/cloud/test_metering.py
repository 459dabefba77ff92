"""What Prometheus gets: read by its own parser, named by its conventions, each name explained."""

import asyncio
import re
from pathlib import Path

import httpx
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.telling import Teller
from cloud.alarms.service import raise_alarm
from cloud.db.pool import Pool, transaction
from cloud.errors import SettingsError
from cloud.ledger.service import close_ledger, open_ledger
from cloud.metering import DownlinkMeter, ReadingsMeter, UplinkMeter, WebhookMeter, new_registry, served
from cloud.uplink import Uplink
from cloud.world import World
from simulators.broker import free_port
from tests.cloud.api import Office, office, parts
from tests.cloud.receiving import LOG_KEY, Receiving
from tests.cloud.test_uplink import QUICK, talking
from wire.memory import MemoryBroker

__all__ = ["office", "parts"]

PAPER = Path(__file__).parents[2] / "docs" / "interop.md"


def read(text: str) -> dict[str, Metric]:
    """The families by name; every one of ours has its explanation and keeps to the conventions."""
    families = {family.name: family for family in text_string_to_metric_families(text)}
    explained = set(re.findall(r"`(sealtrail_\w+)`", PAPER.read_text("utf-8")))
    for name, family in families.items():
        shown = f"{name}_total" if family.type == "counter" else name
        if name.startswith("sealtrail_"):
            assert shown in explained, shown
            assert family.documentation, name
            assert re.fullmatch(r"[a-z][a-z_]*", name), name
            assert not name.endswith(("_ms", "_minutes", "_count")), name
    return families


def value(families: dict[str, Metric], name: str, **labels: str) -> float:
    """The one sample of that name with those labels."""
    samples = [one for family in families.values() for one in family.samples]
    (found,) = [one.value for one in samples if one.name == name and one.labels == labels]
    return float(found)


async def test_a_worker_tells_at_its_port_what_it_took_and_what_not(pool: Pool, world: World, site: str) -> None:
    receiving, broker, teller = Receiving(pool, world, site), MemoryBroker(), Teller("nj01.gate-a")
    await receiving.know(teller)
    teller.chatter(20)
    registry, port = new_registry(pool), free_port()
    WebhookMeter(registry), ReadingsMeter(registry), DownlinkMeter(registry)
    worker = Uplink(pool, receiving.office, broker.connect, lambda _: LOG_KEY, QUICK, UplinkMeter(registry))
    with served(registry, "127.0.0.1", port):
        running = asyncio.create_task(worker.run())
        async with asyncio.timeout(240), talking(teller, broker) as talker:
            await worker.ready.wait()
            async with broker.connect() as link:
                await link.publish(teller.topic, b"no batch")
            await talker.say_all(10)
        async with httpx.AsyncClient(trust_env=False, timeout=240) as client:
            text = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
        running.cancel()
        await asyncio.wait({running})
    families = read(text)
    assert value(families, "sealtrail_facts_total") == 20
    assert value(families, "sealtrail_batches_total", outcome="quarantined") == 1
    assert value(families, "sealtrail_quarantined_total", why="unreadable") == 1
    assert value(families, "sealtrail_batches_total", outcome="taken") >= 2
    assert value(families, "sealtrail_database_connections_max") == 8
    assert value(families, "sealtrail_database_requests_total") > 0
    assert "process_resident_memory_bytes" in families
    async with httpx.AsyncClient(trust_env=False, timeout=240) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"http://127.0.0.1:{port}/metrics")


async def test_a_port_that_is_taken_is_said_in_one_sentence(pool: Pool) -> None:
    registry, port = new_registry(pool), free_port()
    with served(registry, "127.0.0.1", port), pytest.raises(SettingsError, match="METRICS_PORT"):  # noqa: SIM117 - order
        with served(registry, "127.0.0.1", port):
            pass


async def test_the_web_process_tells_how_the_whole_system_is(office: Office) -> None:
    parts, client = office.parts, await office.visitor()
    await office.agent()
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, "nj01")
        await raise_alarm(tx, appender, parts.world, cause="gap", place="x", severity="major", detail={},
                          at=parts.world.now())  # fmt: skip
        await close_ledger(tx, appender)
    families = read((await client.get("http://test/metrics")).text)
    entries = value(families, "sealtrail_ledger_entries", site="nj01")
    assert value(families, "sealtrail_ledger_unsigned_entries", site="nj01") == entries > 0
    assert value(families, "sealtrail_alarms_living", site="nj01", severity="major") == 1
    assert value(families, "sealtrail_agents", site="nj01") == 1
    assert value(families, "sealtrail_agents_online", site="nj01") == 0
    await office.execute("UPDATE alarm SET cleared_at = now()")
    later = read((await client.get("http://test/metrics")).text)
    assert later["sealtrail_alarms_living"].samples == []


def test_the_paper_explains_nothing_that_is_not_there() -> None:
    parts = ("cloud", "edge_agent", "witness")
    sources = "".join(path.read_text("utf-8") for part in parts for path in (PAPER.parents[1] / part).rglob("met*.py"))
    for name in re.findall(r"`sealtrail_(\w+)`", PAPER.read_text("utf-8")):
        assert re.sub("^(database|agent)_", "", re.sub("_(total|info)$", "", name)) in sources, name
