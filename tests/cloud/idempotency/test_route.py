"""The same key: the same answer, done once (draft-ietf-httpapi-idempotency-key-header); by the real application."""

import asyncio
from datetime import timedelta

import httpx
import psycopg
import pytest

from cloud.db.pool import transaction
from cloud.idempotency.service import KEPT_FOR
from cloud.ledger.service import open_ledger
from cloud.web.app import API, openapi
from custody.roles import Role
from tests.cloud.api import Office, problem
from tests.cloud.conftest import Clock, Database

CASE = {"number": "1", "title": "t"}


def key(text: str) -> dict[str, str]:
    return {"Idempotency-Key": text}


@pytest.fixture
async def inspector(office: Office) -> httpx.AsyncClient:
    return await office.signed_in(Role.INSPECTOR)


async def test_the_same_request_is_done_once_and_answered_alike(office: Office, inspector: httpx.AsyncClient) -> None:
    first = await inspector.post("cases", json=CASE, headers=key("a"))
    assert first.status_code == 201
    assert "idempotency-replayed" not in first.headers
    for text in ("a", '"a"'):  # the draft's own form has quotes
        again = await inspector.post("cases", json=CASE, headers=key(text))
        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["content-type"] == first.headers["content-type"]
        assert again.headers["idempotency-replayed"] == "true"
    problem(await inspector.post("cases", json=CASE), 409, "case_number_taken")
    assert len((await inspector.get("cases")).json()["rows"]) == 1


async def test_another_request_under_the_key_is_told(office: Office, inspector: httpx.AsyncClient) -> None:
    case = (await inspector.post("cases", json=CASE, headers=key("a"))).json()["id"]
    problem(await inspector.post("cases", json=CASE | {"number": "2"}, headers=key("a")), 409, "idempotency_key_reused")
    item = {"case_id": case, "name": "x", "quantity": 1, "unit": "件"}
    problem(await inspector.post("items", json=item, headers=key("a")), 409, "idempotency_key_reused")
    assert (await inspector.post("items", json=item, headers=key("b"))).status_code == 201


async def test_a_key_is_one_persons_own(office: Office, inspector: httpx.AsyncClient) -> None:
    await inspector.post("cases", json=CASE, headers=key("a"))
    other = await office.signed_in(Role.CASE_HANDLER)
    assert (await other.post("cases", json={"number": "2", "title": "t"}, headers=key("a"))).status_code == 201
    problem(await (await office.visitor()).post("cases", json=CASE, headers=key("a")), 401, "not_signed_in")


async def test_a_second_request_while_the_first_is_answered_is_told(
    office: Office, inspector: httpx.AsyncClient
) -> None:
    async with transaction(office.parts.pool) as tx:
        await open_ledger(tx, "nj01")  # the first has to wait for the ledger, holding its key
        first = asyncio.create_task(inspector.post("cases", json=CASE, headers=key("a")))
        while True:
            waiting = await office.rows("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            if waiting:
                break
            assert not first.done()
        problem(await inspector.post("cases", json=CASE, headers=key("a")), 409, "in_progress")
        assert not first.done()
    assert (await first).status_code == 201
    again = await inspector.post("cases", json=CASE, headers=key("a"))
    assert (again.status_code, again.content) == (201, (await first).content)


async def test_ten_at_once_make_one(office: Office, inspector: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(inspector.post("cases", json=CASE, headers=key("a")) for _ in range(10)))
    made = {answer.content for answer in answers if answer.status_code == 201}
    assert len(made) == 1
    for answer in answers:
        if answer.status_code != 201:
            problem(answer, 409, "in_progress")
    assert len((await inspector.get("cases")).json()["rows"]) == 1


async def test_what_was_not_done_is_tried_again(office: Office, inspector: httpx.AsyncClient) -> None:
    problem(await inspector.post("items", json={"case_id": "nj01/C-NONE", "name": "x", "quantity": 1, "unit": "件"},
                                 headers=key("a")), 404, "not_found")  # fmt: skip
    problem(await inspector.post("cases", json={"number": "1"}, headers=key("a")), 422, "invalid")
    assert (await inspector.post("cases", json=CASE, headers=key("a"))).status_code == 201


async def test_an_answer_that_cannot_be_kept_undoes_the_act(
    office: Office, inspector: httpx.AsyncClient, database: Database
) -> None:
    with psycopg.connect(database.owner, autocommit=True) as owner:
        owner.execute("REVOKE INSERT ON idempotency FROM sealtrail_app")
        problem(await inspector.post("cases", json=CASE, headers=key("a")), 500, "internal")
        assert (await inspector.get("cases")).json()["rows"] == []
        owner.execute("GRANT INSERT ON idempotency TO sealtrail_app")
    assert (await inspector.post("cases", json=CASE, headers=key("a"))).status_code == 201


async def test_answers_are_kept_for_days_and_then_forgotten(
    office: Office, inspector: httpx.AsyncClient, clock: Clock
) -> None:
    await inspector.post("cases", json=CASE, headers=key("a"))
    assert timedelta(hours=24) <= KEPT_FOR
    clock.advance(KEPT_FOR)
    await office.execute("UPDATE session SET expires_at = expires_at + interval '7 days'")
    again = await inspector.post("cases", json=CASE, headers=key("a"))
    assert again.headers["idempotency-replayed"] == "true"
    clock.advance(timedelta(seconds=1))
    await inspector.post("cases", json={"number": "2", "title": "t"}, headers=key("b"))
    problem(await inspector.post("cases", json=CASE, headers=key("a")), 409, "case_number_taken")
    assert [row["key"] for row in await office.rows("SELECT key FROM idempotency")] == ["b"]


@pytest.mark.parametrize("text", ["", " ", "a b", "x" * 201, '"a'])
async def test_a_key_that_is_none_is_told(inspector: httpx.AsyncClient, text: str) -> None:
    problem(await inspector.post("cases", json=CASE, headers=key(text)), 422, "bad_idempotency_key")


def test_the_document_tells_of_the_header_at_every_act_on_evidence() -> None:
    paths = openapi()["paths"]
    for path in ("acts", "cases", "items", "labels", "permits", "holds", "erasures", "imports"):
        headers = [one["name"] for one in paths[f"{API}/{path}"]["post"]["parameters"] if one["in"] == "header"]
        assert "Idempotency-Key" in headers
