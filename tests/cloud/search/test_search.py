"""Search over HTTP, on what the warehouse itself wrote; nothing but triggers keeps its index."""

from collections.abc import Mapping
from typing import Any

import httpx
import psycopg
import pytest

from cloud.alarms.service import raise_alarm
from cloud.db.pool import transaction
from cloud.ledger.service import add_site, close_ledger, open_ledger
from cloud.people.access import COOKIE, HEADER
from custody.roles import Role
from tests.cloud.api import Office, problem
from tests.cloud.evidence.printing import printing
from tests.cloud.evidence.test_erasure import erase, index_of
from tests.cloud.evidence.warehouse import Warehouse, made, warehouse


@pytest.fixture
async def store(office: Office) -> Warehouse:
    return await warehouse(office)


async def found(who: httpx.AsyncClient, q: str, **more: Any) -> dict[str, list[str]]:
    """Kind → ids of what was found, in order."""
    answer = await who.get("search", params={"q": q, **more})
    assert answer.status_code == 200, answer.text
    return {group["kind"]: [hit["thing"] for hit in group["hits"]] for group in answer.json()["groups"]}


def marked(hit: Mapping[str, Any]) -> dict[str, str]:
    """Field → what is marked in it."""
    told = {one["name"]: "|".join(p["text"] for p in one["pieces"] if p["hit"]) for one in hit["fields"]}
    return {name: text for name, text in told.items() if text}


async def item(store: Warehouse, name: str) -> str:
    new = {"case_id": store.case, "name": name, "quantity": 1, "unit": "条"}
    return str(made(await store.inspector.post("items", json=new))["id"])


async def test_a_part_of_a_text_or_code_finds_it_in_either_language(store: Warehouse) -> None:
    plate = await item(store, "货车 苏A·12345 上的香烟")
    phone = await item(store, "手机 13812345678 Huawei")
    asked = {
        "卷烟": ("item", store.item), "烟": ("item", plate), "香烟 货车": ("item", plate), "苏Ａ12345": ("item", plate),
        "138 1234 5678": ("item", phone), "138-1234": ("item", phone), "HUAWEI": ("item", phone),
        "3456": ("item", phone),
        "2026第1": ("case", store.case), "运输": ("case", store.case), "f0": ("package", store.package),
        store.item: ("item", store.item), store.item[-4:].lower(): ("item", store.item),
        "gate-a": ("agent", "nj01.gate-a"),
    }  # fmt: skip
    for q, (kind, thing) in asked.items():
        assert thing in (await found(store.keeper, q)).get(kind, []), q
    assert await found(store.keeper, "烟香") == {}
    assert await found(store.keeper, "13812 货车") == {}
    assert await found(store.keeper, "·%_ ") == {}
    assert await found(store.keeper, "%") == {}


async def test_the_hit_says_why_as_text(store: Warehouse) -> None:
    await item(store, "<b>苏A·12345</b> 与 苏Ａ12345")
    answer = await store.keeper.get("search", params={"q": "苏a12345"})
    ((hit,),) = [group["hits"] for group in answer.json()["groups"]]
    assert "".join(piece["text"] for piece in hit["fields"][0]["pieces"]) == "<b>苏A·12345</b> 与 苏Ａ12345"
    assert marked(hit) == {"name": "苏A·12345|苏Ａ12345"}


async def test_a_code_given_whole_comes_first_then_the_newest(store: Warehouse) -> None:
    made_ = [await item(store, f"雪茄 {number}") for number in range(4)]
    assert (await found(store.keeper, "雪茄"))["item"] == made_[::-1]
    answer = await store.keeper.get("search", params={"q": store.package.partition("/")[2].lower()})
    first = answer.json()["groups"][0]["hits"][0]
    assert (first["thing"], first["exact"]) == (store.package, True)
    crew = store.crew
    other = await item(store, "其他")
    await crew.do("seal", other, by=(Role.KEEPER, Role.INSPECTOR), seal_number="F01234")
    assert (await found(store.keeper, "F01"))["package"][0] == store.package


async def test_pages_of_one_kind_have_each_hit_once(store: Warehouse) -> None:
    all_ = [await item(store, f"雪茄 {number}") for number in range(7)]
    seen: list[str] = []
    before: int | None = None
    while True:
        more = {} if before is None else {"before": before}
        answer = await store.keeper.get("search", params={"q": "雪茄", "kind": "item", "limit": 3, **more})
        (group,) = answer.json()["groups"]
        seen += [hit["thing"] for hit in group["hits"]]
        before = group["next"]
        if before is None:
            break
    assert seen == all_[::-1]


async def test_what_is_deep_in_the_index_is_found_like_what_is_new(store: Warehouse) -> None:
    rare = await item(store, "沉香木")
    await store.office.as_owner(
        "INSERT INTO search_entry (thing, kind, site, fields, folded, grams)"
        " SELECT 'nj01/I-X' || n, 'item', 'nj01', '{}', 'x' || n,"
        " search_grams('x' || n) || ARRAY['#item', '@nj01'] FROM generate_series(1, 700) n"
    )
    for q in ("沉香", "香", "沉香木", "沉 木"):
        assert (await found(store.keeper, q))["item"] == [rare], q


