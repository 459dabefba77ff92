import json

from custody.roles import Role
from proof.chain import commit_content, commit_record_content
from tests.cloud.api import Office, problem
from tests.cloud.evidence.test_history import tell
from tests.cloud.evidence.warehouse import warehouse


async def test_the_content_of_a_record_or_fact_is_what_its_entry_commits_to(office: Office) -> None:
    store = await warehouse(office)
    fact = await tell(office, 1, "heartbeat", [store.package], {})
    client = await office.signed_in(Role.AUDITOR)
    entries = {row["index"]: json.loads(row["entry"]) for row in await office.rows("SELECT * FROM ledger_entry")}
    for index, entry in entries.items():
        read = (await client.get(f"entries/{index}")).json()
        content, salt = read["content"].encode(), bytes.fromhex(read["salt"])
        if index == fact:
            [kept] = await office.rows("SELECT content, salt FROM fact")
            assert commit_content(content, salt) == commit_content(kept["content"].encode(), kept["salt"])
            assert (read["things"], read["actor_name"]) == ([store.package], None)
        else:
            assert commit_record_content(content, salt).hex() == entry["c"]
            assert read["erased"] is False


async def test_what_was_erased_is_gone_with_its_salt(office: Office) -> None:
    await office.agent()
    await tell(office, 1, "heartbeat", [], {})
    [fact] = await office.rows("SELECT index FROM fact")
    await office.as_owner("ALTER TABLE fact DISABLE TRIGGER ALL")
    await office.as_owner("UPDATE fact SET content = NULL, salt = NULL")
    client = await office.signed_in(Role.AUDITOR)
    read = (await client.get(f"entries/{fact['index']}")).json()
    assert (read["erased"], read["content"], read["salt"]) == (True, None, None)


async def test_contents_are_for_those_who_may_have_a_bundle_and_only_of_sites_they_may_read(office: Office) -> None:
    await office.agent()
    await tell(office, 1, "heartbeat", [], {})
    auditor, courier = await office.signed_in(Role.AUDITOR), await office.signed_in(Role.BOOKKEEPER)
    problem(await (await office.visitor()).get("entries/0"), 401, "not_signed_in")
    problem(await courier.get("entries/0"), 403, "forbidden")
    problem(await auditor.get("entries/0", params={"site": "elsewhere"}), 403, "forbidden")
    problem(await auditor.get("entries/999999"), 404, "not_found")
    problem(await auditor.get("entries/x"), 422, "invalid")
