"""What follows from facts: the rule asked again, items moved, permits spent and unspent, alarms (J10, J21, J25)."""

from datetime import timedelta
from typing import Any

import pytest

from benchmarks.telling import Teller
from cloud.db.pool import Pool
from cloud.world import World
from custody.things import Direction, State
from tests.cloud.conftest import START, Database
from tests.cloud.receiving import Receiving
from tests.cloud.warehouse import GATE, ITEM, PACKAGE, PEOPLE, PERMIT, Warehouse


@pytest.fixture
async def warehouse(pool: Pool, world: World, site: str, database: Database) -> Warehouse:
    furnished = Warehouse(Receiving(pool, world, site), database.owner)
    await furnished.furnish()
    return furnished


async def test_an_allowed_passage_in_spends_the_permit_and_moves_all_that_is_in_the_package(
    warehouse: Warehouse,
) -> None:
    await warehouse.permit()
    decision = warehouse.decide(picture={"sha256": "ab" * 32, "bytes": 9, "width": 8, "height": 8})
    warehouse.cross(decision)
    await warehouse.send()
    (passage,) = await warehouse.passages()
    assert (passage["outcome"], passage["differs"], passage["picture"]) == ("allowed", None, "ab" * 32)
    assert (passage["things"], passage["people"], passage["station"]) == ([PACKAGE], PEOPLE, GATE)
    assert passage["crossed_index"] == passage["index"] + 1
    assert await warehouse.spent() == passage["index"]
    assert await warehouse.states() == ("arrived", "arrived")
    assert await warehouse.receiving.alarms() == set()
    assert (await warehouse.receiving.check()).ok


async def test_a_passage_is_in_the_history_of_everything_it_concerns(warehouse: Warehouse) -> None:
    await warehouse.permit()
    warehouse.cross(warehouse.decide())
    await warehouse.send()
    rows = await warehouse.receiving.rows(
        "SELECT thing, array_agg(index ORDER BY index) AS i FROM thing_entry GROUP BY 1"
    )
    history = {row["thing"]: row["i"] for row in rows}
    (passage,) = await warehouse.passages()
    both, decided = [passage["index"], passage["crossed_index"]], [passage["index"]]
    assert history == {PACKAGE: both, ITEM: both, PERMIT: decided, PEOPLE[0]: decided, PEOPLE[1]: decided}


async def test_nobody_went_through_so_the_permit_is_free_again(warehouse: Warehouse) -> None:
    await warehouse.permit()
    warehouse.abandon(warehouse.decide())
    warehouse.cross(warehouse.decide())
    await warehouse.send()
    first, second = await warehouse.passages()
    assert (first["abandoned_index"], first["crossed_index"]) == (first["index"] + 1, None)
    assert second["differs"] is None
    assert await warehouse.spent() == second["index"]
    assert await warehouse.states() == ("arrived", "arrived")


async def test_a_passage_that_was_crossed_cannot_be_abandoned_afterwards(warehouse: Warehouse) -> None:
    await warehouse.permit()
    decision = warehouse.decide()
    warehouse.cross(decision)
    warehouse.abandon(decision)
    await warehouse.send()
    assert await warehouse.spent() is not None
    assert await warehouse.causes() == {"malformed_fact"}


ALONE = {"genuineness": "genuine", "id": ITEM, "kind": "item", "issue": 1}
"""The item out of its package."""


async def test_an_item_that_should_be_in_a_package_is_refused_as_packed_and_is_an_alarm(warehouse: Warehouse) -> None:
    await warehouse.permit(contents=(ITEM,))
    warehouse.refuse("packed", ITEM, sights=[ALONE])
    await warehouse.send()
    (passage,) = await warehouse.passages()
    assert (passage["reason"], passage["differs"]) == ("packed", None)
    assert await warehouse.receiving.alarms() == {("item_unpacked", ITEM)}


