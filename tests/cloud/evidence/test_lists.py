"""Lists of slots that are lit together: ordered once, shown as far as they are, and never a permission (J18)."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from custody.roles import Role
from proof import jws
from tests.cloud.api import AGENT, CLOUD_KEY, Office, problem
from tests.cloud.conftest import Clock
from tests.cloud.evidence.floor import Floor, floor
from tests.cloud.evidence.warehouse import made
from tests.cloud.people.derived import each_is_found, holds, verified
from wire.kinds import OrderKind
from wire.messages import ORDER_TYPE, body_of
from wire.racks import LightList, ListedSlot


@pytest.fixture
async def stored(office: Office, clock: Clock) -> Floor:
    """The package lies in A-1."""
    built = await floor(office, clock)
    await built.go_in()
    await built.place("A-1")
    return built


async def start(at: Floor, **asked: Any) -> dict[str, Any]:
    told: dict[str, Any] = made(await at.store.keeper.post("lists", json=asked))
    return told


async def orders(office: Office, kind: OrderKind) -> list[dict[str, Any]]:
    found = await office.rows("SELECT jws FROM agent_order WHERE kind = %s ORDER BY created_at, id", kind.value)
    find = {CLOUD_KEY.public.kid: CLOUD_KEY.public}.get
    return [{**jws.verify(row["jws"], find, ORDER_TYPE)} for row in found]


async def answered(at: Floor, problem: str | None = None) -> None:
    """The agent answers the newest list it was ordered to light."""
    order = (await orders(at.office, OrderKind.LIGHT_LIST))[-1]["id"]
    outcome = "refused" if problem else "done"
    await at.tell("order_answered", {"order": order, "outcome": outcome, "problem": problem})


async def shown(at: Floor) -> dict[str, Any]:
    """The newest list, as the page asks for it."""
    told: dict[str, Any] = (await at.store.keeper.get("lists")).json()["rows"][0]
    return told


async def test_where_things_lie_is_lit_by_one_signed_order_and_confirmed_by_its_rack(stored: Floor) -> None:
    told = await start(stored, things=[stored.store.item], minutes=15)  # it is in the package
    assert (told["way"], told["colour"], told["state"], told["left"]) == ("pick", "blue", "lit", 1)
    (order,) = await orders(stored.office, OrderKind.LIGHT_LIST)
    assert order["agent"] == AGENT
    body = body_of(LightList, order["body"])
    assert body == LightList(
        list_id=told["id"], way="pick", colour="blue", until=body.until,
        slots=[ListedSlot(slot=stored.slots["A-1"], things=[stored.store.item])],
    )  # fmt: skip
    (slot,) = (await shown(stored))["slots"]
    assert (slot["state"], slot["name"]) == ("waiting", "A-1")
    await answered(stored)
    assert (await shown(stored))["slots"][0]["state"] == "lit"
    done = {"station": "rack", "list_id": told["id"], "slot": stored.slots["A-1"], "by": "sensor", "left": 0}
    await stored.tell("list_slot_done", done)
    now = await shown(stored)
    assert (now["state"], now["left"], now["slots"][0]["by"]) == ("done", 0, "sensor")
    told_of = await stored.office.rows("SELECT FROM thing_entry WHERE thing = %s", told["id"])
    assert len(told_of) == 2  # begun, and the slot's word
    await holds(stored.office)


async def test_a_zone_is_looked_at_slot_by_slot_in_walking_order(stored: Floor) -> None:
    zone = (await stored.slot("A-1"))["zone"]
    told = await start(stored, zone=zone)
    assert told["way"] == "look"
    assert [(one["name"], one["things"]) for one in told["slots"]] == [("A-1", []), ("A-2", [])]  # counted blind


async def test_tasks_lead_into_their_slots(office: Office, clock: Clock) -> None:
    at = await floor(office, clock)
    await at.go_in()
    asked = {"agent": AGENT, "station": "rack", "action": "place", "things": [at.package], "slot": at.slots["A-2"]}
    until = (clock.now() + timedelta(hours=2)).isoformat()
    task = made(await at.store.keeper.post("tasks", json={**asked, "not_after": until}))["id"]
    told = await start(at, tasks=[task])
    assert (told["way"], [one["name"] for one in told["slots"]]) == ("put", ["A-2"])
    problem(await at.store.keeper.post("lists", json={"tasks": ["nj01/K-none"]}), 404, "not_found")


async def test_an_act_that_waits_lights_where_it_leads_or_where_its_things_lie(stored: Floor) -> None:
    answer = (await stored.store.crew.propose(stored.store.keeper, "open", stored.package)).json()
    told = await start(stored, act=answer["act"])
    assert (told["way"], [one["name"] for one in told["slots"]]) == ("pick", ["A-1"])


async def test_lists_have_colours_of_their_own_and_are_no_more_than_there_are_colours(stored: Floor) -> None:
    zone = (await stored.slot("A-1"))["zone"]
    told = [await start(stored, zone=zone) for _ in range(3)]
    assert [one["colour"] for one in told] == ["blue", "violet", "white"]
    problem(await stored.store.keeper.post("lists", json={"zone": zone}), 409, "too_many_lists")
    made(await stored.store.keeper.post("lists/stop", json={"list_id": told[1]["id"]}))
    (stop,) = await orders(stored.office, OrderKind.STOP_LIST)
    assert (stop["agent"], stop["body"]) == (AGENT, {"list_id": told[1]["id"]})
    assert (await start(stored, zone=zone))["colour"] == "violet"
    problem(await stored.store.keeper.post("lists/stop", json={"list_id": told[1]["id"]}), 409, "list_over")
    await holds(stored.office)


async def test_a_list_is_over_at_its_time_and_says_what_was_left(stored: Floor) -> None:
    await start(stored, things=[stored.package], minutes=1)
    await answered(stored)
    stored.clock.advance(timedelta(minutes=1))
    now = await shown(stored)
    assert (now["state"], now["left"], now["slots"][0]["state"]) == ("expired", 0, "over")


async def test_a_rack_that_cannot_light_it_is_shown(stored: Floor) -> None:
    await start(stored, things=[stored.package])
    await answered(stored, "no slot here")
    assert (await shown(stored))["slots"][0]["state"] == "unlit"


async def test_what_is_in_a_wrong_slot_is_shown_at_the_right_one(stored: Floor) -> None:
    told = await start(stored, things=[stored.package])
    await answered(stored)
    await stored.tell("slot_misplaced", {
        "station": "rack", "found": stored.slots["A-2"], "expected": stored.slots["A-1"], "moved": "taken",
        "by": "sensor", "list_id": told["id"], "things": [],
    })  # fmt: skip
    assert (await shown(stored))["slots"][0]["misplaced"] is True


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({}, 422, "invalid"),
        ({"things": ["nj01/I-1"], "zone": "nj01/Z-1"}, 422, "invalid"),
        ({"things": ["nj01/I-none"]}, 422, "nothing_to_light"),
        ({"zone": "nj01/Z-none"}, 404, "not_found"),
        ({"act": "nj01/A-none"}, 404, "not_found"),
        ({"things": ["nj01/I-1"], "minutes": 721}, 422, "invalid"),
    ],
)
async def test_what_cannot_be_lit_is_refused(stored: Floor, asked: dict[str, Any], status: int, code: str) -> None:
    answer: httpx.Response = await stored.store.keeper.post("lists", json=asked)
    problem(answer, status, code)


async def test_only_who_may_find_things_may_light_them(stored: Floor) -> None:
    other = await stored.office.signed_in(Role.ADMIN)
    problem(await other.post("lists", json={"things": [stored.package]}), 403, "forbidden")


async def test_whoever_changes_a_list_is_found(stored: Floor) -> None:
    told = await start(stored, things=[stored.package])
    done = {"station": "rack", "list_id": told["id"], "slot": stored.slots["A-1"], "by": "sensor", "left": 0}
    await stored.tell("list_slot_done", done)
    await each_is_found(stored.office, ["light_list_slot"], {
        "not done": ("row_differs", "light_list_slot", "UPDATE light_list_slot SET done_index = NULL"),
        "gone": ("row_missing", "light_list_slot", "DELETE FROM light_list_slot"),
    })  # fmt: skip
    await stored.office.as_owner("UPDATE light_list SET until = until + interval '1 day' WHERE id = %s", told["id"])
    found = await verified(stored.office)
    assert (found.fault, (found.row or "").split()[0]) == ("row_differs", "light_list")
