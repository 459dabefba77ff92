"""Files come in by the API: whole or not at all, once however often they are sent, and never over what is there."""

import asyncio
import hashlib
import json
from typing import Any

import httpx
import psycopg
import pytest

from cloud.db.pool import transaction
from cloud.imports.models import MAX_FILE_BYTES
from cloud.ledger.service import open_ledger
from custody.roles import Role
from tests.cloud.api import Office, problem
from tests.cloud.conftest import Database
from tests.cloud.imports.files import HEADERS, ROWS, changed, csv_of, send

CASES = ["宁烟立〔2026〕第118号", "宁烟立〔2026〕第119号"]


@pytest.fixture
async def inspector(office: Office) -> httpx.AsyncClient:
    return await office.signed_in(Role.INSPECTOR)


async def counts(office: Office) -> dict[str, int]:
    tables = ("evidence_case", "item", "import", "import_row", "idempotency")
    return {name: (await office.rows(f"SELECT count(*) AS n FROM {name}"))[0]["n"] for name in tables}  # noqa: S608 - names above


def codes(body: dict[str, Any]) -> list[tuple[int, str]]:
    return [(one["row"], one["code"]) for one in body["faults"]]


async def test_a_file_becomes_cases_items_and_one_record(office: Office, inspector: httpx.AsyncClient) -> None:
    data = csv_of(charset="gb18030")
    answer = await send(inspector, data, "one")
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert (body["charset"], body["rows"], body["made"], body["unchanged"]) == ("gb18030", 3, 3, 0)
    assert body["cases"] == CASES
    assert body["sha256"] == hashlib.sha256(data).hexdigest()
    items = (await inspector.get("items")).json()["rows"]
    assert sorted((item["name"], item["quantity"], item["case_number"]) for item in items) == sorted(
        (row[3], int(row[4]), row[1]) for row in ROWS
    )
    told = await office.rows("SELECT goods, value_fen FROM item ORDER BY value_fen")
    assert [tuple(row.values()) for row in told] == [("other", 0), ("tobacco", 7), ("tobacco", 1234560)]
    kinds = await office.rows("SELECT kind, content FROM record WHERE kind <> 'person_added' ORDER BY index")
    assert [row["kind"] for row in kinds] == [
        "case_opened", "item_registered", "item_registered", "case_opened", "item_registered", "import_taken",
    ]  # fmt: skip
    content = json.loads(kinds[-1]["content"])
    assert (content["import"], content["source"], content["sha256"]) == (body["id"], "mobile", body["sha256"])
    assert [(row["key"], row["thing"]) for row in content["made"]] == [
        (item["key"], item["thing"]) for item in body["items"]
    ]
    assert content["made"][0]["seized_at"] == "2026-11-21T01:30:00.000000Z"


async def test_a_repeated_file_makes_nothing_twice(office: Office, inspector: httpx.AsyncClient) -> None:
    first = await send(inspector, csv_of(), "one")
    before = await counts(office)
    again = await send(inspector, csv_of(), "one")
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    problem(await send(inspector, csv_of(ROWS[:1]), "one"), 409, "idempotency_key_reused")
    assert await counts(office) == before
    # With another key, in another charset, by somebody else: the rows themselves are known.
    other = await send(await office.signed_in(Role.CASE_HANDLER), csv_of(charset="utf-16"), "two")
    assert other.status_code == 200, other.text
    body = other.json()
    assert (body["id"], body["made"], body["unchanged"]) == (None, 0, 3)
    assert [item["thing"] for item in body["items"]] == [item["thing"] for item in first.json()["items"]]
    assert await counts(office) == before


async def test_rows_that_are_new_join_those_that_are_there(office: Office, inspector: httpx.AsyncClient) -> None:
    first = (await send(inspector, csv_of(ROWS[:1]), "one")).json()
    second = (await send(inspector, csv_of(), "two")).json()
    assert (second["made"], second["unchanged"], second["cases"]) == (2, 1, CASES[1:])
    assert [item["outcome"] for item in second["items"]] == ["unchanged", "made", "made"]
    assert second["items"][0]["thing"] == first["items"][0]["thing"]
    # The same numbers in another system are other items.
    third = (await send(inspector, csv_of(), "three", source="core")).json()
    assert (third["made"], third["cases"]) == (3, [])