async def test_an_item_in_a_package_whose_permit_is_over_has_no_permit(warehouse: Warehouse) -> None:
    await warehouse.permit(contents=(ITEM,), until=START - timedelta(minutes=1))
    warehouse.refuse("no_permit", ITEM, sights=[ALONE])
    await warehouse.send()
    assert (await warehouse.passages())[0]["differs"] is None


@pytest.mark.parametrize(
    ("contents", "differs"),
    [((ITEM,), None), ((), None), ((ITEM, "nj01/I-9"), ([], ["nj01/I-9"])), (("nj01/I-9",), ([ITEM], ["nj01/I-9"]))],
    ids=["the same", "not told", "one lacks", "another one"],
)
async def test_a_package_that_passes_with_other_contents_than_permitted_is_an_alarm(
    warehouse: Warehouse, contents: tuple[str, ...], differs: tuple[list[str], list[str]] | None
) -> None:
    await warehouse.permit(contents=contents)
    warehouse.cross(warehouse.decide())
    await warehouse.send()
    assert await warehouse.receiving.alarms() == ({("contents_differ", PACKAGE)} if differs else set())
    found = await warehouse.receiving.rows("SELECT detail FROM alarm")
    assert [(row["detail"]["more"], row["detail"]["lacking"]) for row in found] == ([differs] if differs else [])


REFUSED: dict[str, dict[str, Any]] = {
    "no_permit": {},
    "wrong_direction": {"permit": Direction.OUT},
    "expired": {"permit": Direction.IN, "until": START - timedelta(minutes=1)},
    "too_few_people": {"permit": Direction.IN, "people": []},
    "clock_not_trustworthy": {"permit": Direction.IN, "error_ms": None},
    "legal_hold": {"permit": Direction.OUT, "hold": True, "direction": "out"},
    "copied_label": {"copies": 2},
    "forged_label": {"genuineness": "forged", "id": "ST1:FORGED"},
    "other_site": {"genuineness": "other_site", "id": "zz99/I-1"},
    "unknown_label": {"genuineness": "unknown", "id": "http://x/\0"},
}


@pytest.mark.parametrize("reason", REFUSED)
async def test_cloud_and_edge_refuse_for_the_same_reason(warehouse: Warehouse, reason: str) -> None:
    case = REFUSED[reason]
    if "permit" in case:
        await warehouse.permit(case["permit"], until=case.get("until", START + timedelta(hours=1)))
    if "hold" in case:
        await warehouse.hold(ITEM)
    sight = {"genuineness": case.get("genuineness", "genuine"), "id": case.get("id", PACKAGE)}
    if sight["genuineness"] == "genuine":
        sight |= {"kind": "package", "issue": 1, "copies": case.get("copies", 1)}
    warehouse.refuse(
        reason, str(sight["id"]), case.get("direction", "in"), sights=[sight],
        people=case.get("people", PEOPLE), error_ms=case.get("error_ms", 10),
    )  # fmt: skip
    await warehouse.send()
    (passage,) = await warehouse.passages()
    assert (passage["outcome"], passage["reason"], passage["differs"]) == ("refused", reason, None)
    expected = {reason} & {"forged_label", "copied_label"}
    assert await warehouse.causes() == expected
    assert await warehouse.states() == ("received", "received")


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({}, "no_permit"),
        ({"permit": {"revoked_at": START - timedelta(minutes=5)}}, "no_permit"),
        ({"permit": {"until": START - timedelta(minutes=5)}}, "expired"),
        ({"permit": {"people": 3}}, "too_few_people"),
    ],
)
async def test_an_agent_that_lets_pass_what_the_cloud_would_not_is_an_alarm(
    warehouse: Warehouse, known: dict[str, Any], said: str
) -> None:
    if "permit" in known:
        await warehouse.permit(**known["permit"])
    warehouse.cross(warehouse.decide())
    await warehouse.send()
    (passage,) = await warehouse.passages()
    assert said in passage["differs"]
    assert await warehouse.causes() == {"decision_differs"}
    assert await warehouse.states() == ("arrived", "arrived")  # it did go through, whatever should have been


