import json

from custody.roles import Role
from proof.chain import commit_record
from tests.cloud.api import LABEL_KEY, Office, problem
from tests.cloud.evidence.warehouse import made, warehouse
from wire.labels import read_label


async def test_an_act_is_one_ledger_entry_that_commits_to_what_was_done(office: Office) -> None:
    client = await office.signed_in(Role.INSPECTOR)
    case = made(await client.post("cases", json={"number": "1", "title": "t"}))
    row = (await office.rows("SELECT * FROM record WHERE index = %s", case["index"]))[0]
    entry = json.loads(
        (await office.rows("SELECT entry FROM ledger_entry WHERE index = %s", case["index"]))[0]["entry"]
    )
    content = json.loads(row["content"])
    assert content == {
        "actor": case["opened_by"], "case": case["id"], "number": "1", "rule_pack": case["rule_pack"], "title": "t",
    }  # fmt: skip
    assert entry["c"] == commit_record(content, row["salt"]).hex()
    assert (entry["type"], entry["kind"]) == ("record", "case_opened")


async def test_items_are_registered_sealed_and_found(office: Office) -> None:
    store = await warehouse(office)
    item = (await store.inspector.get(f"items/{store.item}")).json()
    assert (item["state"], item["package_id"], item["label_issue"], item["held"]) == ("sealed", store.package, 1, False)
    package = (await store.keeper.get(f"packages/{store.package}")).json()
    assert [inside["id"] for inside in package["items"]] == [store.item]
    for query in ({"q": "卷"}, {"q": store.item[-6:].lower()}, {"state": "sealed"}, {"case_id": store.case}):
        assert [row["id"] for row in (await store.keeper.get("items", params=query)).json()["rows"]] == [store.item]
    for query in ({"q": "%"}, {"state": "out"}, {"case_id": "nj01/C-NONE"}, {"after": store.item}):
        assert (await store.keeper.get("items", params=query)).json() == {"rows": [], "next": None}
    assert [row["id"] for row in (await store.keeper.get("packages")).json()["rows"]] == [store.package]
    assert (await store.keeper.get(f"cases/{store.case}")).json()["title"] == "无证运输"


async def test_pages_go_on_where_they_end(office: Office) -> None:
    client = await office.signed_in(Role.INSPECTOR)
    cases = [made(await client.post("cases", json={"number": str(n), "title": "t"})) for n in range(3)]
    first = (await client.get("cases", params={"limit": 2})).json()
    rest = (await client.get("cases", params={"limit": 2, "after": first["next"]})).json()
    assert [row["number"] for row in first["rows"] + rest["rows"]] == ["2", "1", "0"]
    assert rest["next"] is None
    for _ in range(3):
        new = {"case_id": cases[0]["id"], "name": "x", "quantity": 1, "unit": "件"}
        made(await client.post("items", json=new))
    page = (await client.get("items", params={"limit": 2})).json()
    more = (await client.get("items", params={"limit": 2, "after": page["next"]})).json()
    assert len({row["id"] for row in page["rows"] + more["rows"]}) == 3


async def test_numbers_are_given_once(office: Office) -> None:
    store = await warehouse(office)
    same = {"number": "宁烟立〔2026〕第1号", "title": "again"}
    problem(await store.inspector.post("cases", json=same), 409, "case_number_taken")
    new = {"case_id": store.case, "name": "x", "quantity": 1, "unit": "件"}
    item = made(await store.inspector.post("items", json=new))["id"]
    sealed = {"case_id": store.case, "item_ids": [item], "seal_number": "F1"}
    problem(await store.keeper.post("packages", json=sealed), 409, "seal_number_taken")
    assert (await store.keeper.get(f"items/{item}")).json()["state"] == "intake"


async def test_a_sealed_item_is_not_sealed_again_and_the_rule_is_told_in_both_languages(office: Office) -> None:
    store = await warehouse(office)
    again = {"case_id": store.case, "item_ids": [store.item], "seal_number": "F2"}
    refused = problem(await store.keeper.post("packages", json=again), 409, "refused")
    assert (refused["reason"], refused["rule"], refused["subject"]) == (
        "wrong_state", "custody.order-of-steps", store.item,
    )  # fmt: skip
    assert refused["rule_text"] == {"zh": "流程不可逾越或倒置", "en": "No step may be skipped or reversed"}
    assert await office.rows("SELECT FROM package WHERE seal_number = 'F2'") == []


async def test_a_package_holds_items_of_its_own_case_only(office: Office) -> None:
    store = await warehouse(office)
    other = made(await store.inspector.post("cases", json={"number": "2", "title": "t"}))["id"]
    mixed = {"case_id": other, "item_ids": [store.item], "seal_number": "F2"}
    problem(await store.keeper.post("packages", json=mixed), 422, "other_case")


