"""What is sent, to whom, how often, and to whom never. The receivers are real servers."""

import asyncio
import json
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from cloud.webhooks.posting import trust
from cloud.webhooks.sending import WAITS, Pace
from custody.roles import Role
from simulators.pki import Authority
from tests.cloud.conftest import START, Clock
from tests.cloud.people.derived import holds
from tests.cloud.webhooks.conftest import BROKEN, Desk, Got, once

REDIRECT = b"HTTP/1.1 307 T\r\nLocation: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
GONE = b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def told(got: Got) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(got.body)
    return body


def expect_signed(got: Got, secret: str) -> None:
    at = datetime.fromtimestamp(int(got.headers["webhook-timestamp"]), UTC)
    signature = Webhook(secret).sign(got.headers["webhook-id"], at, got.body.decode())
    assert signature in got.headers["webhook-signature"].split()


async def test_entries_of_its_kinds_arrive_in_the_ledgers_order_signed_and_without_personal_data(desk: Desk) -> None:
    receiver = await desk.receiver()
    webhook = await desk.add(receiver.url, "record.alarm_*", "record.person_added")
    await desk.alarm()
    await desk.office.person(Role.KEEPER)
    await desk.alarm("nj01.gate-b")
    await once(desk.sender())
    assert [told(got)["type"] for got in receiver.got] == [
        "record.alarm_raised", "record.person_added", "record.alarm_raised"
    ]  # fmt: skip
    for got in receiver.got:
        expect_signed(got, webhook["secret"])
        assert told(got)["data"]["content"] is None
        assert "王芳" not in got.body.decode()
    first = told(receiver.got[0])["data"]
    (entry,) = await desk.office.rows("SELECT entry FROM ledger_entry WHERE index = %s", first["index"])
    assert (first["site"], first["origin"], first["entry"]) == ("nj01", "sealtrail/test/nj01", entry["entry"])
    alarm = {"name": f"nj01/A-{first['index']}", "cause": "door_forced", "place": "nj01.gate-a", "severity": "major"}
    assert first["alarm"] == alarm
    assert receiver.got[0].headers["webhook-id"] == f"{webhook['id'][5:]}-{first['index']}"
    await once(desk.sender())
    assert len(receiver.got) == 3


async def test_what_holds_no_personal_data_is_told_whole(desk: Desk) -> None:
    receiver = await desk.receiver()
    await desk.add(receiver.url, "record.agent_added")
    await desk.office.agent()
    await once(desk.sender())
    assert told(receiver.got[0])["data"]["content"]["agent"] == "nj01.gate-a"


async def test_a_broken_target_is_tried_again_under_the_same_id_parked_told_and_told_again(
    desk: Desk, clock: Clock
) -> None:
    receiver = await desk.receiver(answer=BROKEN)
    webhook = await desk.add(receiver.url)
    await desk.alarm()
    sender, tried = desk.sender(), []
    for _ in range(len(WAITS) + 1):
        await once(sender)
        await once(sender)
        tried.append(clock.at - START)
        (row,) = await desk.office.rows("SELECT state, next_at FROM webhook_delivery WHERE index IS NOT NULL")
        clock.at = row["next_at"] if row["state"] == "waiting" else clock.at
    assert len(receiver.got) == len(WAITS) + 1
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1
    assert len({got.headers["webhook-signature"] for got in receiver.got}) == len(receiver.got)
    assert timedelta(days=2, hours=12) < tried[-1] < timedelta(days=3, hours=8)
    desk.admin = await desk.office.signed_in(Role.ADMIN)  # a session lasts for a shift
    (row,) = await desk.deliveries(webhook)
    assert (row["state"], row["status"], row["told"]) == ("parked", 500, "sorry")
    living = "SELECT cause, place, cleared_at IS NULL AS living FROM alarm WHERE cause = 'webhook_parked'"
    await once(sender)
    assert await desk.office.rows(living) == [{"cause": "webhook_parked", "place": webhook["id"], "living": True}]
    receiver.answer = receiver.answer.replace(b"500 Oh", b"204 No").replace(b"5\r\n", b"0\r\n").replace(b"sorry", b"")
    replayed = await desk.post(f"{webhook['path']}/replays", {"first": row["index"], "last": row["index"]})
    assert replayed["deliveries"] == 1
    clock.advance(timedelta(minutes=10))
    await once(sender)
    await once(sender)
    assert {row["state"] for row in await desk.deliveries(webhook)} == {"done"}
    assert (await desk.office.rows(living))[0]["living"] is False
    await holds(desk.office)


async def test_a_redirection_to_an_inner_address_is_not_followed(desk: Desk) -> None:
    inner = await desk.receiver()
    receiver = await desk.receiver(answer=REDIRECT % inner.url.encode())
    webhook = await desk.add(receiver.url)
    await desk.alarm()
    await once(desk.sender())
    (row,) = await desk.deliveries(webhook)
    assert (row["state"], row["status"], row["told"]) == ("waiting", 307, f"not followed: {inner.url}")
    assert (len(receiver.got), inner.got) == (1, [])


async def test_a_name_that_leads_inside_when_it_is_connected_to_is_refused_then(desk: Desk) -> None:
    inner = await desk.receiver()
    asked: list[str] = []

    async def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    webhook = await desk.add(f"https://rebind.example:{inner.port}/in")
    await desk.alarm()
    await once(desk.sender(resolve=rebinding))
    (row,) = await desk.deliveries(webhook)
    assert row["told"] == "rebind.example leads to 127.0.0.1, an inner address"
    assert (asked, inner.got) == (["rebind.example"], [])