@pytest.mark.parametrize("taken", ["nj01/L-0000000001", "nj01/L-0000000002"])
async def test_of_two_permits_the_agent_may_take_either(warehouse: Warehouse, taken: str) -> None:
    for name in ("nj01/L-0000000001", "nj01/L-0000000002"):
        await warehouse.permit(name=name)
    warehouse.cross(warehouse.decide(uses=[{"permit": taken, "thing": PACKAGE}]))
    await warehouse.send()
    assert (await warehouse.passages())[0]["differs"] is None
    (row,) = await warehouse.receiving.rows("SELECT permit FROM permit_thing WHERE spent_index IS NOT NULL")
    assert row["permit"] == taken


async def test_a_long_text_is_the_same_text_when_it_is_told_shorter(warehouse: Warehouse) -> None:
    warehouse.refuse("unknown_label", "x" * 300, sights=[{"genuineness": "unknown", "id": "x" * 200}])
    await warehouse.send()
    assert (await warehouse.passages())[0]["differs"] is None


async def test_a_hold_the_agent_had_not_heard_of_is_found_out(warehouse: Warehouse) -> None:
    await warehouse.stand(State.RELEASE_APPROVED)
    await warehouse.permit(Direction.OUT)
    await warehouse.hold(PACKAGE, START - timedelta(minutes=1))
    warehouse.decide(direction="out")
    await warehouse.send()
    (passage,) = await warehouse.passages()
    assert "legal_hold" in passage["differs"]


async def test_what_the_cloud_learned_only_later_is_not_held_against_the_agent(warehouse: Warehouse) -> None:
    """The agent was cut off: its facts come hours after the hold and the revocation."""
    await warehouse.permit(Direction.OUT, revoked_at=START + timedelta(hours=2))
    await warehouse.hold(PACKAGE, START + timedelta(hours=2))
    warehouse.decide(direction="out")
    await warehouse.send()
    assert (await warehouse.passages())[0]["differs"] is None


async def test_a_second_use_of_a_permit_is_found_out(warehouse: Warehouse) -> None:
    await warehouse.permit()
    warehouse.cross(warehouse.decide())
    warehouse.decide()
    await warehouse.send()
    first, second = await warehouse.passages()
    assert "already_spent" in second["differs"]
    assert await warehouse.spent() == first["index"]


async def test_a_refusal_differs_only_once_the_agent_has_answered_its_orders(warehouse: Warehouse) -> None:
    await warehouse.permit()
    order = await warehouse.order()
    warehouse.refuse("no_permit")
    warehouse.teller.say("order_answered", {"order": order, "outcome": "done"})
    warehouse.refuse("no_permit")
    await warehouse.send()
    early, late = await warehouse.passages()
    assert early["differs"] is None
    assert late["differs"].startswith("allowed")
    (answered,) = await warehouse.receiving.rows("SELECT answered_index, answer FROM agent_order")
    assert answered == {"answered_index": early["index"] + 1, "answer": "done"}


async def test_an_order_that_was_refused_is_an_alarm_and_another_agents_answer_is_none(warehouse: Warehouse) -> None:
    order = await warehouse.order()
    warehouse.teller.say("order_answered", {"order": "nj01/O-NOBODYS", "outcome": "done"})
    await warehouse.send()
    assert await warehouse.receiving.rows("SELECT 1 FROM agent_order WHERE answered_index IS NOT NULL") == []
    warehouse.teller.say("order_answered", {"order": order, "outcome": "refused", "problem": "not by our cloud"})
    await warehouse.send()
    assert await warehouse.causes() == {"order_refused"}


@pytest.mark.parametrize("decision", [None, 1, 99])
async def test_going_through_without_a_decision_that_allows_it_is_an_alarm(
    warehouse: Warehouse, decision: int | None
) -> None:
    warehouse.refuse("no_permit")
    warehouse.cross(decision, things=[])
    await warehouse.send()
    assert ("crossed_without_decision", f"nj01.gate-a:{GATE}") in await warehouse.receiving.alarms()