async def test_tickets_alarms_permits_people_and_slots_are_found(store: Warehouse) -> None:
    office, operator = store.office, await store.office.signed_in(Role.OPERATOR)
    new = {"type": "equipment", "title": "货架灯不亮", "words": "甲区三排", "links": [store.item]}
    ticket = made(await operator.post("tickets", json=new))["ticket"]
    slot = await store.crew.slot()
    (named,) = await office.rows("SELECT name FROM slot WHERE id = %s", slot)
    async with transaction(office.parts.pool) as tx:
        appender = await open_ledger(tx, "nj01")
        await raise_alarm(
            tx, appender, office.parts.world, cause="agent_offline", place="nj01.gate-a", severity="major", detail={},
            at=office.parts.world.now(),
        )  # fmt: skip
        await close_ledger(tx, appender)
    await store.crew.do("handover", store.package, by=(Role.INSPECTOR, Role.KEEPER))
    permit = made(await store.keeper.post("permits", json=store.permit("in")))["id"]
    assert (await found(operator, "货架"))["ticket"] == [f"nj01/T-{ticket}"]
    assert (await found(operator, "三排 货架"))["ticket"] == [f"nj01/T-{ticket}"]
    assert slot in (await found(operator, named["name"]))["slot"]
    assert (await found(operator, permit))["permit"] == [permit]
    for q in ("离线", "Offline", "agent_offline"):  # its words are the program's, its code the record's
        answer = await operator.get("search", params={"q": q, "kind": "alarm"})
        (hit,) = answer.json()["groups"][0]["hits"]
        assert hit["alarm"] == (await office.rows("SELECT id FROM alarm"))[0]["id"]
    (person,) = await office.rows("SELECT id, username FROM person WHERE 'approver' = ANY (roles)")
    assert (await found(operator, person["username"]))["person"] == [person["id"]]


async def test_what_is_erased_is_gone_from_the_index_at_once(store: Warehouse) -> None:
    office, operator = store.office, await store.office.signed_in(Role.OPERATOR)
    new = {"type": "equipment", "title": "张三的电话", "words": "13912345678", "links": []}
    ticket = made(await operator.post("tickets", json=new))["ticket"]
    assert (await found(operator, "13912345678")) == {"ticket": [f"nj01/T-{ticket}"]}
    await erase(
        office, ticket, await index_of(office, "case_opened"), await index_of(office, "item_registered"),
        await index_of(office, "person_added"),
    )  # fmt: skip
    for q in ("13912345678", "张三", "无证", "宁烟立", "卷烟", "person1", "依法删除"):
        assert {kind for kind in await found(operator, q) if kind in ("case", "item", "ticket")} == set(), q
    kept = await office.rows("SELECT thing, fields, folded, grams FROM search_entry")
    assert not [
        row for row in kept if any(word in str(row) for word in ("张三", "139", "无证", "宁烟", "卷烟", "依法"))
    ]
    assert (await found(operator, store.item))["item"] == [store.item]  # it is still there to be counted


async def test_a_replaced_seal_still_leads_to_its_package(store: Warehouse) -> None:
    await store.office.as_owner("UPDATE package SET seal_number = 'G77' WHERE id = %s", store.package)
    assert (await found(store.keeper, "G77"))["package"] == [store.package]
    answer = await store.keeper.get("search", params={"q": "F01", "kind": "package"})
    assert marked(answer.json()["groups"][0]["hits"][0]) == {"seals": "F01"}


async def test_only_what_may_be_read_is_found(office: Office, store: Warehouse) -> None:
    async with transaction(office.parts.pool) as tx:
        await add_site(
            tx, site="sz01", name_zh="苏州", name_en="Suzhou", deployment="test", at=office.parts.world.now()
        )
    stranger = await office.signed_in(Role.KEEPER, site="sz01")
    assert await found(stranger, "卷烟") == {}
    assert await found(stranger, store.item) == {}
    problem(await stranger.get("search", params={"q": "卷烟", "site": "nj01"}), 403, "forbidden")
    await office.execute("INSERT INTO unit VALUES ('js', NULL, '江苏', 'Jiangsu', now())")
    await office.execute("UPDATE site SET unit = 'js'")
    leader = await office.person(Role.LEADER, site="sz01")
    client = await office.visitor()
    client.cookies.set(COOKIE, await office.cookie(leader))
    client.headers[HEADER] = "1"
    assert (await found(client, "卷烟"))["item"] == [store.item]
    assert await found(client, "卷烟", site="sz01") == {}
    problem(await (await office.visitor()).get("search", params={"q": "卷烟"}), 401, "not_signed_in")
    problem(await client.get("search", params={"q": ""}), 422, "invalid")


async def test_the_program_cannot_write_the_index_but_by_writing_records(store: Warehouse) -> None:
    for statement in (
        "UPDATE search_entry SET folded = ''",
        "DELETE FROM search_entry",
        "SELECT search_note('item', 'nj01/I-9', 'nj01', '{}', '{}')",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await store.office.execute(statement)


async def test_a_print_job_is_found_by_its_order_and_by_its_printer(office: Office) -> None:
    desk = await printing(office)
    (order,) = await desk.send(desk.store.item)
    (other,) = await desk.send(desk.store.package, printer="second-labels")
    assert (await found(desk.store.keeper, order))["print_job"] == [order]
    assert (await found(desk.store.keeper, order.split("/")[1].lower()))["print_job"] == [order]
    assert (await found(desk.store.keeper, "second-l"))["print_job"] == [other]
    assert (await found(desk.store.keeper, "labels", kind="print_job"))["print_job"] == [order, other]  # exact first
    assert order in (await found(desk.store.keeper, desk.store.item))["print_job"]