async def test_other_content_under_a_number_is_told_and_never_written(
    office: Office, inspector: httpx.AsyncClient
) -> None:
    first = (await send(inspector, csv_of(), "one")).json()
    before = await counts(office)
    changes = [{"quantity": "51"}, {"name": "卷烟"}, {"value_yuan": "12345.61"}, {"seized_at": ""}, {"unit": "支"}]
    for number, change in enumerate(changes):
        body = problem(await send(inspector, csv_of(changed(0, **change)), f"k{number}"), 409, "import_conflict")
        assert codes(body) == [(2, "conflict")]
        assert first["items"][0]["thing"] in body["faults"][0]["en"]
    new = [*ROWS, ["C-1", CASES[0], "另案", "x", "1", "件", "", "", ""]]
    body = problem(await send(inspector, csv_of(new[3:]), "title"), 409, "import_conflict")
    assert codes(body) == [(2, "case_differs")]
    assert await counts(office) == before


async def test_one_fault_and_nothing_of_the_file_is_taken(office: Office, inspector: httpx.AsyncClient) -> None:
    before = await counts(office)
    body = problem(await send(inspector, csv_of(changed(2, quantity="?", key="A-1")), "one"), 422, "import_faults")
    assert (codes(body), body["fault_count"]) == ([(4, "quantity"), (4, "double_key")], 2)
    assert body["faults"][1]["other_row"] == 2
    assert await counts(office) == before
    body = problem(await send(inspector, csv_of(changed(2, goods="香烟")), "one"), 422, "import_faults")
    assert body["faults"][0]["zh"] == "物品类别：规则中没有这一物品类别：香烟"
    assert await counts(office) == before
    answer = await send(inspector, csv_of(), "one")  # the key was not used up
    assert answer.status_code == 201


async def test_a_check_tells_what_would_happen_and_does_nothing(office: Office, inspector: httpx.AsyncClient) -> None:
    await send(inspector, csv_of(ROWS[:1]), "one")
    before = await counts(office)
    answer = await send(inspector, csv_of(), check=True)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["check"], body["made"], body["unchanged"], body["cases"]) == (True, 2, 1, CASES[1:])
    assert [item["thing"] is None for item in body["items"]] == [False, True, True]
    body = (await send(inspector, csv_of(changed(0, quantity="9", unit="")), "x", check=True)).json()
    assert (codes(body), body["made"], body["items"]) == ([(2, "missing")], 0, [])
    assert codes((await send(inspector, csv_of(changed(0, quantity="9")), check=True)).json()) == [(2, "conflict")]
    assert await counts(office) == before


async def test_an_import_needs_a_key_the_right_and_a_size(office: Office, inspector: httpx.AsyncClient) -> None:
    problem(await send(inspector, csv_of()), 422, "idempotency_key_missing")
    problem(await send(inspector, csv_of(), "a b"), 422, "bad_idempotency_key")
    problem(await send(inspector, csv_of(), "k", source="No!"), 422, "invalid")
    problem(await send(inspector, b"x" * (MAX_FILE_BYTES + 1), "k"), 413, "too_large")
    problem(await send(await office.signed_in(Role.KEEPER), csv_of(), "k"), 403, "forbidden")
    problem(await send(await office.visitor(), csv_of(), "k"), 401, "not_signed_in")