@pytest.mark.parametrize(("state", "direction"), [(State.INTAKE, "in"), (State.STORED, "out"), (State.STORED, "in")])
async def test_a_step_skipped_or_reversed_is_recorded_and_alarms(
    warehouse: Warehouse, state: State, direction: str
) -> None:
    await warehouse.permit(Direction(direction))
    await warehouse.stand(state)
    warehouse.cross(warehouse.decide(direction=direction), direction)
    await warehouse.send()
    assert ("illegal_step", PACKAGE) in await warehouse.receiving.alarms()
    assert await warehouse.states() == (state, state)
    assert len(await warehouse.receiving.facts("nj01.gate-a")) == 2


async def test_a_thing_nobody_registered_is_an_alarm_when_it_moves(warehouse: Warehouse) -> None:
    await warehouse.permit()
    warehouse.cross(warehouse.decide(), things=["nj01/I-UNKNOWN", "zz99/I-ELSEWHERE"])
    await warehouse.send()
    assert await warehouse.receiving.alarms() == {("illegal_step", "nj01/I-UNKNOWN")}


MALFORMED = [
    ("passage_decided", {}),
    ("passage_decided", {"station": GATE, "direction": "up"}),
    ("passage_crossed", {"station": GATE, "direction": "in", "decision": "1", "things": []}),
    ("passage_abandoned", {"station": GATE, "decision": 1, "uses": [{"permit": 1}]}),
    ("order_answered", {"order": 5}),
]


@pytest.mark.parametrize(("kind", "body"), MALFORMED)
async def test_a_body_that_is_not_of_its_kind_is_kept_and_alarms(
    warehouse: Warehouse, kind: str, body: dict[str, Any]
) -> None:
    warehouse.teller.say(kind, body)
    await warehouse.send()
    assert await warehouse.receiving.facts("nj01.gate-a") == [1]
    assert await warehouse.receiving.alarms() == {("malformed_fact", "nj01.gate-a")}


@pytest.mark.parametrize("change", [{"reason": "because"}, {"sights": [{"genuineness": "perhaps", "id": "x"}]}])
async def test_a_value_nobody_knows_is_malformed(warehouse: Warehouse, change: dict[str, Any]) -> None:
    warehouse.decide("refused", **change)
    await warehouse.send()
    assert await warehouse.causes() == {"malformed_fact"}


async def test_a_lost_device_is_an_alarm_until_it_is_back(warehouse: Warehouse) -> None:
    warehouse.teller.say("device_lost", {"problem": "no picture"})
    await warehouse.send()
    assert await warehouse.causes() == {"device_lost"}
    warehouse.teller.say("device_back", {})
    await warehouse.send()
    assert await warehouse.causes() == set()
    kinds = [row["kind"] for row in await warehouse.receiving.rows("SELECT kind FROM record ORDER BY index")]
    assert kinds[-2:] == ["alarm_raised", "alarm_cleared"]


async def test_devices_of_two_agents_may_share_a_name(warehouse: Warehouse) -> None:
    other = Teller("nj01.gate-b")
    await warehouse.receiving.know(other)
    for teller in (warehouse.teller, other):
        teller.say("device_lost", {"problem": "no picture"}, device="gate.camera")
    other.say("device_back", {}, device="gate.camera")
    await warehouse.send()
    await warehouse.receiving.take(other, *other.batches(10))
    assert await warehouse.receiving.alarms() == {("device_lost", "nj01.gate-a:gate.camera")}


async def test_an_agent_that_could_not_record_is_an_alarm(warehouse: Warehouse) -> None:
    warehouse.teller.say("recording_blocked", {"problem": "disk full"})
    await warehouse.send()
    assert await warehouse.causes() == {"recording_blocked"}
