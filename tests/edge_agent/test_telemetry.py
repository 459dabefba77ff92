"""Readings on their way: sealed on disk, bounded, and what is left out is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.devices import Measured
from edge_agent.stations.sensors import SensorsParts, SensorsPlan, SensorStation
from edge_agent.telemetry import MOST_READINGS, Telemetry
from proof.errors import SignatureError
from proof.keys import SigningKey
from tests.edge_agent.cloud_peer import AGENT_KEY
from tests.edge_agent.scene import CLOUD
from tests.edge_agent.sensor_scene import PACE, Room, a_room
from wire.readings import GENESIS, OpenedReadings, Receipt, open_readings, sign_receipt

AGENT = "nj01.room"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with a_room(tmp_path) as room:
        yield room


def telemetry_of(room: Room, folder: Path, most: int = 100) -> Telemetry:
    find_key = {CLOUD.public.kid: CLOUD.public}.get
    return Telemetry(AGENT, AGENT_KEY, folder, room.hands.clock, find_key, room.journal, most)


def waiting(telemetry: Telemetry) -> list[OpenedReadings]:
    messages = [message for _, message in telemetry._oldest()]  # what `drain` would send
    return [open_readings(message, AGENT, {AGENT_KEY.public.kid: AGENT_KEY.public}.get) for message in messages]


def test_every_value_goes_with_its_own_time_and_batches_are_one_chain_through_a_restart(
    room: Room, tmp_path: Path
) -> None:
    telemetry = telemetry_of(room, tmp_path)
    room.open()
    parts = SensorsParts(
        journal=room.journal, book=room.station._parts.book, clock=room.hands.clock, climates={"air": room.air},
        offer=telemetry.offer,
    )  # fmt: skip
    SensorStation(SensorsPlan(name="room", pace=PACE), parts).attach()
    for n in range(5):
        room.hands.pass_(0.1)
        room.air.say(Measured("temperature", 20.0 + n / 100))
    room.air.say(Measured("temperature", float("nan")))
    telemetry.close()
    again = telemetry_of(room, tmp_path)
    room.hands.pass_(1)
    again.offer("room.air", "temperature", 21.0)
    again.seal()
    first, second = waiting(again)
    assert [(one.device, one.values) for one in first.columns.series] == [
        ("room.air", [20.0, 20.01, 20.02, 20.03, 20.04])
    ]
    assert first.columns.series[0].after_us == [0, 100_000, 200_000, 300_000, 400_000]
    assert (first.columns.clock.error_ms, first.statement.prev) == (10, GENESIS.hex())
    assert (second.statement.number, second.statement.prev) == (2, first.statement.head)
    again.close()


def test_a_full_batch_is_sealed_at_once(room: Room, tmp_path: Path) -> None:
    telemetry = telemetry_of(room, tmp_path)
    for n in range(MOST_READINGS):
        telemetry.offer("room.air", "temperature", n / 100)
    assert telemetry.waiting() == [1]
    telemetry.close()


async def test_only_the_clouds_own_receipt_lets_go_of_a_batch(room: Room, tmp_path: Path) -> None:
    telemetry = telemetry_of(room, tmp_path)
    for _ in range(2):
        telemetry.offer("room.air", "temperature", 20.0)
        telemetry.seal()
    receipt, thief = Receipt(agent=AGENT, number=1, head="00" * 32), SigningKey.from_seed(b"t" * 32)
    await telemetry.on_receipt(sign_receipt(receipt, thief))
    await telemetry.on_receipt(b"nothing at all")
    assert telemetry.waiting() == [1, 2]
    await telemetry.on_receipt(sign_receipt(Receipt(agent="nj01.other", number=1, head="00" * 32), CLOUD))
    assert telemetry.waiting() == [1, 2]
    await telemetry.on_receipt(sign_receipt(receipt, CLOUD))
    assert telemetry.waiting() == [2]
    telemetry.close()


def test_of_what_waits_too_long_the_oldest_goes_and_how_many_is_a_fact(room: Room, tmp_path: Path) -> None:
    telemetry = telemetry_of(room, tmp_path, most=2)
    for _ in range(4):
        for device in ("room.air", "room.air", "room.seal"):
            telemetry.offer(device, "temperature", 20.0)
        telemetry.seal()
    assert telemetry.waiting() == [3, 4]
    told = room.of("readings_thinned")
    assert [(one["device"], one["count"]) for fact in told for one in fact["devices"]] == [
        ("room.air", 2), ("room.seal", 1), ("room.air", 2), ("room.seal", 1),
    ]  # fmt: skip
    telemetry.close()


def test_a_statement_of_another_agent_is_not_believed(room: Room, tmp_path: Path) -> None:
    telemetry = telemetry_of(room, tmp_path)
    telemetry.offer("room.air", "temperature", 20.0)
    telemetry.seal()
    (_, message), *_ = telemetry._oldest()
    with pytest.raises(SignatureError):
        open_readings(message, "nj01.other", {AGENT_KEY.public.kid: AGENT_KEY.public}.get)
    telemetry.close()


def test_a_fact_says_where_the_chain_stands_once_a_minute_and_at_the_end(room: Room, tmp_path: Path) -> None:
    telemetry = telemetry_of(room, tmp_path)
    for _ in range(4):
        telemetry.offer("room.air", "temperature", 20.0)
        telemetry.seal()
        room.hands.pass_(25)
    heads = {batch.statement.number: batch.statement.head for batch in waiting(telemetry)}
    telemetry.close()
    assert room.of("readings_sealed") == [{"number": number, "head": heads[number]} for number in (1, 4, 4)]
