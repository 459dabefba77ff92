"""From every entry and every thing to what belongs to it, over HTTP."""

from typing import Any

import httpx
import pytest

from custody.roles import Role
from tests.cloud.api import AGENT, Office, problem
from tests.cloud.conftest import Clock
from tests.cloud.evidence import filming
from tests.cloud.evidence.doors import Behind, behind
from tests.cloud.evidence.printing import PRINTER, printing
from tests.cloud.evidence.walk import Walk
from tests.cloud.evidence.warehouse import Warehouse, made
from tests.cloud.receiving import LOG_KEY


async def asked(who: httpx.AsyncClient, path: str) -> dict[str, Any]:
    answer = await who.get(f"together/{path}")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def links(told: dict[str, Any]) -> dict[str, set[str]]:
    """Kind → what is linked."""
    return {kind["kind"]: {link["thing"] for link in kind["links"]} for kind in told["linked"]}


def moments(told: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [one for one in told["moments"] if one["kind"] == kind]


@pytest.fixture
async def walk(office: Office, clock: Clock) -> Walk:
    return Walk(office, clock, LOG_KEY)


async def test_every_entry_leads_to_what_it_is_about_and_to_its_second_of_film(office: Office, walk: Walk) -> None:
    store: Warehouse = await walk.whole()
    event = await filming.tell(walk, filming.FILM)
    operator = await office.signed_in(Role.OPERATOR)
    new = {"type": "equipment", "title": "封签起翘", "words": "…", "links": [store.package]}
    ticket = made(await operator.post("tickets", json=new))["ticket"]
    entries = await office.rows("SELECT index FROM ledger_entry WHERE site = 'nj01' ORDER BY index")
    assert len(entries) > 40
    for row in entries:  # of whatever kind
        await asked(operator, f"entries/{row['index']}")
    (fact,) = await office.rows("SELECT index, at FROM fact WHERE agent = %s AND seq = %s", AGENT, event)
    told = await asked(operator, f"entries/{fact['index']}")
    found = links(told)
    assert found["case"] == {store.case}
    assert found["item"] == {store.item}
    assert found["package"] == {store.package}
    assert found["ticket"] == {f"nj01/T-{ticket}"}
    assert found.keys() >= {"permit", "act", "person", "slot"}
    (clip,) = moments(told, "clip")
    assert (clip["agent"], clip["seq"], clip["name"], clip["film"]) == (AGENT, event, "camera", True)
    assert clip["at"] == fact["at"].isoformat().replace("+00:00", "Z")
    (passage,) = moments(told, "passage")
    assert (passage["seq"], passage["film"]) == (event, True)
    problem(await operator.get("together/entries/99999"), 404, "not_found")
    problem(await operator.get("together/things/nj01/I-NOBODY"), 404, "not_found")


async def test_every_thing_leads_to_all_others(office: Office, walk: Walk) -> None:
    store: Warehouse = await walk.whole()
    event = await filming.tell(walk, filming.FILM)
    operator = await office.signed_in(Role.OPERATOR)
    whole = links(await asked(operator, f"things/{store.package}"))
    assert whole["item"] == {store.item}
    assert len(whole["permit"]) == 3
    (slot,), (permit, *_), (act, *_) = whole["slot"], sorted(whole["permit"]), sorted(whole["act"])
    ways = {
        "case": store.case, "item": store.item, "package": store.package, "slot": slot, "permit": permit, "act": act,
    }  # fmt: skip
    for kind, thing in ways.items():
        told = await asked(operator, f"things/{thing}")
        found = links(told)
        for other, its in ways.items():
            assert other == kind or its in found[other] or other == "act", (kind, other)
        assert event in [one["seq"] for one in moments(told, "clip")], kind
        assert thing not in found.get(kind, set())
    (crossed,) = await office.rows(
        "SELECT people FROM passage WHERE crossed_index IS NOT NULL ORDER BY index DESC LIMIT 1"
    )
    told = await asked(operator, f"things/{crossed['people'][0]}")
    assert event in [one["seq"] for one in moments(told, "passage")]


async def test_an_alarm_leads_to_the_fact_it_is_about_and_a_ticket_to_its_alarm(office: Office, walk: Walk) -> None:
    store: Warehouse = await walk.whole()
    walk._say("passage_decided", walk._body(store, "in", []) | {"outcome": "allowed", "rule": "x", "uses": []})
    await walk.send()
    event = await filming.tell(walk, filming.FILM)
    (alarm,) = await office.rows(
        "SELECT id, index FROM alarm WHERE cause = 'decision_differs' ORDER BY id DESC LIMIT 1"
    )
    operator = await office.signed_in(Role.OPERATOR)
    new = {"type": "equipment", "title": "两次判定不同", "words": "…", "alarm": alarm["id"]}
    ticket = made(await operator.post("tickets", json=new))["ticket"]
    name = f"nj01/A-{alarm['index']}"
    told = await asked(operator, f"things/{name}")
    assert links(told)["package"] == {store.package}
    assert links(told)["case"] == {store.case}
    assert links(told)["ticket"] == {f"nj01/T-{ticket}"}
    assert [one["seq"] for one in moments(told, "clip")] == [event]
    linked = {kind["kind"]: kind["links"] for kind in (await asked(operator, f"things/nj01/T-{ticket}"))["linked"]}
    assert [(one["thing"], one["alarm"]) for one in linked["alarm"]] == [(name, alarm["id"])]
    (fact,) = await office.rows("SELECT index FROM fact WHERE agent = %s AND seq = %s", AGENT, event)
    assert name in links(await asked(operator, f"entries/{fact['index']}"))["alarm"]


async def test_a_door_session_belongs_to_what_happened_while_it_was_open(office: Office, clock: Clock) -> None:
    door: Behind = await behind(office, clock)
    await door.give_task()
    keeper = await door.keeper()
    opened = await door.open(await door.ask(keeper, task=door.task))
    await door.shut(opened, people=[keeper], task=door.task)
    for kind in ("door_decided", "door_opened", "door_closed"):
        (fact,) = await office.rows("SELECT index FROM fact WHERE kind = %s ORDER BY index DESC LIMIT 1", kind)
        told = await asked(door.floor.store.keeper, f"entries/{fact['index']}")
        assert len(moments(told, "door_session")) == 1, kind
        assert keeper in links(told)["person"], kind


async def test_nobody_reads_what_belongs_to_another_site(office: Office, walk: Walk) -> None:
    store: Warehouse = await walk.whole()
    stranger = await office.visitor()
    problem(await stranger.get(f"together/things/{store.item}"), 401, "not_signed_in")
    keeper = store.keeper
    problem(await keeper.get(f"together/things/{store.item}", params={"site": "sz01"}), 403, "forbidden")


async def test_a_thing_leads_to_the_jobs_that_printed_its_label_and_back(office: Office) -> None:
    desk = await printing(office)
    item, package = desk.store.item, desk.store.package
    (first,), (second,) = [await desk.send(*things) for things in ([item, package], [package])]
    await desk.printed(first, (item, "printed"), (package, "printed"))
    assert links(await asked(desk.store.keeper, f"things/{package}"))["print_job"] == {first, second}
    assert links(await asked(desk.store.keeper, f"things/{item}"))["print_job"] == {first}
    back = links(await asked(desk.store.keeper, f"things/{first}"))
    assert (back["item"], back["package"]) == ({item}, {package})
    assert back["print_job"] == {second}  # by the package that both printed; never the one that was asked from
    (job,) = await desk.jobs(thing=item)
    for entry in (job["index"], job["ended_index"]):
        told = await asked(desk.store.keeper, f"entries/{entry}")
        assert (links(told)["item"], links(told)["print_job"] >= {first}) == ({item}, True)
    (link,) = [link for kind in told["linked"] for link in kind["links"] if link["thing"] == first]
    assert (link["name"], link["more"], link["index"]) == (PRINTER, "printed", job["index"])
