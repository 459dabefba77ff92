"""What was registered wrongly is corrected by a new entry that cites the old one, which stays as it was."""

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from cloud.db.pool import transaction
from cloud.evidence.acting import Acting
from cloud.evidence.bundle_statement import _detail
from cloud.evidence.correction_words import correction_words
from cloud.evidence.corrections import case_may_be_corrected
from cloud.ledger import derived_corrections
from cloud.ledger.derived import Derived, Told
from cloud.ledger.faults import LedgerFaultError
from cloud.ledger.service import open_ledger
from custody.decisions import Reason, Refused
from custody.roles import Role
from proof.bundle import read_bundle
from tests.cloud.api import CLOUD_KEY, Office, problem
from tests.cloud.conftest import Clock
from tests.cloud.evidence.test_act_rules import refusal, waiting
from tests.cloud.evidence.test_bundles import exported, told_of_its_log
from tests.cloud.evidence.test_erasure import erase
from tests.cloud.evidence.test_life import verified
from tests.cloud.evidence.walk import Walk
from tests.cloud.evidence.warehouse import Warehouse, made, warehouse
from tests.cloud.imports.files import csv_of, send
from tests.cloud.receiving import LOG_KEY, PACK
from tests.cloud.search.test_search import found

TWO = (Role.INSPECTOR, Role.APPROVER)
WRONG = {
    "number": "宁烟立〔2026〕第9号",
    "title": "无正运输",
    "parties": ["张叁"],
    "vehicles": ["苏A·12346"],
    "scene": "东山",
}
RIGHT = {"title": "无证运输", "parties": ["张三", "李四"], "vehicles": [], "scene": None}


@pytest.fixture
async def store(office: Office) -> Warehouse:
    return await warehouse(office)


async def opened(store: Warehouse) -> dict[str, Any]:
    """A case in which everything was written wrongly."""
    case: dict[str, Any] = made(await store.inspector.post("cases", json=WRONG))
    return case


async def ask(
    who: httpx.AsyncClient, case: str, cites: int, headers: dict[str, str] | None = None, **particulars: Any
) -> httpx.Response:
    details = {"cites": cites, "particulars": particulars, "reason": "笔误"}
    body = {"action": "correct_case", "things": [case], "details": details}
    return await who.post("acts", json=body, headers=headers or {})


async def corrected(store: Warehouse, case: str, cites: int, **particulars: Any) -> int:
    """The entry by which an approver let the inspector correct it."""
    act = await waiting(ask(store.inspector, case, cites, **particulars))
    return int(made(await store.crew.sign(store.approver, act))["index"])


async def correct_item(store: Warehouse, item: str, **changes: Any) -> int:
    told = (await store.keeper.get(f"items/{item}")).json()["corrected_index"]
    first = (await store.keeper.get(f"history/{item}")).json()["rows"][0]["index"]
    return int((await store.crew.do("correct", item, by=TWO, cites=told or first, changes=changes))["index"])


async def new_item(store: Warehouse, **more: Any) -> str:
    told = {"case_id": store.case, "name": "卷烟", "quantity": 5, "unit": "条", "brand": "中化", "sku": "690"} | more
    return str(made(await store.inspector.post("items", json=told))["id"])


