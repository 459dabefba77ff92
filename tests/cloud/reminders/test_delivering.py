"""Messages on their way by the real queue: one for many, tried again, none held up by another, none lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest

from cloud.errors import DatabaseGoneError
from cloud.reminders.channels import Ways
from cloud.reminders.delivering import Delivering
from tests.cloud.api import Office, problem
from tests.cloud.conftest import Clock
from tests.cloud.reminders.desk import HOUR, Desk, seated
from tests.cloud.reminders.receivers import Receiver, listening, robot, said

SOON = (timedelta(0), timedelta(0))
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def desk(office: Office, clock: Clock) -> Desk:
    return await seated(office, clock)


@asynccontextmanager
async def working(desk: Desk, left: timedelta = timedelta(minutes=1), **ways: Any) -> AsyncIterator[None]:
    """The worker, until the block ends; begun anew where the database goes away, as `cloud.jobs` does."""
    parts = desk.office.parts
    async with httpx.AsyncHTTPTransport(trust_env=False) as http:
        there = Ways(http=http, inner=["127.0.0.1"], **ways)
        worker = Delivering(
            parts.pool, parts.database_url, parts.world, parts.pack, there, link="https://c.cn/reminders", again=SOON,
            every=timedelta(milliseconds=50), left=left,
        )  # fmt: skip

        async def always() -> None:
            while True:
                try:
                    await worker.run()
                except* DatabaseGoneError:
                    pass

        task = asyncio.create_task(always())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})


async def hook(desk: Desk, receiver: Receiver, name: str = "keeper", path: str = "") -> int:
    url = f"http://127.0.0.1:{receiver.port}/{path}"
    return int((await desk.ask(name, "POST", "reminders/channels", json={"kind": "webhook", "target": url}))["id"])


async def ended(desk: Desk, name: str = "keeper", many: int = 1) -> list[dict[str, Any]]:
    """The messages to `name`, newest first, once so many have ended."""
    while True:
        rows: list[dict[str, Any]] = (await desk.ask(name, "GET", "reminders/notices"))["rows"]
        if sum(row["state"] != "pending" for row in rows) >= many:
            return rows


async def test_five_deadlines_are_one_message_and_what_came_of_it_is_kept(desk: Desk) -> None:
    for _ in range(5):
        await desk.ticket()
    await desk.look(145 * HOUR)
    receiver = Receiver()
    async with listening(receiver, receiver.web), working(desk):
        await hook(desk, receiver)
        await desk.look(9 * MINUTE)
        assert (await desk.ask("keeper", "GET", "reminders/notices"))["rows"] == []
        await desk.look(MINUTE)
        body = await receiver.came.get()
        (row,) = await ended(desk)
        await desk.look(20 * MINUTE)
    assert (len(body["reminders"]), body["text"].count("nj01/T-"), body["type"]) == (5, 5, "reminders")
    assert body["text"].endswith("https://c.cn/reminders")
    assert (row["state"], row["reminders"], row["tries"], row["problem"]) == ("sent", 5, 1, None)
    assert row["hint"] == "127.0.0.1/…"
    assert len((await desk.ask("keeper", "GET", "reminders/notices"))["rows"]) == 1


async def test_who_reads_it_in_time_gets_no_message_and_a_settled_one_is_dropped(desk: Desk) -> None:
    ticket = await desk.ticket()
    await desk.look(145 * HOUR)
    receiver = Receiver()
    async with listening(receiver, receiver.web):
        await hook(desk, receiver)
        await desk.look(10 * MINUTE)
        await desk.step("keeper", ticket, "check")
        await desk.look()
        async with working(desk):
            (row,) = await ended(desk)
        assert (row["state"], receiver.came.qsize()) == ("dropped", 0)
        await desk.look(45 * HOUR)  # urgent, and read at once
        (reminder,) = await desk.told("keeper", unread=True)
    await desk.ask("keeper", "POST", "reminders/read", json={"ids": [reminder["id"]]})
    async with working(desk):
        assert [row["state"] for row in await ended(desk, many=2)] == ["dropped", "dropped"]


async def test_one_that_hangs_holds_up_nobody_and_is_given_up_in_the_end(desk: Desk) -> None:
    dead, well = Receiver(), Receiver()
    async with listening(dead, dead.silence), listening(well, well.web), working(desk, within_s=3.5):
        channel, good = await hook(desk, dead), await hook(desk, well, "operator")
        for _ in range(6):  # more than there are places
            await desk.ask("keeper", "POST", f"reminders/channels/{channel}/test")
        await dead.came.get()
        await desk.ask("operator", "POST", f"reminders/channels/{good}/test")
        assert (await well.came.get())["type"] == "test"
        assert {row["state"] for row in await ended(desk, many=0)} == {"pending"}
        while (oldest := (await ended(desk))[-1])["state"] == "pending":
            pass  # another ended before it
    assert (oldest["state"], oldest["tries"], oldest["problem"]) == ("failed", 3, "no_answer:3.5")


async def test_hundreds_for_one_that_hangs_take_neither_anothers_room_nor_that_of_the_queue(desk: Desk) -> None:
    dead, well = Receiver(), Receiver()
    async with listening(dead, dead.silence), listening(well, well.web), working(desk, within_s=0.5):
        channel, good = await hook(desk, dead), await hook(desk, well, "operator")
        await desk.office.as_owner(
            "INSERT INTO notice (person, channel, made_at) SELECT person, id, made_at"
            " FROM channel, generate_series(1, 600) WHERE id = %s",
            channel,
        )
        await dead.came.get()
        await desk.ask("operator", "POST", f"reminders/channels/{good}/test")
        assert (await well.came.get())["type"] == "test"
        (queue,) = await desk.office.rows("SELECT count(*) AS jobs FROM jobs.procrastinate_jobs")
        assert queue["jobs"] <= 2  # one a channel


async def test_a_robots_key_that_is_none_is_no_message_sent_and_is_not_tried_again(desk: Desk) -> None:
    receiver = Receiver(answer=said('{"errcode":93000,"errmsg":"invalid webhook url"}'))
    async with listening(receiver, receiver.web), working(desk, robots=robot("wecom", receiver)):
        wanted = {"kind": "wecom", "target": "0123456789abcdef"}
        channel = (await desk.ask("keeper", "POST", "reminders/channels", json=wanted))["id"]
        await desk.ask("keeper", "POST", f"reminders/channels/{channel}/test")
        (row,) = await ended(desk)
        assert (row["state"], row["tries"], row["problem"]) == ("failed", 1, "refused:93000")
        receiver.answer = said('{"errcode":0,"errmsg":"ok"}')
        await desk.ask("keeper", "POST", f"reminders/channels/{channel}/test")
        assert [row["state"] for row in await ended(desk, many=2)] == ["sent", "failed"]


async def test_a_worker_that_was_stopped_between_leaves_nothing_unsent(desk: Desk) -> None:
    receiver = Receiver()
    async with listening(receiver, receiver.silence):
        channel = await hook(desk, receiver)
        await desk.ask("keeper", "POST", f"reminders/channels/{channel}/test")
        async with working(desk):
            await receiver.came.get()
        assert [row["state"] for row in await ended(desk, many=0)] == ["pending"]
        async with working(desk):
            await receiver.came.get()  # the next takes it up


async def test_every_connection_cut_and_the_message_still_goes(desk: Desk) -> None:
    receiver = Receiver()
    async with listening(receiver, receiver.web), working(desk, timedelta(seconds=1), within_s=0.5):
        channel = await hook(desk, receiver)
        await desk.ask("keeper", "POST", f"reminders/channels/{channel}/test")
        await receiver.came.get()
        await desk.office.as_owner("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename <> user")
        await desk.ask("keeper", "POST", f"reminders/channels/{channel}/test")
        await receiver.came.get()


async def test_settings_are_ones_own_and_a_target_is_shown_to_nobody(desk: Desk) -> None:
    asked = {"language": "en", "quiet_from": "22:00:00", "quiet_until": "07:00:00", "zone": "Asia/Urumqi"}
    assert (await desk.ask("keeper", "PUT", "reminders/settings", json=asked))["zone"] == "Asia/Urumqi"
    channel = await desk.ask(
        "keeper", "POST", "reminders/channels", json={"kind": "wecom", "target": "0123456789abcdef"}
    )
    shown = await desk.ask("keeper", "GET", "reminders/settings")
    assert "0123456789" not in str(shown)
    assert (shown["language"], shown["channels"]) == ("en", [channel])
    assert (await desk.ask("operator", "GET", "reminders/settings"))["channels"] == []
    path = f"reminders/channels/{channel['id']}"
    problem(await desk.clients["operator"].post(f"{path}/test"), 404, "not_found")
    problem(await desk.clients["operator"].delete(path), 404, "not_found")
    again = {"kind": "wecom", "target": "0123456789abcdef"}
    problem(await desk.clients["keeper"].post("reminders/channels", json=again), 409, "channel_exists")
    mail = {"kind": "mail", "target": "a@b.cn"}
    problem(await desk.clients["keeper"].post("reminders/channels", json=mail), 422, "kind_not_set_up")
    bad = await desk.clients["keeper"].put("reminders/settings", json={**asked, "quiet_until": None})
    assert bad.status_code == 422
    await desk.ask("keeper", "DELETE", path)
    assert (await desk.ask("keeper", "GET", "reminders/settings"))["channels"] == []
