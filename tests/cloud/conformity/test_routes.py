"""A warehouse is held against the rule book's standard of construction (J8), as its parts come in and are lost."""

from datetime import timedelta
from typing import Any

from custody.roles import Role
from tests.cloud.api import AGENT, Office, problem
from tests.cloud.conftest import Clock
from tests.cloud.evidence.floor import Floor, floor
from tests.cloud.evidence.warehouse import made


async def shown(built: Floor) -> dict[str, Any]:
    answer = await (await built.office.signed_in(Role.AUDITOR)).get("conformity")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def lacks(built: Floor) -> dict[str, list[str]]:
    """Zone → the parts that it lacks, with how many slots."""
    return {
        row["name"]: [f"{part['part']} {part['lacking_count']}" for part in row["parts"] if not part["met"]]
        for row in (await shown(built))["rows"]
    }


async def test_a_vault_conforms_once_it_has_its_door_its_film_and_its_sensors(office: Office, clock: Clock) -> None:
    built = await floor(office, clock)
    admin = await office.signed_in(Role.ADMIN)
    vault = made(await admin.post("zones", json={"name": "金库", "zone_class": "controlled"}))["id"]
    assert await lacks(built) == {"A 区": [], "金库": ["door 0", "camera 0", "light 0", "sensor 0"]}
    new = [{"name": name, "agent": agent} for name, agent in (("V-1", AGENT), ("V-2", None))]
    slots = {
        row["name"]: row["id"] for row in made(await admin.post("slots", json={"zone": vault, "slots": new}))["rows"]
    }
    assert (await lacks(built))["金库"] == ["door 0", "camera 0", "light 1", "sensor 2"]
    for slot in slots.values():
        await built.tell("slot_changed", {"station": "rack", "slot": slot, "occupied": False})
    made(await admin.post("doors", json={"agent": AGENT, "station": "store", "guards": ["rack"], "zones": [vault]}))
    await built.tell("agent_started", {"software": "1", "rule_pack": "", "rule_packs": [], "cameras": 1})
    assert (await lacks(built))["金库"] == ["light 1", "sensor 1"], "what another tells of a slot counts for nothing"
    [row] = [row for row in (await shown(built))["rows"] if row["name"] == "金库"]
    assert (row["conforms"], row["doors"], row["slots"]) == (False, [f"{AGENT}:store"], 2)
    light, _ = (part for part in row["parts"] if not part["met"])
    assert (light["rule"], light["lacking"]) == ("warehouse.light", ["V-2"])
    assert all(light["text"].values())


async def test_a_camera_that_is_filmed_no_longer_and_a_count_that_is_overdue_are_found(
    office: Office, clock: Clock
) -> None:
    built = await floor(office, clock)
    admin = await office.signed_in(Role.ADMIN)
    vault = made(await admin.post("zones", json={"name": "金库", "zone_class": "high_value"}))["id"]
    made(await admin.post("slots", json={"zone": vault, "slots": [{"name": "V-1", "agent": AGENT}]}))
    for cameras, lacking in ((2, False), (0, True)):
        await built.tell("agent_started", {"software": "1", "rule_pack": "", "rule_packs": [], "cameras": cameras})
        assert ("camera 0" in (await lacks(built))["金库"]) is lacking
    clock.advance(timedelta(days=31))
    told = await shown(built)
    assert "counted 0" in (await lacks(built))["金库"]
    assert (told["asked"], told["met"]) == (9, 5), "of an ordinary zone three parts, of one for valuables six"


async def test_a_visitor_is_told_nothing(office: Office) -> None:
    problem(await (await office.visitor()).get("conformity"), 401, "not_signed_in")