async def test_a_case_is_told_anew_and_the_old_entry_stays(office: Office, store: Warehouse, clock: Clock) -> None:
    await told_of_its_log(office)
    case = await opened(store)
    index = await corrected(store, case["id"], case["index"], **RIGHT)
    shown = (await store.keeper.get(f"cases/{case['id']}")).json()
    assert {name: shown[name] for name in RIGHT} == RIGHT
    assert (shown["corrected_index"], shown["number"]) == (index, WRONG["number"])
    rows = {row["index"]: row for row in (await store.keeper.get(f"history/{case['id']}")).json()["rows"]}
    old, new = rows[case["index"]], rows[index]
    assert (old["content"]["title"], old["corrected_by"]) == (WRONG["title"], [index])
    assert new["content"]["details"]["cites"] == case["index"]
    assert new["content"]["was"] == {name: WRONG[name] for name in RIGHT}
    assert (new["kind"], new["corrected_by"]) == ("case_corrected", [])
    assert case["id"] in (await found(store.keeper, "李四"))["case"]
    assert "case" not in await found(store.keeper, "张叁")
    again = await corrected(store, case["id"], index, scene="东山街道")
    assert (await store.keeper.get(f"cases/{case['id']}")).json()["scene"] == "东山街道"
    leader = await office.signed_in(Role.SUPERVISOR)
    listed = (await leader.get("overrides", params={"kind": "case_corrected"})).json()["rows"]
    assert [(row["index"], row["reason"], row["about"][0]) for row in listed] == [
        (again, "笔误", case["id"]),
        (index, "笔误", case["id"]),
    ]
    await Walk(office, clock, LOG_KEY).sign()
    assert (checked := await verified(office)).ok, checked


async def test_an_item_is_described_anew_also_by_nothing(office: Office, store: Warehouse, clock: Clock) -> None:
    await told_of_its_log(office)
    item = await new_item(store)
    index = await correct_item(store, item, brand="中华", sku=None, quantity=50)
    shown = (await store.keeper.get(f"items/{item}")).json()
    assert (shown["brand"], shown["sku"], shown["quantity"], shown["corrected_index"]) == ("中华", None, 50, index)
    (row,) = [r for r in (await store.keeper.get(f"history/{item}")).json()["rows"] if r["index"] == index]
    assert row["content"]["was"] == {"brand": "中化", "sku": "690", "quantity": 5}
    assert "item" not in await found(store.keeper, "690")
    file = (await store.inspector.get("exports/items.csv")).text
    assert "中华" in file
    assert "中化" not in file
    await Walk(office, clock, LOG_KEY).sign()
    assert (checked := await verified(office)).ok, checked


async def test_what_a_closed_seal_speaks_for_is_not_corrected(store: Warehouse) -> None:
    first = (await store.keeper.get(f"history/{store.item}")).json()["rows"][0]["index"]
    for changes in ({"quantity": 5}, {"quantity": 5, "name": "雪茄"}, {"weight_g": 7}):
        asked = store.crew.propose(store.inspector, "correct", store.item, cites=first, changes=changes)
        await refusal(asked, "packed", "custody.packed")
    await correct_item(store, store.item, name="雪茄")
    assert (await store.keeper.get(f"items/{store.item}")).json()["name"] == "雪茄"
    await store.office.as_owner("UPDATE item SET state = 'destroyed'")
    asked = store.crew.propose(store.inspector, "correct", store.item, cites=first, changes={"name": "x"})
    await refusal(asked, "wrong_state", "custody.order-of-steps")


async def test_a_correction_cites_what_told_it_last_and_changes_something(store: Warehouse) -> None:
    case = await opened(store)
    name, first = case["id"], case["index"]
    problem(await ask(store.inspector, name, first + 10_000, title="x"), 422, "cites_another")
    problem(await ask(store.inspector, store.case, first, title="x"), 422, "cites_another")
    problem(await ask(store.inspector, name, first, title=WRONG["title"]), 422, "nothing_changed")
    problem(await ask(store.inspector, "nj01/C-none", first, title="x"), 404, "not_found")
    index = await corrected(store, name, first, title="无证运输")
    told = problem(await ask(store.inspector, name, first, title="无证经营"), 409, "corrected_since")
    assert str(index) in told["detail"]
    await corrected(store, name, first, scene="东山街道")  # which nobody has corrected since
    item = await new_item(store)
    first = (await store.keeper.get(f"history/{item}")).json()["rows"][0]["index"]
    await correct_item(store, item, name="雪茄")
    act = await waiting(store.crew.propose(store.inspector, "correct", item, cites=first, changes={"name": "x"}))
    problem(await store.crew.sign(store.approver, act), 409, "corrected_since")


