"""What goes out comes in elsewhere as the same, and no spreadsheet computes with it."""

import csv
import io
from typing import Any

import httpx
import pytest

from cloud.db.pool import transaction
from cloud.imports.columns import BY_NAME, COLUMNS
from cloud.ledger.service import add_site
from custody.roles import Role
from tests.cloud.api import Office, problem
from tests.cloud.conftest import DEPLOYMENT
from tests.cloud.imports.files import ROWS, csv_of, send

SAME = [column.name for column in COLUMNS if column.name != "key"]


@pytest.fixture
async def inspector(office: Office) -> httpx.AsyncClient:
    client = await office.signed_in(Role.INSPECTOR)
    rows = [
        *ROWS,
        ["D-1", "1", "'quoted", "-5", "7", "@SUM(A1)", "", "", ""],
        ["D-2", "1", "'quoted", "''", "7", "+", "", "", ""],
    ]
    assert (await send(client, csv_of(rows), "one")).status_code == 201
    return client


def parsed(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    if answer.headers["content-type"] == "application/json":
        rows: list[dict[str, Any]] = answer.json()["rows"]
        return rows
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


async def test_the_columns_are_always_the_same(office: Office, inspector: httpx.AsyncClient) -> None:
    english = await inspector.get("exports/items.csv")
    assert english.headers["content-disposition"] == 'attachment; filename="items.csv"'
    assert english.text.partition("\r\n")[0] == (
        "key,case_number,case_title,name,quantity,unit,goods,value_yuan,seized_at,state,package,source,source_key,"
        "brand,sku,parties,vehicles,scene"
    )
    chinese = await inspector.get("exports/items.csv", params={"headers": "zh", "bom": 1})
    assert chinese.content.startswith("\ufeff外部编号,案件编号,案件名称,物品名称,数量,单位,物品类别,价值(元),".encode())
    for row in parsed(await inspector.get("exports/items.json")):
        assert list(row) == list(BY_NAME)
    empty = await inspector.get("exports/items.json", params={"state": "sealed"})
    assert parsed(empty) == parsed(await inspector.get("exports/items.csv", params={"state": "sealed"})) == []


async def test_items_are_told_with_what_the_import_brought(inspector: httpx.AsyncClient) -> None:
    rows = {row["source_key"]: row for row in parsed(await inspector.get("exports/items.json"))}
    assert rows["A-1"] | {"key": ""} == {
        "key": "", "case_number": ROWS[0][1], "case_title": "无证运输", "name": "卷烟 硬盒 200支", "quantity": 50,
        "unit": "条", "goods": "tobacco", "value_yuan": "12345.60",
        "seized_at": "2026-11-21T01:30:00.000000Z", "state": "intake", "package": None, "source": "mobile",
        "source_key": "A-1", "brand": None, "sku": None, "parties": None, "vehicles": None, "scene": None,
    }  # fmt: skip
    case = next(row["id"] for row in (await inspector.get("cases")).json()["rows"] if row["number"] == "1")
    of_case = parsed(await inspector.get("exports/items.json", params={"case_id": case}))
    assert [row["case_number"] for row in of_case] == ["1", "1"]


async def test_no_cell_is_a_formula(inspector: httpx.AsyncClient) -> None:
    for row in csv.reader(io.StringIO((await inspector.get("exports/items.csv")).text)):
        assert [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert {row["name"] for row in parsed(await inspector.get("exports/items.json"))} >= {"=1+1", "-5", "'"}


@pytest.mark.parametrize("file", ["items.csv", "items.csv?headers=zh&bom=1", "items.json"])
async def test_what_went_out_comes_in_elsewhere_as_the_same(
    office: Office, inspector: httpx.AsyncClient, file: str
) -> None:
    async with transaction(office.parts.pool) as tx:
        at = office.parts.world.now()
        await add_site(tx, site="gd01", name_zh="广州", name_en="Guangzhou", deployment=DEPLOYMENT, at=at)
    out = await inspector.get(f"exports/{file}")
    elsewhere = await office.signed_in(Role.INSPECTOR, site="gd01")
    answer = await send(elsewhere, out.content, "k", source="nj01", media_type=out.headers["content-type"])
    assert answer.status_code == 201, answer.text
    assert (answer.json()["made"], len(answer.json()["ignored"])) == (5, 4)
    here = [{name: row[name] for name in (*SAME, "key")} for row in parsed(await inspector.get("exports/items.json"))]
    there = [
        {**{name: row[name] for name in SAME}, "key": row["source_key"]}
        for row in parsed(await elsewhere.get("exports/items.json"))
    ]
    assert sorted(here, key=str) == sorted(there, key=str)
    again = await send(elsewhere, out.content, "k2", source="nj01", media_type=out.headers["content-type"])
    assert (again.status_code, again.json()["unchanged"]) == (200, 5)


async def test_a_long_export_is_streamed_whole(inspector: httpx.AsyncClient) -> None:
    rows = [[f"K{number}", "1", "'quoted", f"卷烟 {number}", "1", "条", "", "", ""] for number in range(1200)]
    assert (await send(inspector, csv_of(rows), "many")).status_code == 201
    found = parsed(await inspector.get("exports/items.csv"))
    assert len(found) == 1205
    assert found == sorted(found, key=lambda row: row["key"].encode())


async def test_who_is_not_signed_in_or_asks_nonsense_gets_nothing(office: Office, inspector: httpx.AsyncClient) -> None:
    problem(await (await office.visitor()).get("exports/items.csv"), 401, "not_signed_in")
    problem(await inspector.get("exports/items.csv", params={"state": "lost"}), 422, "invalid")
    problem(await inspector.get("exports/items.json", params={"case_id": "\0"}), 422, "invalid")
