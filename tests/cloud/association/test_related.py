"""Cases like a case, and that what they are found by is told to the ledger, checked and erased like the rest."""

from typing import Any

import httpx
import pytest

from custody.roles import Role
from tests.cloud.api import Office, problem
from tests.cloud.evidence.test_erasure import erase
from tests.cloud.evidence.warehouse import made
from tests.cloud.people.derived import holds, verified


@pytest.fixture
async def inspector(office: Office) -> httpx.AsyncClient:
    return await office.signed_in(Role.INSPECTOR)


async def case(who: httpx.AsyncClient, number: str, *goods: dict[str, str], **known: Any) -> str:
    name = str(made(await who.post("cases", json={"number": number, "title": f"案 {number}", **known}))["id"])
    for each in goods:
        new = {"case_id": name, "name": "卷烟", "quantity": 1, "unit": "条", **each}
        assert made(await who.post("items", json=new)).items() >= each.items()
    return name


async def related(who: httpx.AsyncClient, name: str) -> tuple[int, list[tuple[str, list[tuple[str, str, int]]]]]:
    answer = await who.get(f"related-cases/{name}")
    assert answer.status_code == 200, answer.text
    rows = [
        (row["id"], [(one["why"], one["value"], one["cases"]) for one in row["reasons"]])
        for row in answer.json()["rows"]
    ]
    return answer.json()["total"], rows


async def test_cases_are_related_by_people_vehicles_scene_and_goods_with_the_reason_and_the_count(
    office: Office, inspector: httpx.AsyncClient
) -> None:
    zhonghua = {"brand": "中华", "sku": "6901028075831"}
    known = {"parties": ["张三", "李四"], "vehicles": ["苏A·12345"], "scene": "东山街道"}
    first = await case(inspector, "1", zhonghua, **known)
    same_plate = await case(inspector, "2", vehicles=["苏Ａ12345"], parties=["张三"])
    same_brand = await case(inspector, "3", {"brand": "中华", "sku": "other"}, scene="西山街道")
    same_place = await case(inspector, "4", zhonghua, scene="东山街道")
    alone = await case(inspector, "5", {"brand": "南京"}, parties=["张三丰"])
    assert await related(inspector, first) == (3, [
        (same_place, [("scene", "东山街道", 1), ("sku", "6901028075831", 1), ("brand", "中华", 2)]),
        (same_plate, [("party", "张三", 1), ("vehicle", "苏A·12345", 1)]),
        (same_brand, [("brand", "中华", 2)]),
    ])  # fmt: skip
    assert await related(inspector, alone) == (0, [])
    shown = (await inspector.get(f"cases/{first}")).json()
    assert {name: shown[name] for name in known} == known
    problem(await inspector.get("related-cases/nj01/C-NONE"), 404, "not_found")
    for q in ("李四", "苏a12345", "东山"):
        answer = await inspector.get("search", params={"q": q, "kind": "case"})
        assert first in [hit["thing"] for hit in answer.json()["groups"][0]["hits"]], q
    for way, back in (
        (
            "UPDATE evidence_case SET parties = '{王五}' WHERE number = '5'",
            "SET parties = '{张三丰}' WHERE number = '5'",
        ),
        (
            "UPDATE evidence_case SET vehicles = '{}' WHERE number = '2'",
            "SET vehicles = '{苏Ａ12345}' WHERE number = '2'",
        ),
        ("UPDATE item SET brand = '南京' WHERE sku = 'other'", "SET brand = '中华' WHERE sku = 'other'"),
    ):
        await office.as_owner(way)
        tampered = await verified(office)
        assert (tampered.ok, tampered.fault) == (False, "row_differs"), way
        await office.as_owner(f"{way.partition(' SET')[0]} {back}")
    await holds(office)


async def test_what_was_not_told_is_not_in_the_record(office: Office, inspector: httpx.AsyncClient) -> None:
    await case(inspector, "1", {})
    told = await office.rows("SELECT kind, content FROM record WHERE kind IN ('case_opened', 'item_registered')")
    assert len(told) == 2
    assert not [
        row for row in told if any(word in row["content"] for word in ("parties", "vehicles", "scene", "brand", "sku"))
    ]


async def test_what_is_erased_relates_nothing_any_more(office: Office, inspector: httpx.AsyncClient) -> None:
    first = await case(inspector, "1", {"brand": "中华"}, parties=["张三"], vehicles=["苏A12345"], scene="东山")
    other = await case(inspector, "2", {"brand": "中华"}, parties=["张三"], vehicles=["苏A12345"], scene="东山")
    assert (await related(inspector, other))[0] == 1
    rows = await office.rows(
        "SELECT r.index FROM record r JOIN thing_entry e USING (site, index) WHERE e.thing = %s"
        " AND r.kind IN ('case_opened', 'item_registered')", first,
    )  # fmt: skip
    await erase(office, *(row["index"] for row in rows))
    assert await related(inspector, other) == (0, [])
    assert not [
        row for row in await office.rows("SELECT * FROM evidence_case WHERE id = %s", first) if "张三" in str(row)
    ]
    await holds(office)