@pytest.mark.parametrize(
    "particulars",
    [{}, {"number": "1"}, {"title": None}, {"title": " x"}, {"title": "x" * 201}, {"title": "a\nb"}, {"parties": "x"},
     {"parties": ["x"] * 21}, {"parties": [""]}, {"vehicles": None}, {"scene": ""}],
)  # fmt: skip
async def test_what_no_registration_takes_no_correction_takes(store: Warehouse, particulars: dict[str, Any]) -> None:
    asked = ask(store.inspector, *await named(store), **particulars)
    refused = await refusal(asked, "missing_papers", "custody.papers")
    assert refused["subject"] == "particulars"


async def named(store: Warehouse) -> tuple[str, int]:
    """The warehouse's case, and the entry that opened it."""
    return store.case, int((await store.keeper.get(f"cases/{store.case}")).json()["index"])


async def test_it_is_asked_and_approved_by_those_whom_the_rules_name(store: Warehouse) -> None:
    case, index = await named(store)
    await refusal(ask(store.keeper, case, index, title="x"), "wrong_role", "people.role")
    act = await waiting(ask(store.inspector, case, index, title="x"))
    await refusal(store.crew.sign(await store.crew.person(Role.LEADER), act), "wrong_role", "people.role")
    assert (await store.keeper.get(f"cases/{case}")).json()["title"] == "无证运输"
    problem(await ask(store.inspector, case, index, scene="x"), 409, "act_open")  # it is held while it waits
    (shown,) = (await store.approver.get("acts", params={"thing": case})).json()["rows"]
    assert (shown["id"], shown["things"], shown["passkey"]) == (act, [case], True)
    made(await store.crew.sign(store.approver, act))
    told = {"action": "correct_case", "details": {"cites": index, "particulars": {"title": "y"}, "reason": "z"}}
    problem(await store.inspector.post("acts", json=told), 422, "no_such_act")


async def test_who_saw_an_older_case_is_told_who_was_quicker(store: Warehouse) -> None:
    case, index = await named(store)
    tag = (await store.inspector.get(f"cases/{case}")).headers["etag"]
    assert tag == f'"{index}"'
    await new_item(store)  # which changes nothing of the case itself
    act = await waiting(ask(store.inspector, case, index, {"If-Match": tag}, title="无证经营"))
    done = made(await store.crew.sign(store.approver, act))
    told = problem(await ask(store.inspector, case, done["index"], {"If-Match": tag}, title="x"), 412, "changed")
    assert str(done["index"]) in told["detail"]
    assert (await store.inspector.get(f"cases/{case}")).headers["etag"] == f'"{done["index"]}"'
    item = (await store.inspector.get(f"items/{store.item}")).json()
    assert (await store.inspector.get(f"items/{store.item}")).headers["etag"] == f'"{item["index"]}"'


async def test_asked_twice_with_one_key_it_is_asked_once(store: Warehouse) -> None:
    case, index = await named(store)
    first = await ask(store.inspector, case, index, {"Idempotency-Key": "one"}, title="x")
    again = await ask(store.inspector, case, index, {"Idempotency-Key": "one"}, title="x")
    assert (first.status_code, again.status_code, first.json()) == (202, 202, again.json())


async def test_whether_a_held_case_is_corrected_is_the_books_to_say(office: Office, store: Warehouse) -> None:
    case, index = await named(store)
    made(await store.approver.post("holds", json={"things": [store.item], "reason": "a court"}))
    await corrected(store, case, index, title="无证经营")  # the default book lets it
    strict = replace(PACK.decisions["correct_case"], while_held=False)
    person = await office.person(Role.INSPECTOR)
    async with transaction(office.parts.pool) as tx:
        appender = await open_ledger(tx, "nj01")
        act = Acting(tx, appender, office.parts.world, PACK, CLOUD_KEY, person, office.parts.world.now())
        answer = await case_may_be_corrected(act, PACK, strict, case, {})
    assert isinstance(answer, Refused)
    assert answer.reason is Reason.LEGAL_HOLD


