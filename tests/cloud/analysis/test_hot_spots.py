"""Where, about whom and about what there is more trouble than elsewhere (L6)."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cloud.analysis.hot_spots import judge_hot_spots
from custody.roles import Role
from tests.cloud.analysis.people import lens, rules
from tests.cloud.analysis.test_approvals import ASKED
from tests.cloud.analysis.trouble import Trouble
from tests.cloud.api import Office
from tests.cloud.conftest import Clock
from tests.cloud.evidence.warehouse import made, warehouse

TOLD = rules("hot_spots")


async def test_a_door_a_person_and_a_class_that_stand_out_are_found(office: Office, clock: Clock) -> None:
    look, store, trouble = await lens(office), await warehouse(office), Trouble(office)
    keeper, operator = await office.person(Role.KEEPER), await office.signed_in(Role.OPERATOR)
    others = [await office.person(Role.KEEPER) for _ in range(2)]
    cash = {"case_id": store.case, "name": "现金", "quantity": 1, "unit": "袋", "goods": "cash"}
    seized = made(await store.inspector.post("items", json=cash))["id"]
    for number in range(12):
        await store.inspector.post("items", json={**cash, "name": f"烟 {number}", "goods": "tobacco"})
    for door in ("nj01.gate-a:north", "nj01.gate-a:south", "nj01.gate-a:west"):
        for cause in ("door_forced", "door_held_open"):
            await trouble.up(cause, door)
    tickets = []
    for number in range(9):
        links = [keeper.id, seized] if number < 8 else [each.id for each in others]
        asked = {"type": "equipment", "title": "t", "words": "w", "links": links}
        tickets.append(made(await operator.post("tickets", json=asked))["ticket"])
    entries = [await trouble.up(f"rule.r{number}", "nj01.gate-a:south") for number in range(9)]
    found = {row["aspect"]: row for row in await look.found("hot_spots")}
    assert set(found) == {"class", "person", "place"}
    place, goods = found["place"], found["class"]
    assert (place["subject"], place["place"], place["hits"], place["n"]) == (
        "nj01.gate-a:south", "nj01.gate-a:south", 11, 15,
    )  # fmt: skip
    assert (place["expected_high"], [one["id"] for one in place["evidence"]][:9]) == (
        2,
        [str(e) for e in entries[::-1]],
    )
    alarms = await office.rows("SELECT id FROM alarm WHERE index = %s", entries[-1])
    assert place["evidence"][0]["alarm"] == alarms[0]["id"]
    assert (goods["subject"], goods["hits"]) == ("cash", 8)
    assert [(one["about"], one["id"]) for one in goods["evidence"]] == [("ticket", str(t)) for t in tickets[7::-1]]
    assert (found["person"]["subject"], found["person"]["hits"]) == (keeper.id, 8)


@given(st.lists(st.integers(4, 12), min_size=0, max_size=9))
def test_trouble_that_is_spread_about_evenly_is_no_finding(counts: Sequence[int]) -> None:
    rows: list[dict[str, Any]] = [
        {"subject": f"p{n}", "n": count, "abouts": [], "indexes": []} for n, count in enumerate(counts)
    ]
    assert judge_hot_spots(ASKED, TOLD, {"place": rows, "person": rows}).findings == []
