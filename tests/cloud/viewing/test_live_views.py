"""Who may look, what is said of it, and what bounds it. The pictures themselves: tests/system/test_live_view.py."""

import base64
import hashlib
import hmac
from typing import Any

import httpx

from cloud.media.service import UPLOAD_TYPE
from cloud.parts import Turn
from cloud.viewing.relay import MOST_VIEWS, Relay
from custody.roles import Role
from proof import jws
from proof.keys import SigningKey
from tests.cloud.api import AGENT, AGENT_KEY, Office, problem
from tests.cloud.evidence.warehouse import made

ASKED = {"agent": AGENT, "station": "gate-a", "reason": "somebody rang"}
OFFER = "v=0\r\nno offer\r\n"
SDP = {"content-type": "application/sdp"}


async def orders(office: Office) -> list[dict[str, Any]]:
    return await office.rows("SELECT jws FROM agent_order WHERE kind = 'look' ORDER BY created_at")


async def records(office: Office, kind: str) -> int:
    return len(await office.rows("SELECT 1 FROM record WHERE kind = %s", kind))


def token(content: str, key: SigningKey = AGENT_KEY) -> dict[str, str]:
    digest = hashlib.sha256(content.encode()).hexdigest()
    claim = {"agent": AGENT, "sha256": digest, "at": "2026-11-22T03:00:00.000000Z"}
    return SDP | {"authorization": f"Bearer {jws.sign(claim, key, UPLOAD_TYPE)}"}


async def whip(office: Office, view: str, headers: dict[str, str]) -> httpx.Response:
    return await (await office.visitor()).post(f"live-views/whip/{view}", content=OFFER, headers=headers)


async def test_a_look_is_an_entry_and_an_order_before_there_is_a_picture(office: Office) -> None:
    await office.agent()
    client = await office.signed_in(Role.OPERATOR)
    view = made(await client.post("live-views", json=ASKED))
    (row,) = await office.rows("SELECT index, actor, content FROM record WHERE kind = 'live_view_opened'")
    assert (row["index"], "somebody rang" in row["content"]) == (view["index"], True)
    assert len(await orders(office)) == 1
    again = made(await client.post("live-views", json=ASKED))  # who looks next is an entry too, and no other order
    assert again["index"] > view["index"]
    assert (await records(office, "live_view_opened"), len(await orders(office))) == (2, 1)
    listed = (await (await office.signed_in(Role.SUPERVISOR)).get("overrides")).json()["rows"]
    assert [one["about"] for one in listed if one["kind"] == "live_view_opened"] == [[f"{AGENT}:gate-a"]] * 2
    for one in (view, again):
        assert (await client.delete(f"live-views/whep/{one['id']}")).status_code == 204
    relay: Relay = office.app.state.relay
    await relay.close()
    assert await records(office, "live_view_closed") == 2
    made(await client.post("live-views", json=ASKED))
    assert len(await orders(office)) == 2  # nobody looked any more: the agent is asked anew
    await relay.close()


async def test_only_who_may_looks_and_at_cameras_of_their_site_and_with_a_reason(office: Office) -> None:
    await office.agent()
    problem(await (await office.signed_in(Role.CASE_HANDLER)).post("live-views", json=ASKED), 403, "forbidden")
    client = await office.signed_in(Role.OPERATOR)
    problem(await client.post("live-views", json=ASKED | {"agent": "nj01.other"}), 404, "not_found")
    problem(await client.post("live-views", json=ASKED | {"reason": ""}), 422, "invalid")
    assert await records(office, "live_view_opened") == 0
    made(await client.post("live-views", json=ASKED))  # what was refused left nothing behind
    assert len(await orders(office)) == 1
    await office.app.state.relay.close()


async def test_nobody_takes_the_look_of_another(office: Office) -> None:
    await office.agent()
    view = made(await (await office.signed_in(Role.OPERATOR)).post("live-views", json=ASKED))["id"]
    other = await office.signed_in(Role.OPERATOR)
    problem(await other.post(f"live-views/whep/{view}", content=OFFER, headers=SDP), 404, "not_found")
    problem(await other.delete(f"live-views/whep/{view}"), 404, "not_found")
    await office.app.state.relay.close()


async def test_only_the_agent_that_was_asked_brings_a_picture(office: Office) -> None:
    await office.agent()
    view = made(await (await office.signed_in(Role.OPERATOR)).post("live-views", json=ASKED))["id"]
    problem(await whip(office, view, SDP), 401, "not_signed_in")
    problem(await whip(office, view, token(OFFER, SigningKey.from_seed(b"x" * 32))), 401, "not_signed_in")
    problem(await whip(office, view, token("another offer")), 401, "not_signed_in")
    problem(await whip(office, "V-AAAAAAAAAA", token(OFFER)), 404, "not_found")
    problem(await whip(office, view, token(OFFER)), 409, "bad_offer")
    problem(await whip(office, view, token(OFFER)), 404, "not_found")  # it was brought once
    await office.app.state.relay.close()


async def test_no_more_look_at_once_than_can_be_served(office: Office) -> None:
    await office.agent()
    client = await office.signed_in(Role.OPERATOR)
    for _ in range(MOST_VIEWS):
        made(await client.post("live-views", json=ASKED))
    problem(await client.post("live-views", json=ASKED), 409, "too_many_views")
    assert await records(office, "live_view_opened") == MOST_VIEWS
    await office.app.state.relay.close()


async def test_a_turn_server_is_told_with_credentials_that_end(office: Office) -> None:
    await office.agent()
    object.__setattr__(office.parts, "turn", Turn(url="turn:turn.example:3478", secret="s"))
    view = made(await (await office.signed_in(Role.OPERATOR)).post("live-views", json=ASKED))
    (server,) = view["ice"]
    ends, _, name = server["username"].partition(":")
    digest = hmac.digest(b"s", server["username"].encode(), hashlib.sha1)
    assert (server["urls"], server["credential"]) == ("turn:turn.example:3478", base64.b64encode(digest).decode())
    assert int(ends) - office.parts.world.now().timestamp() <= 3600
    assert name.startswith("nj01/")
    assert len(await orders(office)) == 1
    await office.app.state.relay.close()
