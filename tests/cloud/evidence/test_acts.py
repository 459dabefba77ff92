"""Acts and their hands, over HTTP."""

from tests.cloud.api import Office, problem
from tests.cloud.evidence.warehouse import warehouse


async def test_a_handover_needs_both_hands_and_is_seen_as_waiting_until_then(office: Office) -> None:
    """J30: two signatures on one record; in limbo until both."""
    store = await warehouse(office)
    crew = store.crew
    waiting = await crew.propose(store.inspector, "handover", store.package)
    assert waiting.status_code == 202, waiting.text
    act = waiting.json()["act"]
    assert waiting.json()["waiting_for"] == [["keeper"]]
    package = (await store.keeper.get(f"packages/{store.package}")).json()
    assert (package["state"], package["custody"]["act"]) == ("sealed", act)
    assert [row["id"] for row in (await store.keeper.get("acts", params={"mine": True})).json()["rows"]] == [act]
    assert (await store.inspector.get("acts", params={"mine": True})).json()["rows"] == []
    refused = problem(await crew.sign(store.inspector, act), 409, "refused")
    assert (refused["reason"], refused["rule"]) == ("same_person", "people.two")
    done = await crew.sign(store.keeper, act)
    assert done.status_code == 201, done.text
    assert (done.json()["status"], set(done.json()["things"])) == ("done", {store.package, store.item})
    package = (await store.keeper.get(f"packages/{store.package}")).json()
    assert (package["state"], package["custody"]["act"]) == ("received", None)
    assert [item["state"] for item in package["items"]] == ["received"]
