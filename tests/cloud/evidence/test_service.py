import json

from cloud.people.roles import Right
from custody.roles import Role
from proof.chain import commit_record
from tests.cloud.api import LABEL_KEY, Office, problem
from tests.cloud.evidence.crew import Crew
from tests.cloud.evidence.warehouse import made, warehouse
from tests.cloud.receiving import PACK
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
    sealing = (await store.crew.propose(store.keeper, "seal", item, seal_number="F01")).json()["act"]
    problem(await store.crew.sign(store.inspector, sealing), 409, "seal_number_taken")
    assert (await store.keeper.get(f"items/{item}")).json()["state"] == "intake"


async def test_a_sealed_item_is_not_sealed_again_and_the_rule_is_told_in_both_languages(office: Office) -> None:
    store = await warehouse(office)
    refused = problem(await store.crew.propose(store.keeper, "seal", store.item, seal_number="F02"), 409, "refused")
    assert (refused["reason"], refused["rule"], refused["subject"]) == (
        "wrong_state", "custody.order-of-steps", store.item,
    )  # fmt: skip
    assert refused["rule_text"] == {"zh": "流程不可逾越或倒置", "en": "No step may be skipped or reversed"}
    assert await office.rows("SELECT FROM package WHERE seal_number = 'F02'") == []


async def test_a_package_holds_items_of_its_own_case_only(office: Office) -> None:
    store = await warehouse(office)
    other = made(await store.inspector.post("cases", json={"number": "2", "title": "t"}))["id"]
    new = {"name": "x", "quantity": 1, "unit": "件"}
    items = [
        made(await store.inspector.post("items", json={**new, "case_id": case}))["id"] for case in (store.case, other)
    ]
    sealing = (await store.crew.propose(store.keeper, "seal", *items, seal_number="F02")).json()["act"]
    problem(await store.crew.sign(store.inspector, sealing), 422, "other_case")


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
    crew, package = store.crew, store.package
    handler, bookkeeper = await crew.person(Role.CASE_HANDLER), await crew.person(Role.BOOKKEEPER)
    refused = problem(await crew.propose(handler, "approve_release", package), 409, "refused")
    assert refused["reason"] == "wrong_state"
    await store.stand("stored")
    done = await crew.do("approve_release", package, by=(Role.CASE_HANDLER, Role.APPROVER))
    assert (done["things"], done["rule"]) == ([package, store.item], "custody.release")
    assert (await store.keeper.get(f"items/{store.item}")).json()["state"] == "release_approved"
    await crew.do("withdraw_release", package, by=(Role.CASE_HANDLER,))
    problem(await crew.propose(bookkeeper, "shelve", package), 409, "refused")
    await store.stand("returned")
    await crew.do("shelve", package, by=(Role.KEEPER, Role.BOOKKEEPER))
    item = (await store.keeper.get(f"items/{store.item}")).json()
    assert (await store.keeper.get(f"packages/{package}")).json()["state"] == item["state"] == "stored"


async def test_nobody_approves_what_they_registered_or_sealed(office: Office) -> None:
    """The registrar of the item in the package, and who sealed the package the item is in (J26)."""
    await office.agent()
    crew = Crew(office)
    registrar = await office.signed_in(Role.INSPECTOR, Role.CASE_HANDLER, Role.APPROVER)
    sealer = await office.signed_in(Role.INSPECTOR, Role.CASE_HANDLER, Role.APPROVER)
    for client in (registrar, sealer):
        await crew.give_passkey(client)
    case = made(await registrar.post("cases", json={"number": "1", "title": "t"}))["id"]
    item = made(await registrar.post("items", json={"case_id": case, "name": "x", "quantity": 1, "unit": "件"}))["id"]
    sealing = await crew.propose(sealer, "seal", item)
    keeper = await crew.person(Role.KEEPER)
    (package,) = made(await crew.sign(keeper, sealing.json()["act"]))["made"]
    await office.as_owner("UPDATE package SET state = 'stored'")
    await office.as_owner("UPDATE item SET state = 'stored'")
    handler, approver = await crew.person(Role.CASE_HANDLER), await crew.person(Role.APPROVER)
    answers = [await crew.propose(client, "approve_release", package) for client in (registrar, sealer)]
    asked = await crew.propose(handler, "approve_release", package)
    answers += [await crew.sign(client, asked.json()["act"]) for client in (registrar, sealer)]
    for answer in answers:
        refused = problem(answer, 409, "refused")
        assert (refused["reason"], refused["rule"], refused["subject"]) == ("own_work", "people.apart", package)
    assert made(await crew.sign(approver, asked.json()["act"]))["status"] == "done"


async def test_each_act_is_for_its_roles_and_for_nobody_who_is_not_signed_in(office: Office) -> None:
    acts = {
        "cases": Right.OPEN_CASE, "items": Right.REGISTER_ITEM, "labels": Right.ISSUE_LABEL,
        "permits": Right.ISSUE_PERMIT, "permits/revoke": Right.REVOKE_PERMIT, "holds": Right.PLACE_HOLD,
        "holds/lift": Right.LIFT_HOLD, "agents": Right.ADD_AGENT, "zones": Right.FURNISH, "slots": Right.FURNISH,
    }  # fmt: skip
    visitor = await office.visitor()
    for role in Role:
        client = await office.signed_in(role)
        for path, right in acts.items():
            if PACK.may(frozenset({role}), right):
                problem(await client.post(path, json={}), 422, "invalid")
            else:
                problem(await client.post(path, json={}), 403, "forbidden")
            problem(await visitor.post(path, json={}), 401, "not_signed_in")


async def test_each_step_is_for_the_roles_of_its_seats(office: Office) -> None:
    store = await warehouse(office)
    for role in Role:
        client = await store.crew.person(role)
        answer = await store.crew.propose(client, "handover", store.package)
        if role in (Role.INSPECTOR, Role.CASE_HANDLER, Role.KEEPER):
            assert answer.status_code == 202, answer.text
            made(await client.post("acts/decline", json={"act": answer.json()["act"], "reason": "x"}))
        else:
            refused = problem(answer, 409, "refused")
            assert (refused["reason"], refused["rule"]) == ("wrong_role", "people.role")
    asked = {"action": "handover", "things": [store.package], "details": {"differences": []}}
    problem(await (await office.visitor()).post("acts", json=asked), 401, "not_signed_in")


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
    asked = {"action": "handover", "things": [store.package], "details": {"differences": []}}
    problem(await stranger.post("acts", json=asked), 404, "not_found")
    problem(await stranger.post("labels", json={"thing_id": store.item}), 404, "not_found")
    assert [row["id"] for row in (await stranger.get("sites")).json()["rows"]] == ["sz01"]