async def test_the_address_that_was_looked_at_is_connected_to_and_its_certificate_is_that_of_the_name(
    desk: Desk, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    authority = Authority.open(tmp_path, now)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    identity = authority.server(now, ("erp.test",))
    context.load_cert_chain(identity.certificate, identity.key)
    receiver = await desk.receiver(context)
    asked: list[str] = []

    async def names(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    async def others(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    good = await desk.add(f"https://erp.test:{receiver.port}/in?a=b")
    await desk.alarm()
    await once(desk.sender(resolve=names, tls=trust(authority.certificate_file)))
    assert [got.path for got in receiver.got] == ["/in?a=b"]
    assert receiver.got[0].headers["host"] == f"erp.test:{receiver.port}"
    assert asked == ["erp.test"]
    await desk.post(f"{good['path']}/changes", {"url": f"https://127.0.0.1:{receiver.port}/in"})
    await desk.post(f"{good['path']}/test")
    await once(desk.sender(resolve=others, tls=trust(authority.certificate_file)))
    assert len(receiver.got) == 1
    assert "CERTIFICATE_VERIFY_FAILED" in (await desk.deliveries(good))[0]["told"]


async def test_one_that_hangs_holds_up_nobody_else(desk: Desk) -> None:
    slow, quick = await desk.receiver(hangs=True), await desk.receiver()
    await desk.add(slow.url)
    await desk.add(quick.url)
    await desk.alarm()
    running = asyncio.create_task(desk.sender(pace=Pace(look=timedelta(milliseconds=20))).run())
    try:
        async with asyncio.timeout(240):  # less than the time that one attempt may last
            await slow.came.get()
            await quick.came.get()
            await desk.alarm("nj01.gate-b")
            await quick.came.get()
        assert len(slow.got) == 1
    finally:
        running.cancel()
        await asyncio.wait({running})


async def test_of_a_target_that_takes_nothing_for_hours_no_more_than_so_many_pile_up_and_none_is_lost(
    desk: Desk, clock: Clock
) -> None:
    receiver = await desk.receiver(answer=BROKEN)
    await desk.add(receiver.url)
    sender = desk.sender()
    sender.untried = 3
    for number in range(12):
        await desk.alarm(f"nj01.gate-{number}")
        await once(sender)
        clock.advance(timedelta(minutes=6))
    piled = "SELECT state, attempts FROM webhook_delivery"
    rows = await desk.office.rows(piled)
    assert sum(row["attempts"] == 0 for row in rows) <= 3
    assert {row["state"] for row in rows} == {"waiting"}
    receiver.answer = BROKEN.replace(b"500 Oh", b"200 Ok")
    while len(rows) < 12 or any(row["state"] != "done" for row in rows):
        clock.advance(timedelta(hours=3))
        await once(sender)
        rows = await desk.office.rows(piled)
    told_of = {told(got)["data"]["alarm"]["place"] for got in receiver.got}
    assert told_of == {f"nj01.gate-{number}" for number in range(12)}


async def test_no_answer_in_time_and_an_answer_without_end(desk: Desk) -> None:
    silent, endless = await desk.receiver(hangs=True), await desk.receiver(endless=True)
    other = await desk.add(endless.url)
    await desk.alarm()
    await once(desk.sender())
    (long,) = await desk.deliveries(other)
    assert (long["state"], long["status"], long["told"]) == ("done", 200, "x" * 500)
    one = await desk.add(silent.url)
    await desk.alarm("nj01.gate-b")
    await once(desk.sender(timeout=timedelta(milliseconds=300)))
    (late,) = await desk.deliveries(one)
    assert (late["state"], late["status"], late["told"]) == ("waiting", None, "no answer within 0.3 s")


async def test_what_a_worker_took_with_it_is_sent_again_under_its_id(desk: Desk, clock: Clock) -> None:
    receiver = await desk.receiver(hangs=True)
    webhook = await desk.add(receiver.url)
    await desk.alarm()
    sender = desk.sender()
    dying = asyncio.create_task(once(sender))
    await receiver.came.get()
    dying.cancel()
    await asyncio.wait({dying})
    receiver.hangs = False
    await once(desk.sender())
    assert len(receiver.got) == 1
    clock.advance(timedelta(minutes=1, seconds=1))
    await once(desk.sender())
    assert receiver.got[0].headers["webhook-id"] == receiver.got[1].headers["webhook-id"]
    (row,) = await desk.deliveries(webhook)
    assert (row["state"], row["attempts"]) == ("done", 2)


async def test_who_answers_that_it_is_gone_is_asked_no_more(desk: Desk) -> None:
    receiver = await desk.receiver(answer=GONE)
    webhook = await desk.add(receiver.url)
    await desk.alarm()
    sender = desk.sender()
    for _ in range(3):
        await once(sender)
    shown = (await desk.admin.get(webhook["path"])).json()
    assert (shown["paused"], shown["parked"], len(receiver.got)) == (True, 1, 1)
    assert len(await desk.office.rows("SELECT FROM record WHERE kind = 'webhook_changed' AND actor = 'jobs'")) == 1
    await holds(desk.office)


async def test_for_a_day_both_secrets_sign(desk: Desk, clock: Clock) -> None:
    receiver = await desk.receiver()
    webhook = await desk.add(receiver.url)
    fresh = (await desk.post(f"{webhook['path']}/secret"))["secret"]
    assert fresh != webhook["secret"]
    await desk.post(f"{webhook['path']}/test")
    await once(desk.sender())
    expect_signed(receiver.got[0], webhook["secret"])
    expect_signed(receiver.got[0], fresh)
    clock.advance(timedelta(hours=24))
    await desk.alarm()
    await once(desk.sender())
    expect_signed(receiver.got[1], fresh)
    with pytest.raises(AssertionError):
        expect_signed(receiver.got[1], webhook["secret"])