async def test_each_label_is_genuine_and_voids_the_one_before(office: Office) -> None:
    store = await warehouse(office)
    label = made(await store.keeper.post("labels", json={"thing_id": store.item}))
    assert label["issue"] == 2
    read = read_label(label["text"], [LABEL_KEY.public])
    assert (read.kind, read.id, read.issue) == ("item", store.item, 2)
    person = (await store.keeper.get("session")).json()["id"]
    assert made(await store.keeper.post("labels", json={"thing_id": person}))["kind"] == "person"
    problem(await store.keeper.post("labels", json={"thing_id": "nj01/I-NOBODY"}), 404, "not_found")
    problem(await store.keeper.post("labels", json={"thing_id": store.case}), 404, "not_found")


async def test_a_release_is_approved_withdrawn_and_a_return_shelved_in_that_order_only(office: Office) -> None:
    store = await warehouse(office)
    things = {"things": [store.package]}
    refused = problem(await store.approver.post("releases", json=things), 409, "refused")
    assert refused["reason"] == "wrong_state"
    await store.stand("stored")
    done = made(await store.approver.post("releases", json=things))
    assert done["things"] == [store.package, store.item]
    assert done["rules"] == ["custody.release"]
    assert (await store.keeper.get(f"items/{store.item}")).json()["state"] == "release_approved"
    made(await store.approver.post("releases/withdraw", json=things))
    problem(await store.keeper.post("shelvings", json=things), 409, "refused")
    await store.stand("returned")
    made(await store.keeper.post("shelvings", json=things))
    item = (await store.keeper.get(f"items/{store.item}")).json()
    package = (await store.keeper.get(f"packages/{store.package}")).json()
    assert item["state"] == package["state"] == "stored"


async def test_nobody_approves_what_they_registered_or_sealed(office: Office) -> None:
    both = await office.signed_in(Role.INSPECTOR, Role.KEEPER, Role.APPROVER)
    other = await office.signed_in(Role.KEEPER, Role.APPROVER)
    case = made(await both.post("cases", json={"number": "1", "title": "t"}))["id"]
    new = {"case_id": case, "name": "x", "quantity": 1, "unit": "件"}
    item = made(await both.post("items", json=new))["id"]
    sealed = {"case_id": case, "item_ids": [item], "seal_number": "F1"}
    package = made(await other.post("packages", json=sealed))["id"]
    await office.execute("UPDATE package SET state = 'stored'")
    await office.execute("UPDATE item SET state = 'stored'")
    for client in (both, other):  # who registered the item in the package; who sealed the package the item is in
        for thing in (package, item):
            problem(await client.post("releases", json={"things": [thing]}), 403, "self_approval")
    third = await office.signed_in(Role.APPROVER)
    made(await third.post("releases", json={"things": [package]}))


async def test_each_act_is_for_its_roles_and_for_nobody_who_is_not_signed_in(office: Office) -> None:
    acts = {
        "cases": Role.INSPECTOR, "items": Role.INSPECTOR, "packages": Role.KEEPER, "labels": Role.KEEPER,
        "shelvings": Role.KEEPER, "permits": Role.KEEPER, "permits/revoke": Role.KEEPER, "releases": Role.APPROVER,
        "releases/withdraw": Role.APPROVER, "holds": Role.APPROVER, "holds/lift": Role.APPROVER, "agents": Role.ADMIN,
    }  # fmt: skip
    visitor = await office.visitor()
    for role in Role:
        client = await office.signed_in(role)
        for path, needed in acts.items():
            if role is needed:
                problem(await client.post(path, json={}), 422, "invalid")
            else:
                problem(await client.post(path, json={}), 403, "forbidden")
            problem(await visitor.post(path, json={}), 401, "not_signed_in")


async def test_things_of_another_site_are_not_there(office: Office) -> None:
    store = await warehouse(office)
    await office.execute(
        "INSERT INTO site VALUES ('sz01', '苏州', 'Suzhou', 'sealtrail/test/sz01', now())",
    )
    await office.execute("INSERT INTO ledger_head (site) VALUES ('sz01')")
    stranger = await office.signed_in(*Role, site="sz01")
    for path in (f"items/{store.item}", f"packages/{store.package}", f"cases/{store.case}", f"history/{store.item}"):
        problem(await stranger.get(path), 404, "not_found")
    assert (await stranger.get("items")).json()["rows"] == []
    problem(await stranger.get("passages", params={"site": "nj01"}), 403, "forbidden")
    problem(await stranger.post("releases", json={"things": [store.package]}), 404, "not_found")
    problem(await stranger.post("labels", json={"thing_id": store.item}), 404, "not_found")
    assert [row["id"] for row in (await stranger.get("sites")).json()["rows"]] == ["sz01"]
