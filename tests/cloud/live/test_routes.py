"""The stream over real sockets: what one screen gets, in what order, and what it gets when it comes back."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import uvicorn

from cloud.alarms.service import clear_alarm, raise_alarm
from cloud.db.pool import Tx, transaction
from cloud.ledger.service import Appender, close_ledger, open_ledger
from cloud.live.hub import Hub
from cloud.people.access import COOKIE
from cloud.web.serve import Server
from custody.roles import Role
from tests.cloud.api import API, Office, problem

PASSAGE = """INSERT INTO passage (site, index, agent, seq, station, direction, outcome, reason, rule, subject, things,
people, at, taken_at, picture) VALUES ('nj01', %s, 'nj01.gate-a', %s, 'gate-a', 'out', 'refused', 'no_permit',
'gate.permit.needed', 'nj01/I-1', '{nj01/I-1}', '{}', now(), now(), repeat('ab', 32))"""


@dataclass(frozen=True)
class Told:
    """One event of the stream."""

    id: int | None
    name: str
    data: dict[str, Any]


async def told(lines: AsyncIterator[str]) -> Told:
    """The next event."""
    fields: dict[str, str] = {}
    async for line in lines:
        name, _, value = line.partition(": ")
        if line and name:
            fields[name] = value
        elif "data" in fields:
            return Told(int(fields["id"]) if "id" in fields else None, fields["event"], json.loads(fields["data"]))
        elif not line:
            fields = {}
    raise AssertionError("the stream ended")


async def joined(lines: AsyncIterator[str]) -> int:
    """From which entry on the screen gets what is committed: said once all that it missed is told."""
    async for line in lines:
        if line.startswith("id: "):
            return int(line.removeprefix("id: "))
    raise AssertionError("the stream ended")


@dataclass
class Station:
    """A served application, and screens that watch it."""

    office: Office
    hub: Hub
    url: str
    cookie: str

    @asynccontextmanager
    async def watch(self, headers: dict[str, str] | None = None, **query: Any) -> AsyncIterator[AsyncIterator[str]]:
        """Lines of a new screen's stream, once it has begun."""
        async with (
            httpx.AsyncClient(cookies={COOKIE: self.cookie}, timeout=240) as client,
            client.stream("GET", f"{self.url}{API}/live", params=query, headers=headers) as response,
        ):
            assert response.headers["content-type"].startswith("text/event-stream")
            assert "content-encoding" not in response.headers
            lines = response.aiter_lines()
            assert await anext(lines) == "retry: 1000"
            yield lines

    async def decide(self, count: int = 1, begin: int = 0) -> list[int]:
        """So many refused passages in one commit, among entries of other kinds; returns their entries."""
        async with transaction(self.office.parts.pool) as tx:
            appender = await open_ledger(tx, "nj01")
            indexes = [await _passage(tx, appender, begin + number) for number in range(count)]
            await close_ledger(tx, appender)
        return indexes


async def _passage(tx: Tx, appender: Appender, number: int) -> int:
    appender.add({"v": 1, "type": "fact", "kind": "heartbeat"})
    index = appender.add({"v": 1, "type": "fact", "kind": "passage_decided"})
    await tx.execute(PASSAGE.encode(), [index, index + number])
    return index


@pytest.fixture
async def station(office: Office) -> AsyncIterator[Station]:
    await office.agent()
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    hub: Hub = office.app.state.hub
    config = uvicorn.Config(office.app, port=0, log_config=None, lifespan="on", timeout_graceful_shutdown=5)
    server = Server(config, hub, ready.set_result)
    serving = asyncio.create_task(server.serve())
    url = json.loads(await asyncio.wait_for(ready, 240))["url"]
    await asyncio.wait_for(hub.listens.wait(), 240)
    yield Station(office, hub, url, await office.cookie(await office.person(Role.OPERATOR)))
    server.stop()
    await asyncio.wait_for(serving, 240)


async def test_a_passage_is_told_as_it_is_committed(station: Station) -> None:
    async with station.watch() as lines:
        await joined(lines)
        [index] = await station.decide()
        event = await told(lines)
    assert (event.id, event.name, event.data["index"]) == (index, "passage", index)
    assert event.data["rule_text"] == {"zh": "没有许可不得通过", "en": "Nothing passes without a permit"}
    assert event.data["picture_ready"] is False
    page = await (await station.office.signed_in(Role.OPERATOR)).get("passages")
    assert page.json() == {"rows": [event.data], "next": None}


async def test_what_went_around_the_ordinary_way_is_told_as_it_is_committed(station: Station) -> None:
    """J31: who supervises looks anew the moment there is something to see."""
    async with station.watch() as lines:
        await joined(lines)
        inspector, keeper = [await station.office.signed_in(role) for role in (Role.INSPECTOR, Role.KEEPER)]
        case = (await inspector.post("cases", json={"number": "1", "title": "x"})).json()["id"]
        new = {"case_id": case, "name": "x", "quantity": 1, "unit": "件"}
        item = (await inspector.post("items", json=new)).json()["id"]
        refused = await keeper.post("acts", json={"action": "destroy", "things": [item]})
        assert refused.status_code == 409
        event = await told(lines)
        (row,) = (await keeper.get("overrides")).json()["rows"]
    assert (event.id, event.name) == (row["index"], "override")
    assert event.data == {"index": row["index"], "kind": "act_refused"}


async def test_every_screen_gets_every_event_in_the_order_of_the_ledger(station: Station) -> None:
    async with station.watch() as one, station.watch() as other:
        await joined(one)
        await joined(other)
        first = await station.decide(20)
        second = await station.decide(20, begin=100)
        for lines in (one, other):
            assert [(await told(lines)).id for _ in range(40)] == first + second