async def test_a_connection_broken_after_the_commit_and_the_repeat_tells_what_was_done(
    office: Office, inspector: httpx.AsyncClient
) -> None:
    class Cut(httpx.ASGITransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await super().handle_async_request(request)
            raise httpx.ReadError("the tunnel ends here")

    headers, cookies = dict(inspector.headers), inspector.cookies
    async with httpx.AsyncClient(
        transport=Cut(office.app), base_url=inspector.base_url, headers=headers, cookies=cookies
    ) as phone:
        with pytest.raises(httpx.ReadError):
            await send(phone, csv_of(), "one")
    after = await counts(office)
    assert (after["item"], after["import"], after["idempotency"]) == (3, 1, 1)
    again = await send(inspector, csv_of(), "one")
    assert (again.status_code, again.json()["made"]) == (201, 3)
    assert await counts(office) == after


async def test_an_import_cut_before_the_commit_left_nothing(
    office: Office, inspector: httpx.AsyncClient, database: Database
) -> None:
    before = await counts(office)
    async with transaction(office.parts.pool) as tx:
        await open_ledger(tx, "nj01")  # the import has to wait for the ledger
        sending = asyncio.create_task(send(inspector, csv_of(), "one"))
        with psycopg.connect(database.owner, autocommit=True) as owner:
            while True:
                waiting = owner.execute(
                    "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
                ).fetchone()
                if waiting:
                    break
                await asyncio.wait({sending}, timeout=0.01)
                assert not sending.done()
            owner.execute("SELECT pg_terminate_backend(%s)", waiting)
        problem(await sending, 503, "database_gone")
    assert await counts(office) == before
    assert (await send(inspector, csv_of(), "one")).json()["made"] == 3


async def test_a_row_whose_content_was_erased_is_not_brought_back(office: Office, inspector: httpx.AsyncClient) -> None:
    made = (await send(inspector, csv_of(), "one")).json()["items"][0]["thing"]
    (row,) = await office.rows(
        "SELECT index FROM record WHERE kind = 'item_registered' AND content LIKE %s", f"%{made}%"
    )
    one, other = await office.signed_in(Role.ADMIN), await office.signed_in(Role.APPROVER)
    proposed = await one.post("erasures", json={"entries": [row["index"]], "ground": "个人信息保护法"})
    done = await other.post("erasures/confirm", json={"proposal": proposed.json()["index"]})
    assert done.status_code == 201, done.text
    # no answer that was kept still holds it, nor can the row be guessed from its hash
    assert (await counts(office))["idempotency"] == 0
    body = problem(await send(inspector, csv_of(), "one"), 409, "import_conflict")
    assert codes(body) == [(2, "erased")]


async def test_five_thousand_rows_in_one_go(office: Office, inspector: httpx.AsyncClient) -> None:
    rows = [
        [f"K{number}", f"案{number % 50}", "大案", f"卷烟 {number}", "1", "条", "", "", ""] for number in range(5000)
    ]
    answer = await send(inspector, csv_of(rows), "one")
    assert answer.status_code == 201, answer.text
    assert (answer.json()["made"], len(answer.json()["cases"])) == (5000, 50)


async def test_what_a_case_is_known_by_comes_in_with_the_rows_that_open_it(
    office: Office, inspector: httpx.AsyncClient
) -> None:
    more = [["中华", "张三", "苏A1", "东山"], ["", "李四、张三", "", "西山"], ["", "", "", ""]]
    rows = [[*row, *cells] for row, cells in zip(ROWS, more, strict=True)]
    answer = await send(inspector, csv_of(rows, [*HEADERS, "brand", "parties", "vehicles", "scene"]), "one")
    assert answer.status_code == 201, answer.text
    found = await office.rows("SELECT parties, vehicles, scene FROM evidence_case ORDER BY number")
    assert found[0] == {"parties": ["张三", "李四"], "vehicles": ["苏A1"], "scene": "东山"}
    assert found[1] == {"parties": [], "vehicles": [], "scene": None}
    again = (await send(inspector, csv_of(rows, [*HEADERS, "brand", "parties", "vehicles", "scene"]), "two")).json()
    assert (again["made"], again["unchanged"]) == (0, 3)
    file = (await inspector.get("exports/items.csv")).text
    assert "张三、李四,苏A1,东山" in file
