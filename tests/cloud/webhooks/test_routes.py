"""Webhooks over HTTP: whose they are, what is an entry, and that no table hides another address."""

from dataclasses import replace
from typing import Any

import pytest

from cloud.web.app import create_app
from cloud.webhooks.service import MOST
from custody.roles import Role
from tests.cloud.api import problem
from tests.cloud.people.derived import each_is_found, holds
from tests.cloud.webhooks.conftest import Desk, once

URL = "https://erp.example.org/in"
WHOLE = {"name": "ERP", "url": URL, "events": ["record.alarm_*"]}


async def test_only_who_manages_them_sees_them(desk: Desk) -> None:
    webhook = await desk.add(URL)
    for role in (Role.OPERATOR, Role.SUPERVISOR, Role.AUDITOR):
        other = await desk.office.signed_in(role)
        problem(await other.get("webhooks"), 403, "forbidden")
        problem(await other.get(f"{webhook['path']}/deliveries"), 403, "forbidden")
        problem(await other.post("webhooks", json=WHOLE), 403, "forbidden")
    problem(await desk.admin.get("webhooks", params={"site": "sz01"}), 403, "forbidden")
    problem(await desk.admin.get("webhooks/W-AAAAAAAAAA"), 404, "not_found")
    assert [row["id"] for row in (await desk.admin.get("webhooks")).json()["rows"]] == [webhook["id"]]
    assert "whsec_" not in (await desk.admin.get("webhooks")).text


@pytest.mark.parametrize(("more", "code"), [
    ({"url": "https://169.254.169.254/latest"}, "target_refused"),
    ({"url": "http://erp.example.org/"}, "target_refused"),
    ({"events": []}, "invalid"),
    ({"events": ["everything"]}, "invalid"),
    ({"name": ""}, "invalid"),
])  # fmt: skip
async def test_what_no_webhook_can_be(desk: Desk, more: dict[str, Any], code: str) -> None:
    problem(await desk.admin.post("webhooks", json={**WHOLE, **more}), 422, code)


async def test_changed_ended_and_replayed_each_is_an_entry(desk: Desk) -> None:
    receiver = await desk.receiver()
    webhook = await desk.add(receiver.url)
    path = webhook["path"]
    await desk.alarm()
    stale = {"If-Match": f'"{webhook["newest"]}"'}
    changed = await desk.admin.post(f"{path}/changes", json={"paused": True}, headers=stale)
    assert changed.json()["paused"] is True
    problem(await desk.admin.post(f"{path}/changes", json={"paused": False}, headers=stale), 412, "changed")
    await once(desk.sender())
    assert receiver.got == []
    await desk.post(f"{path}/changes", {"paused": False})
    await once(desk.sender())
    assert len(receiver.got) == 1
    problem(await desk.admin.post(f"{path}/replays", json={"first": 9, "last": 8}), 422, "bad_range")
    assert (await desk.post(f"{path}/replays", {"first": 0, "last": 100}))["deliveries"] == 1
    await once(desk.sender())
    assert receiver.got[0].body == receiver.got[1].body
    await desk.post(f"{path}/secret")
    await desk.alarm("nj01.gate-b")
    await desk.sender().look()
    await desk.post(f"{path}/end")
    await once(desk.sender())
    assert [row["state"] for row in await desk.deliveries(webhook)] == ["dropped", "done"]
    problem(await desk.admin.post(f"{path}/test"), 409, "webhook_ended")
    kinds = [row["kind"] for row in await desk.office.rows("SELECT kind FROM record WHERE kind LIKE 'webhook%%'")]
    assert kinds == [
        "webhook_added", "webhook_changed", "webhook_changed", "webhook_replayed", "webhook_rotated", "webhook_ended"
    ]  # fmt: skip
    await holds(desk.office)


async def test_a_test_is_tried_once_and_what_came_of_it_is_text(desk: Desk) -> None:
    page = b"HTTP/1.1 404 No\r\nContent-Length: 26\r\nConnection: close\r\n\r\n<script>alert(1)</script>\0"
    receiver = await desk.receiver(answer=page)
    webhook = await desk.add(receiver.url)
    await desk.post(f"{webhook['path']}/test")
    await once(desk.sender())
    await once(desk.sender())
    (row,) = await desk.deliveries(webhook)
    assert (row["state"], row["status"], row["told"]) == ("failed", 404, "<script>alert(1)</script>\ufffd")
    assert (len(receiver.got), row["index"], row["type"]) == (1, None, "webhook.test")


async def test_a_site_has_so_many_and_none_without_a_root_of_secrets(desk: Desk) -> None:
    for _ in range(MOST):
        await desk.add(URL)
    problem(await desk.admin.post("webhooks", json=WHOLE), 409, "too_many_webhooks")
    await desk.office.execute("UPDATE webhook SET ended_at = now()")
    desk.office.app = create_app(replace(desk.office.parts, webhook_root=None), passwords=desk.office.passwords)
    problem(await (await desk.office.signed_in(Role.ADMIN)).post("webhooks", json=WHOLE), 409, "no_webhook_secret")


async def test_another_address_in_the_table_is_found(desk: Desk) -> None:
    webhook = await desk.add(URL, signs="v1a")
    assert webhook["public_key"].startswith("whpk_")
    assert webhook["secret"] is None
    row = f"webhook {webhook['id']}"
    ways = {
        "elsewhere": ("row_differs", row, "UPDATE webhook SET url = 'https://evil.example/'"),
        "silenced": ("row_differs", row, "UPDATE webhook SET paused = true"),
        "more": ("row_differs", row, "UPDATE webhook SET events = '{*}'"),
    }
    await each_is_found(desk.office, ["webhook"], ways)