async def test_who_comes_back_misses_nothing_and_gets_nothing_twice(station: Station) -> None:
    before = await station.decide(5)
    async with station.watch(after=-1) as lines:
        assert [(await told(lines)).id for _ in range(5)] == before
    missed = await station.decide(3, begin=100)
    async with station.watch(headers={"Last-Event-ID": str(before[-1])}, after=-1) as lines:
        assert [(await told(lines)).id for _ in range(3)] == missed
        await joined(lines)
        fresh = await station.decide(2, begin=200)
        assert [(await told(lines)).id for _ in range(2)] == fresh


async def test_a_screen_that_comes_in_the_middle_of_a_stream_of_commits_gets_each_once(station: Station) -> None:
    async def commit() -> list[int]:
        return [index for number in range(40) for index in await station.decide(2, begin=1000 * number)]

    committing = asyncio.create_task(commit())
    [begin] = await station.decide(begin=10**6)
    async with station.watch(after=begin) as lines:
        indexes = [index for index in await committing if index > begin]
        assert [(await told(lines)).id for _ in indexes] == indexes


async def test_what_became_of_a_passage_and_alarms_are_told_under_their_own_entries(station: Station) -> None:
    async with station.watch() as lines:
        await joined(lines)
        [index] = await station.decide()
        assert (await told(lines)).name == "passage"
        async with transaction(station.office.parts.pool) as tx:
            appender = await open_ledger(tx, "nj01")
            at = appender.add({"kind": "passage_crossed"})
            await tx.execute(b"UPDATE passage SET crossed_index = %s WHERE index = %s", [at, index])
            await close_ledger(tx, appender)
        assert await told(lines) == Told(at, "crossed", {"index": index, "crossed_index": at})
        await _alarm(station)
        raised = await told(lines)
        assert (raised.name, raised.data["cause"], raised.data["cleared_at"]) == ("alarm", "agent_offline", None)
        await _alarm(station, clear=True)
        cleared = await told(lines)
    assert cleared.data["id"] == raised.data["id"]
    assert cleared.data["cleared_at"] is not None
    assert cleared.id is not None
    assert raised.id is not None
    assert cleared.id > raised.id


async def _alarm(station: Station, *, clear: bool = False) -> None:
    world, place = station.office.parts.world, "nj01.gate-a"
    async with transaction(station.office.parts.pool) as tx:
        appender = await open_ledger(tx, "nj01")
        if clear:
            await clear_alarm(tx, appender, world, cause="agent_offline", place=place, at=world.now())
        else:
            await raise_alarm(
                tx, appender, world,
                cause="agent_offline", place=place, severity="major", detail={}, at=world.now(),
            )  # fmt: skip
        await close_ledger(tx, appender)


async def test_an_agent_that_comes_and_a_still_that_arrives_are_told_without_an_id(station: Station) -> None:
    async with station.watch() as lines:
        await joined(lines)
        await station.office.execute("UPDATE agent_stream SET online = true")
        assert await told(lines) == Told(None, "agent", {"id": "nj01.gate-a", "online": True})
        await station.office.execute('SELECT pg_notify(\'media\', \'{"site": "nj01", "sha256": "ab"}\')')
        assert await told(lines) == Told(None, "picture", {"sha256": "ab"})


async def test_what_was_committed_while_nobody_listened_is_told_when_somebody_does_again(station: Station) -> None:
    async with station.watch() as lines:
        await joined(lines)
        await station.office.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE left(query, 6) = 'LISTEN'"
        )
        indexes = await station.decide(3)
        assert [(await told(lines)).id for _ in range(3)] == indexes


async def test_a_screen_that_takes_nothing_is_cut_and_the_others_go_on(station: Station) -> None:
    hub = station.hub
    slow = hub.new_watcher()
    follow = hub.follow(slow, "nj01", None)
    first = asyncio.ensure_future(anext(follow))
    async with station.watch() as lines:
        await first
        begun = [await joined(lines)]
        indexes = await station.decide(hub.room + 1, begin=10)
        assert begun == [indexes[0] - 2]
        await asyncio.wait_for(slow.cut.wait(), 240)
        assert slow.slow
        assert (await told(lines)).id == indexes[0]
    await follow.aclose()


async def test_streams_end_when_the_process_stops(station: Station) -> None:
    async with station.watch() as lines:
        await joined(lines)
        station.hub.close()
        assert [line async for line in lines if line] == []


async def test_the_stream_is_for_who_is_signed_in_and_of_their_site(office: Office) -> None:
    problem(await (await office.visitor()).get("live"), 401, "not_signed_in")
    client = await office.signed_in(Role.OPERATOR)
    problem(await client.get("live", params={"site": "sz01"}), 403, "forbidden")
    problem(await client.get("live", params={"after": "x"}), 422, "invalid")
    problem(await client.get("live", headers={"Last-Event-ID": "x"}), 422, "invalid")


async def test_pages_of_passages_and_alarms_go_on_and_can_be_filtered(station: Station) -> None:
    indexes = await station.decide(3)
    await _alarm(station)
    client = await station.office.signed_in(Role.AUDITOR)
    page = (await client.get("passages", params={"limit": 2})).json()
    more = (await client.get("passages", params={"limit": 2, "before": page["next"]})).json()
    assert [row["index"] for row in page["rows"] + more["rows"]] == indexes[::-1]
    assert (await client.get("passages", params={"outcome": "allowed"})).json()["rows"] == []
    assert len((await client.get("alarms", params={"living": True})).json()["rows"]) == 1
    await _alarm(station, clear=True)
    assert (await client.get("alarms", params={"living": True})).json()["rows"] == []
    assert len((await client.get("alarms")).json()["rows"]) == 1
