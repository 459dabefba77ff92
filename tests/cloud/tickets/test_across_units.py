"""A ticket that a city sends to a county: who sees it, who does what about it, and that nobody else's unit does."""

import hashlib
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from cloud.media import store
from custody.roles import Role
from tests.cloud.api import Office, problem
from tests.cloud.evidence.warehouse import made
from tests.cloud.people.derived import holds, verified
from tests.cloud.people.test_units import PLACES, organised
from tests.cloud.tickets.desk import client_of

__all__ = ["organised"]

BODY = {"type": "abnormal_flow", "title": "真烟异常流动", "words": "请到现场核查", "site": "nj01"}


async def step(client: httpx.AsyncClient, ticket: int, name: str, **more: Any) -> httpx.Response:
    body = {"step": name, "words": f"{name} 说明", **more}
    return await client.post(f"tickets/{ticket}/steps", json=body, params={"site": "nj01"})


async def test_sent_down_seen_by_both_ends_answered_there_and_evaluated_by_whoever_sent_it(organised: Office) -> None:
    sender = await client_of(organised, await organised.person(Role.SUPERVISOR, site="js00"))
    colleague = await organised.signed_in(Role.SUPERVISOR, Role.OPERATOR, site="js00")
    inspector = await organised.person(Role.INSPECTOR, site="nj01")
    doer = await client_of(organised, inspector)
    other = await organised.signed_in(Role.LEADER, site="sz01")
    problem(await (await organised.signed_in(Role.INSPECTOR, site="js00")).post("tickets", json=BODY), 403, "no_role")
    problem(await other.post("tickets", json=BODY), 403, "forbidden")
    problem(await doer.post("tickets", json={**BODY, "site": "js00"}), 403, "forbidden")
    problem(await sender.post("tickets", json={**BODY, "assigned_to": "js00/U-NOBODY"}), 422, "not_an_answerer")
    ticket = (await sender.post("tickets", json=BODY)).json()["ticket"]

    (row,) = (await sender.get("tickets", params={"sent": True})).json()["rows"]
    assert (row["site"], row["index"], row["assigned_to"]) == ("nj01", ticket, inspector.id)  # routed there
    assert [each["ticket"] for each in (await doer.get("tickets/waiting")).json()["rows"]] == [ticket]
    assert (await colleague.get("tickets", params={"site": "nj01"})).json()["rows"][0]["index"] == ticket
    assert (await colleague.get("tickets", params={"sent": True})).json()["rows"] == []
    assert (await other.get(f"tickets/{ticket}", params={"site": "nj01"})).status_code == 403
    assert (await sender.get("tickets")).json()["rows"] == []

    problem(await step(colleague, ticket, "urge"), 403, "forbidden")  # read down, never write down
    problem(await step(colleague, ticket, "check"), 403, "forbidden")
    shown = (await colleague.get(f"tickets/{ticket}", params={"site": "nj01"})).json()
    assert (shown["may"], shown["entries"][0]["told"]["sent_from"]) == ([], "js00")
    assert (await step(sender, ticket, "urge")).status_code == 201
    for name in ("check", "reply"):
        assert (await step(doer, ticket, name)).status_code == 201
    (waits,) = (await sender.get("tickets/waiting")).json()["rows"]
    assert (waits["site"], waits["step"], waits["mine"]) == ("nj01", "evaluate", True)
    assert (await step(sender, ticket, "evaluate", satisfied=True)).status_code == 201
    await holds(organised, "nj01")


def photo(number: int) -> bytes:
    return b"\xff\xd8\xff\xe0 a photograph" + bytes([number]) * 500 + b"\xff\xd9"


@dataclass
class Sent:
    """A ticket that js00 sent to nj01 with a photograph; who looks on at each site, and who shall answer."""

    who: dict[str, httpx.AsyncClient]
    sender: httpx.AsyncClient
    doer: httpx.AsyncClient
    digest: str
    ticket: int


@pytest.fixture
async def sent(organised: Office) -> Sent:
    sender = await organised.signed_in(Role.SUPERVISOR, site="js00")
    inspector = await organised.person(Role.INSPECTOR, site="nj01")
    who = {site: await organised.signed_in(Role.SUPERVISOR, site=site) for site in PLACES}
    digest = made(await sender.post("photos", content=photo(1)))["sha256"]
    opened = made(await sender.post("tickets", json={**BODY, "photos": [digest], "assigned_to": inspector.id}))
    return Sent(who, sender, await client_of(organised, inspector), digest, opened["ticket"])


async def seen(client: httpx.AsyncClient, digest: str, site: str) -> int:
    return (await client.get(f"media/{digest}", params={"site": site})).status_code


