"""Readings are thinned first where too much waits, and what was left out is told: which device's, how many, when."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.errors import ReadingThinnedError
from edge_agent.journal.drafts import Draft
from edge_agent.journal.journal import Journal
from edge_agent.journal.upkeep import Room
from tests.edge_agent.hands import Hands, counted_bytes, full_disk
from wire.kinds import FactKind


class Place:
    """A journal for which five facts without a receipt are too many."""

    def __init__(self, folder: Path) -> None:
        self.hands = Hands()
        self.journal = Journal(folder, self.hands.clock, counted_bytes(), backlog=5)
        self.room = Room(self.journal)

    def reading(self, device: str = "room.air", measures: str = "temperature", after_s: float = 60) -> bool:
        self.hands.pass_(after_s)
        try:
            self.journal.record(Draft(kind=FactKind.READING, device=device, body={"measures": measures, "value": 1.0}))
        except ReadingThinnedError:
            return False
        return True

    def evidence(self, kind: FactKind = FactKind.GATE_MOVED) -> None:
        self.journal.record(Draft(kind=kind, device="gate", body={}))

    def receipt(self) -> None:
        head = self.journal.head_at(self.journal.last)
        assert head is not None
        self.journal.receipt(self.journal.last, head.hex())

    def look(self) -> list[object]:
        """What the room tells now."""
        before = self.journal.last
        self.room.look(self.hands.clock.mono_us())
        run = self.journal.run_from(before + 1, 10, 1 << 20)
        return [fact.body for fact in run.facts] if run else []


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.journal.close()


def test_with_a_backlog_one_reading_of_each_value_is_kept_every_ten_minutes(place: Place) -> None:
    for _ in range(6):
        place.evidence()
    kept = [place.reading() for _ in range(25)]
    assert [number for number, one in enumerate(kept) if one] == [0, 10, 20]
    assert place.reading(measures="humidity")
    for kind in (FactKind.HEARTBEAT, FactKind.CONTACT_CHANGED, FactKind.SPACE_SHORT):
        place.evidence(kind)  # nothing else is left out
    place.receipt()
    assert [place.reading(after_s=0), place.reading(after_s=0)] == [True, True]


def test_what_was_left_out_is_told_by_device_with_its_count_and_span(place: Place) -> None:
    for _ in range(6):
        place.evidence()
    for device in ("room.air", "room.air", "room.air", "room.cellar", "room.cellar"):
        place.reading(device)
    assert place.look() == [
        {
            "why": ["backlog"],
            "devices": [
                {"device": "room.air", "count": 2, "since": "2026-11-22T12:02:00.000000Z",
                 "until": "2026-11-22T12:03:00.000000Z"},
                {"device": "room.cellar", "count": 1, "since": "2026-11-22T12:05:00.000000Z",
                 "until": "2026-11-22T12:05:00.000000Z"},
            ],
        }
    ]  # fmt: skip
    assert place.look() == []


def test_while_it_lasts_it_is_told_every_ten_minutes_and_at_its_end_at_once(place: Place) -> None:
    for _ in range(6):
        place.evidence()
    told = 0
    for _ in range(60):
        place.reading()
        told += len(place.look())
    assert 5 <= told <= 7
    place.reading(after_s=1)
    assert place.look() == []
    place.receipt()
    assert len(place.look()) == 1


def test_a_count_that_could_not_be_told_is_told_later_and_none_is_lost(place: Place) -> None:
    for _ in range(6):
        place.evidence()
    place.reading()
    place.reading()
    with full_disk():
        assert place.look() == []
    place.reading()
    place.receipt()
    (told,) = place.look()
    assert isinstance(told, dict)
    assert told["devices"][0]["count"] == 2


def test_at_the_end_what_was_left_out_is_told(place: Place) -> None:
    for _ in range(6):
        place.evidence()
    for _ in range(4):
        place.reading()
    place.look()
    place.reading()
    before = place.journal.last
    place.room.end(place.hands.clock.mono_us())
    assert place.journal.last == before + 1
