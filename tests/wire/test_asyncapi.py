"""The AsyncAPI document: what the code leads to, valid, and true of the golden messages."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from proof.keys import SigningKey
from wire.asyncapi import bodies, document
from wire.kinds import FactKind, OrderKind
from wire.messages import ClockReading
from wire.readings import GENESIS, Columns, Series, seal_readings
from wire.topics import DOWN, UP, Topic, checkpoint_topic

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden" / "v1"
SPECS = ROOT / "cloud" / "console" / "node_modules" / "@asyncapi" / "specs" / "schemas"
DOCUMENT = document()
# Their bodies hold what the agent finds good to say; nobody reads more than the kind.
FREE = {FactKind.CLOCK_STEPPED, FactKind.DEVICE_LOST, FactKind.DEVICE_BACK, FactKind.RECORDING_BLOCKED}


@cache
def validator(name: str) -> Any:
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]})


def faults(name: str, value: object) -> list[str]:
    return [error.message for error in validator(name).iter_errors(value)]


def golden(name: str) -> Any:
    return json.loads((GOLDEN / name).read_text("utf-8"))


def test_the_copy_in_the_papers_is_the_present_document() -> None:
    copy = json.loads((ROOT / "docs" / "asyncapi.json").read_text("utf-8"))
    assert copy == json.loads(json.dumps(DOCUMENT)), "sealtrail cloud asyncapi > docs/asyncapi.json"


def test_it_is_an_asyncapi_document_by_the_specifications_own_schema() -> None:
    schema = json.loads((SPECS / "3.0.0-without-$id.json").read_text("utf-8"))
    found = [f"{'/'.join(map(str, error.path))}: {error.message[:200]}" for error in
             Draft7Validator(schema).iter_errors(DOCUMENT)]  # fmt: skip
    assert found == []
    broken = {**DOCUMENT, "channels": {"facts": {"addres": "x"}}}
    assert not Draft7Validator(schema).is_valid(broken)


def test_every_topic_is_a_channel_and_an_operation() -> None:
    addresses = {name: channel["address"] for name, channel in DOCUMENT["channels"].items()}
    assert addresses == {
        **{name: str(Topic("{agent}", name)) for name in (*UP, *DOWN)}, "checkpoint": checkpoint_topic("{site}")
    }  # fmt: skip
    actions = {operation["channel"]["$ref"].rpartition("/")[2]: operation["action"]
               for operation in DOCUMENT["operations"].values()}  # fmt: skip
    assert actions == {name: "send" if name in UP else "receive" for name in addresses}


def test_every_reference_leads_somewhere() -> None:
    def references(value: object) -> set[str]:
        if isinstance(value, dict):
            own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
            return own.union(*map(references, value.values()))
        return set().union(*map(references, value)) if isinstance(value, list) else set()

    for reference in references(DOCUMENT):
        found: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]


def test_the_body_of_every_kind_of_fact_has_a_schema() -> None:
    known = {name for name, order, _ in bodies() if not order}
    assert set(FactKind) - known == FREE
    assert known <= set(FactKind)
    assert {name for name, order, _ in bodies() if order} <= set(OrderKind)


def test_the_golden_messages_fit_and_one_that_was_touched_does_not() -> None:
    batch = golden("batch.json")
    assert faults("Batch", batch) != []  # its heartbeat is of before heartbeats had a form
    batch["facts"] = [fact for fact in batch["facts"] if fact["kind"] != "heartbeat"]
    assert faults("Batch", batch) == []
    batch["facts"][0]["body"]["direction"] = "sideways"
    assert len(faults("Batch", batch)) == 1
    batch["facts"][0]["kind"] = "of_tomorrow"
    assert faults("Batch", batch) == []
    batch["facts"][0]["more"] = 1
    assert faults("Batch", batch) != []


@pytest.mark.parametrize(
    "kind", ["door_decided", "door_opened", "door_held_open", "door_closed", "door_resumed", "heads_counted"]
)
def test_the_golden_bodies_of_doors_fit(kind: str) -> None:
    fact = {**golden("batch.json")["facts"][1], "kind": kind, "body": golden("doors.json")[kind]}
    assert faults("Fact", fact) == []
    assert faults("Fact", {**fact, "body": {**fact["body"], "station": 7}}) != []


def test_a_batch_of_readings_fits() -> None:
    columns = Columns(
        at="2026-11-22T03:00:00.000000Z", boot="b", clock=ClockReading("ntp", 12),
        series=[Series(device="room.air", measures="temperature", after_us=[0], values=[18.5])],
    )  # fmt: skip
    message, _ = seal_readings("nj01.gate-a", 1, GENESIS, columns, SigningKey.from_seed(b"a" * 32))
    assert faults("Readings", json.loads(message)) == []
    assert faults("Readings", {"jws": "no", "readings": {}}) != []