async def test_a_photograph_goes_with_the_ticket_and_to_nobody_else(organised: Office, sent: Sent) -> None:
    for client in (sent.sender, sent.who["js00"], sent.who["nj01"], sent.doer):
        assert await seen(client, sent.digest, "nj01") == 200
    assert await seen(sent.who["js00"], sent.digest, "js00") == 200
    assert await seen(sent.who["nj01"], sent.digest, "js00") == 403, "nothing else of the site above"
    assert await seen(sent.who["nj02"], sent.digest, "nj02") == 404, "the site beside was sent nothing"
    assert await seen(sent.who["sz01"], sent.digest, "sz01") == 404
    assert await seen(sent.who["zj00"], sent.digest, "nj01") == 403
    shown = await sent.doer.get(f"media/{sent.digest}")
    assert hashlib.sha256(shown.content).hexdigest() == sent.digest
    for site in ("nj01", "js00"):
        await holds(organised, site)


async def test_only_photographs_of_ones_own_site_are_sent_and_naming_one_opens_nothing(
    organised: Office, sent: Sent
) -> None:
    other = made(await sent.who["sz01"].post("photos", content=photo(2)))["sha256"]
    for foreign in (other, "0" * 64):
        answer = await sent.sender.post("tickets", json={**BODY, "photos": [foreign]})
        problem(answer, 422, "unknown_photo")
    inside = made(await sent.who["js00"].post("photos", content=photo(3)))["sha256"]
    assert (await step(sent.doer, sent.ticket, "check", photos=[inside])).status_code == 201, "somebody knew its digest"
    assert await seen(sent.doer, inside, "nj01") == 404, "whoever sent the ticket did not send it"
    assert await seen(sent.doer, sent.digest, "nj01") == 200


async def test_what_was_changed_in_the_store_is_not_shown(organised: Office, sent: Sent) -> None:
    await store.write(organised.parts.media, sent.digest, photo(9))
    assert await seen(sent.doer, sent.digest, "nj01") == 503


async def erase(office: Office, site: str, entry: int) -> list[str]:
    """Two people of `site` erase the entry; returns the pictures that went with it."""
    first, second = await office.signed_in(Role.APPROVER, site=site), await office.signed_in(Role.ADMIN, site=site)
    asked = made(await first.post("erasures", json={"entries": [entry], "ground": "《个人信息保护法》第四十七条"}))
    done: list[str] = made(await second.post("erasures/confirm", json={"proposal": asked["index"]}))["stills"]
    return done


async def test_what_is_erased_where_it_was_sent_is_gone_at_both_ends(organised: Office, sent: Sent) -> None:
    assert await erase(organised, "nj01", sent.ticket) == [sent.digest]
    assert await seen(sent.doer, sent.digest, "nj01") == 404
    assert await seen(sent.sender, sent.digest, "js00") == 404
    for site in ("nj01", "js00"):
        await holds(organised, site)  # the entry of the other ledger says why it went
    await organised.as_owner("UPDATE media SET erased_index = 0")
    assert (await verified(organised, "js00")).fault == "removed_unsaid"


async def test_a_photograph_stays_as_long_as_either_end_has_it_as_evidence(organised: Office, sent: Sent) -> None:
    here = {key: value for key, value in BODY.items() if key != "site"}
    own = made(await sent.sender.post("tickets", json={**here, "photos": [sent.digest]}))["ticket"]
    assert await erase(organised, "js00", own) == [], "nj01 has it as evidence"
    assert [await seen(sent.doer, sent.digest, "nj01"), await seen(sent.sender, sent.digest, "js00")] == [200, 200]


async def test_what_the_sender_keeps_is_gone_only_where_it_was_erased(organised: Office, sent: Sent) -> None:
    here = {key: value for key, value in BODY.items() if key != "site"}
    made(await sent.sender.post("tickets", json={**here, "photos": [sent.digest]}))
    assert await erase(organised, "nj01", sent.ticket) == [], "js00 has it as evidence"
    assert [await seen(sent.doer, sent.digest, "nj01"), await seen(sent.sender, sent.digest, "js00")] == [404, 200]
    await holds(organised, "js00")


async def test_a_hold_where_it_was_sent_keeps_it_at_both_ends(organised: Office, sent: Sent) -> None:
    inspector = await organised.signed_in(Role.INSPECTOR, site="nj01")
    case = made(await inspector.post("cases", json={"number": "1", "title": "假烟"}))["id"]
    thing = {"case_id": case, "name": "茶叶", "quantity": 3, "unit": "盒"}
    item = made(await inspector.post("items", json=thing))["id"]
    held = made(await sent.sender.post("tickets", json={**BODY, "photos": [sent.digest], "links": [case]}))["ticket"]
    leader = await organised.signed_in(Role.LEADER, Role.APPROVER, site="nj01")
    made(await leader.post("holds", json={"things": [item], "reason": "复议"}))
    answer = await leader.post("erasures", json={"entries": [held], "ground": "§ 47"})
    assert problem(answer, 409, "refused")["reason"] == "legal_hold"
    assert await erase(organised, "nj01", sent.ticket) == [], "the held one names it, too"
    assert [await seen(sent.doer, sent.digest, "nj01"), await seen(sent.sender, sent.digest, "js00")] == [200, 200]
