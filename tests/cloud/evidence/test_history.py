import json
from typing import Any

from cloud.db.pool import transaction
from cloud.ledger.service import close_ledger, open_ledger
from custody.roles import Role
from proof.canonical import canonical
from tests.cloud.api import AGENT, Office, problem
from tests.cloud.evidence.warehouse import made, warehouse

STILL = "ab" * 32
FACT = "INSERT INTO fact VALUES (%s, %s, 'nj01', %s, %s, '2026-11-22T03:00:01Z', %s, %s)"


async def tell(office: Office, seq: int, kind: str, things: list[str], body: dict[str, Any]) -> int:
    """A fact about `things` as the uplink takes it in; returns its entry."""
    fact = {"seq": seq, "kind": kind, "clock": {"source": "ntp", "error_ms": 12}, "body": body}
    async with transaction(office.parts.pool) as tx:
        appender = await open_ledger(tx, "nj01")
        index = appender.add({"type": "fact", "taken_at": "2026-11-22T03:00:02.000000Z"})
        await tx.execute(FACT.encode(), [AGENT, seq, index, kind, b"salt", canonical(fact).decode()])
        for thing in things:
            await tx.execute(b"INSERT INTO thing_entry VALUES (%s, 'nj01', %s)", [thing, index])
        await close_ledger(tx, appender)
    return index


async def test_an_items_history_is_all_that_was_done_and_said_of_it_and_of_its_package(office: Office) -> None:
    store = await warehouse(office)
    await tell(office, 1, "heartbeat", [], {})
    index = await tell(office, 2, "passage_decided", [store.package], {"picture": {"sha256": STILL}})
    read = (await store.inspector.get(f"history/{store.item}")).json()
    assert read["thing"] == {"id": store.item, "kind": "item", "name": "卷烟", "state": "sealed"}
    assert [row["kind"] for row in read["rows"]] == [
        "item_registered", "act_proposed", "act_signed", "act_signed", "custody_step", "label_issued", "label_issued",
        "passage_decided",
    ]  # fmt: skip
    first, *_, last = read["rows"]
    registrar = (await store.inspector.get("session")).json()
    assert (first["type"], first["actor"], first["actor_name"]) == ("record", registrar["id"], registrar["name"])
    assert first["content"]["quantity"] == 50
    assert first["at"] == first["taken_at"] == "2026-11-22T03:00:00Z"
    assert {name: last[name] for name in ("index", "type", "agent", "seq", "error_ms", "clock_source", "picture")} == {
        "index": index, "type": "fact", "agent": AGENT, "seq": 2, "error_ms": 12, "clock_source": "ntp",
        "picture": STILL,
    }  # fmt: skip
    assert (last["at"], last["taken_at"]) == ("2026-11-22T03:00:01Z", "2026-11-22T03:00:02Z")
    entries = await office.rows("SELECT index, entry FROM ledger_entry")
    kinds = {row["index"]: json.loads(row["entry"]).get("kind") for row in entries}
    assert all(kinds[row["index"]] == row["kind"] for row in read["rows"] if row["type"] == "record")


async def test_a_history_goes_on_page_by_page(office: Office) -> None:
    store = await warehouse(office)
    whole = (await store.keeper.get(f"history/{store.item}")).json()["rows"]
    pages: list[Any] = []
    after: Any = -1
    while after is not None:
        page = (await store.keeper.get(f"history/{store.item}", params={"limit": 1, "after": after})).json()
        pages += page["rows"]
        after = page["next"]
    assert pages == whole


async def test_cases_people_and_permits_have_histories_and_what_is_unknown_has_none(office: Office) -> None:
    store = await warehouse(office, handed_over=True)
    permit = made(await store.keeper.post("permits", json=store.permit("in")))["id"]
    person = (await store.keeper.get("session")).json()["id"]
    for thing, kind in ((store.case, "case"), (store.package, "package"), (permit, "permit"), (person, "person")):
        assert (await store.keeper.get(f"history/{thing}")).json()["thing"]["kind"] == kind
    client = await office.signed_in(Role.AUDITOR)
    problem(await client.get("history/nj01/I-NOBODY"), 404, "not_found")
    problem(await client.get("history/x"), 404, "not_found")
    problem(await client.get(f"history/{store.item}", params={"after": "x"}), 422, "invalid")