async def test_a_table_that_says_otherwise_is_found(office: Office, store: Warehouse, clock: Clock) -> None:
    await told_of_its_log(office)
    case, index = await named(store)
    of_case = await corrected(store, case, index, title="无证经营")
    of_item = await correct_item(store, store.item, name="雪茄")
    await Walk(office, clock, LOG_KEY).sign()
    for table, change in (
        ("evidence_case", "title = '无证运输'"),
        ("evidence_case", "corrected_index = NULL"),
        ("item", "name = '卷烟'"),
        ("item", "corrected_index = NULL"),
    ):
        await office.as_owner(f"UPDATE {table} SET {change}")  # noqa: S608 - from the list above
        checked = await verified(office)
        assert (checked.fault, (checked.row or "").split(" ")[0]) == ("row_differs", table), change
        await office.as_owner("UPDATE evidence_case SET title = '无证经营', corrected_index = %s", of_case)
        await office.as_owner("UPDATE item SET name = '雪茄', corrected_index = %s", of_item)
    assert (await verified(office)).ok


def told(**more: Any) -> Told:
    at = "2026-11-22T03:00:00.000000Z"
    roles = {"nj01/U-1": "inspector", "nj01/U-2": "approver"}
    hands = [{"person": person, "roles": [role], "at": at} for person, role in roles.items()]
    content = {"case": "nj01/C-1", "details": {"cites": 1, "particulars": {"title": "b"}, "reason": "r"},
               "was": {"title": "a"}, "hands": hands, "rule_pack": PACK.hash}  # fmt: skip
    return Told(7, "case_corrected", at, content | more)


@pytest.mark.parametrize(
    ("change", "fault"),
    [({}, None), ({"was": {"title": "c"}}, "correction_differs"), ({"was": {}}, "correction_differs"),
     ({"rule_pack": "0" * 64}, "step_not_allowed"), ({"hands": []}, "step_not_allowed")],
)  # fmt: skip
def test_a_record_that_tells_other_old_words_or_too_few_hands_is_a_fault(
    change: dict[str, Any], fault: str | None
) -> None:
    derived = Derived("nj01")
    derived.table("evidence_case")["nj01/C-1"] = {"title": "a"}
    if fault is None:
        assert derived_corrections.case(derived, told(), {PACK.hash: PACK}) == {"nj01/C-1"}
        assert derived.table("evidence_case")["nj01/C-1"] == {"title": "b", "corrected_index": 7}
        return
    with pytest.raises(LedgerFaultError) as caught:
        derived_corrections.case(derived, told(**change), {PACK.hash: PACK})
    assert (caught.value.name, caught.value.index) == (fault, 7)


async def test_the_court_reads_both_and_a_redacted_bundle_neither(office: Office, clock: Clock) -> None:
    await told_of_its_log(office)
    store = await warehouse(office)
    case, first = await named(store)
    index = await corrected(store, case, first, title="无证经营", parties=["张三"])
    changed = await correct_item(store, store.item, name="雪茄")
    await Walk(office, clock, LOG_KEY).sign()
    answer = await exported(office, case)
    assert answer.status_code == 200, answer.text
    bundle = read_bundle(answer.content)
    rows = {row["index"]: row for row in await office.rows("SELECT index, kind, content FROM record")}
    for at, old, new in ((index, "无证运输", "无证经营"), (changed, "卷烟", "雪茄")):
        content = bundle.indexed("contents", ".json")[at].decode()
        assert old in content
        assert new in content
        row = {"fact_kind": None, "record_kind": rows[at]["kind"], "content": json.loads(content)}
        assert old in _detail(row)[0]
        assert new in _detail(row)[0]
    await Walk(office, clock, LOG_KEY).sign()
    redacted = read_bundle((await exported(office, case, redact="true")).content)
    assert not {index, changed} & set(redacted.indexed("contents", ".json"))


