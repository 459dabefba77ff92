"""The warehouse: zones that fill up, slots that suit, and the light that shows where a thing lies (J8, J18, W7)."""

import pytest

from cloud.evidence.slots import level
from custody.roles import Role
from tests.cloud.api import AGENT, Office, problem
from tests.cloud.evidence.warehouse import Warehouse, made, warehouse


@pytest.mark.parametrize(
    ("used", "capacity", "colour"),
    [(0, 10, "green"), (89, 100, "green"), (899, 1000, "green"), (90, 100, "yellow"), (9, 10, "yellow"),
     (999, 1000, "yellow"), (100, 100, "red"), (101, 100, "red"), (0, 0, "red")],
)  # fmt: skip
def test_green_yellow_and_red_begin_exactly_at_90_and_100_per_cent(used: int, capacity: int, colour: str) -> None:
    """W7."""
    assert level(used, capacity) == colour


async def furnished(office: Office) -> tuple[Warehouse, dict[str, str]]:
    """Two zones with a slot of each size; the package lies in none of them yet."""
    store = await warehouse(office, handed_over=True)
    await store.stand("arrived")
    admin = await office.signed_in(Role.ADMIN)
    slots: dict[str, str] = {}
    for name, kind in (("A", "ordinary"), ("B", "controlled")):
        zone = made(await admin.post("zones", json={"name": name, "zone_class": kind}))["id"]
        sizes = [{"name": f"{name}-{n}", "size": size, "agent": AGENT} for n, size in enumerate(("l", "m", "s"))]
        answer = made(await admin.post("slots", json={"zone": zone, "slots": sizes}))
        slots |= {row["name"]: row["id"] for row in answer["rows"]}
    return store, slots


async def test_the_smallest_slot_of_the_right_class_is_suggested_first(office: Office) -> None:
    store, _ = await furnished(office)
    best = (await store.keeper.get("slots/suggestion", params={"thing": store.package})).json()["rows"]
    assert [slot["name"] for slot in best] == ["A-2", "A-1", "A-0"]  # tobacco does not go into a controlled zone


async def test_what_is_placed_is_on_the_map_and_its_light_is_ordered(office: Office) -> None:
    store, slots = await furnished(office)
    problem(await store.keeper.post("slots/locate", json={"thing": store.item}), 404, "not_found")
    await store.crew.do("place", store.package, by=(Role.KEEPER,), slot=slots["A-1"])
    rows = {row["name"]: row for row in (await store.keeper.get("slots")).json()["rows"]}
    assert (rows["A-1"]["state"], [thing["id"] for thing in rows["A-1"]["things"]]) == ("full", [store.package])
    assert rows["A-0"]["state"] == "free"
    found = made(await store.keeper.post("slots/locate", json={"thing": store.item, "seconds": 60}))
    assert (found["slot"], found["lit"]) == (slots["A-1"], True)
    (order,) = await office.rows("SELECT kind FROM agent_order WHERE id = %s", found["order"])
    assert order["kind"] == "light_slot"
    zones = {zone["name"]: zone for zone in (await store.keeper.get("zones")).json()["rows"]}
    assert (zones["A"]["used"], zones["A"]["capacity"], zones["A"]["level"]) == (1, 3, "green")


async def test_names_are_given_once_and_classes_and_sizes_are_the_packs(office: Office) -> None:
    store, _ = await furnished(office)
    admin = await office.signed_in(Role.ADMIN)
    problem(await admin.post("zones", json={"name": "A", "zone_class": "ordinary"}), 409, "zone_exists")
    problem(await admin.post("zones", json={"name": "C", "zone_class": "attic"}), 422, "unknown_class")
    zone = (await admin.get("zones")).json()["rows"][0]["id"]
    again = {"zone": zone, "slots": [{"name": "A-1"}]}
    problem(await admin.post("slots", json=again), 409, "slot_exists")
    huge = {"zone": zone, "slots": [{"name": "A-9", "size": "xxl"}]}
    problem(await admin.post("slots", json=huge), 422, "unknown_size")
    problem(await admin.post("slots", json={"zone": "nj01/Z-NONE", "slots": [{"name": "A-9"}]}), 404, "not_found")
    inspector = {"name": "D", "zone_class": "ordinary"}
    problem(await store.inspector.post("zones", json=inspector), 403, "forbidden")