def test_nothing_is_a_dash_and_several_are_listed() -> None:
    content = {"details": {"cites": 4, "particulars": {"parties": ["甲", "乙"], "scene": None}, "reason": "r"},
               "was": {"parties": [], "scene": "x"}}  # fmt: skip
    zh, en = correction_words(content)
    assert zh == "当事人由“—”更正为“甲、乙”；查获地点由“x”更正为“—”（原记录 4）"
    assert en == "people from “—” to “甲、乙”; scene from “x” to “—” (corrects entry 4)"


async def test_what_is_erased_of_a_case_is_erased_of_its_corrections(
    office: Office, store: Warehouse, clock: Clock
) -> None:
    await told_of_its_log(office)
    case = await opened(store)
    index = await corrected(store, case["id"], case["index"], parties=["张三"])
    admin = await office.signed_in(Role.ADMIN)
    asked = (await admin.get("erasures/related", params={"entry": case["index"]})).json()["rows"]
    assert [(row["kind"], row["why"], row["shows"]) for row in asked] == [
        ("act_proposed", "words", []),
        ("case_corrected", "words", []),
    ]
    done = await erase(office, case["index"])
    assert done["entries"] == [case["index"], *(row["index"] for row in asked)]
    assert index in done["entries"]
    shown = (await store.keeper.get(f"cases/{case['id']}")).json()
    assert (shown["parties"], shown["title"]) == ([], "已依法删除 / erased")
    for word in ("张三", "张叁", "无正"):
        assert "case" not in await found(store.keeper, word)
        assert await office.rows("SELECT 1 FROM record WHERE content LIKE %s", f"%{word}%") == []
        assert await office.rows("SELECT 1 FROM act WHERE details::text LIKE %s", f"%{word}%") == []
    await Walk(office, clock, LOG_KEY).sign()
    assert (checked := await verified(office)).ok, checked


async def test_one_correction_alone_takes_the_words_from_the_tables(
    office: Office, store: Warehouse, clock: Clock
) -> None:
    await told_of_its_log(office)
    index = await correct_item(store, store.item, name="张三的雪茄")
    first, second = await office.signed_in(Role.APPROVER), await office.signed_in(Role.ADMIN)
    body = {"entries": [index], "ground": "x", "with_related": False}
    proposed = made(await first.post("erasures", json=body))
    assert proposed["entries"] == [index]
    made(await second.post("erasures/confirm", json={"proposal": proposed["index"]}))
    assert (await store.keeper.get(f"items/{store.item}")).json()["name"] == "已依法删除 / erased"
    assert "item" not in await found(store.keeper, "张三")
    await Walk(office, clock, LOG_KEY).sign()
    assert (checked := await verified(office)).ok, checked


async def test_what_was_corrected_since_it_was_proposed_is_to_be_proposed_too(office: Office, store: Warehouse) -> None:
    case, index = await named(store)
    first, second = await office.signed_in(Role.APPROVER), await office.signed_in(Role.ADMIN)
    proposed = made(await first.post("erasures", json={"entries": [index], "ground": "x"}))["index"]
    await corrected(store, case, index, title="无证经营")
    problem(await second.post("erasures/confirm", json={"proposal": proposed}), 409, "more_since")


async def test_a_file_neither_undoes_a_correction_nor_makes_one(office: Office) -> None:
    store = await warehouse(office)
    made(await send(store.inspector, csv_of(), "one"))
    (row,) = [one for one in (await store.keeper.get("items")).json()["rows"] if one["name"] == "=1+1"]
    case, index = row["case_id"], (await store.keeper.get(f"cases/{row['case_id']}")).json()["index"]
    await corrected(store, case, index, title="销售假烟二")
    await correct_item(store, row["id"], name="雪茄")
    again = (await send(store.inspector, csv_of(), "two")).json()
    assert (again["made"], again["unchanged"], again["faults"]) == (0, 3, [])
    assert (await store.keeper.get(f"items/{row['id']}")).json()["name"] == "雪茄"
    assert (await store.keeper.get(f"cases/{case}")).json()["title"] == "销售假烟二"
