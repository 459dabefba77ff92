"""A camera that only watches: it tells of somebody whom nothing explains, once, and when that is over (J20)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from edge_agent.devices import Frame
from edge_agent.journal.journal import Journal
from edge_agent.permits import PermitBook
from edge_agent.stations.hours import Quiet
from edge_agent.stations.watch import WatchParts, WatchPlan, WatchStation
from tests.edge_agent.hands import Hands, counted_bytes, full_disk
from tests.edge_agent.vision.test_motion import EMPTY, WALKING, Picture

EVERY_DAY = frozenset(range(7))
NOW_QUIET = Quiet(EVERY_DAY, time(0), time(23, 59))
NOT_NOW = Quiet(EVERY_DAY, time(23, 58), time(23, 59))


@dataclass
class Corridor:
    hands: Hands
    journal: Journal
    reasons: list[str] = field(default_factory=list)
    station: WatchStation | None = None

    def open(self, *, quiet: tuple[Quiet, ...] = (NOW_QUIET,), guarded: bool = True) -> None:
        book = PermitBook(self.journal.reads, "nj01.gate-a", lambda _: None)
        plan = WatchPlan(
            name="aisle", camera="eye", zones=("ordinary",), quiet=quiet, offset=timedelta(0), guarded=guarded
        )
        parts = WatchParts(
            journal=self.journal, book=book, clock=self.hands.clock, explained=lambda: bool(self.reasons)
        )
        self.station = WatchStation(plan, parts)

    def see(self, pictures: list[Picture], seconds: int) -> None:
        assert self.station is not None
        for number in range(seconds):
            self.hands.pass_(1)
            self.station.on_frame(Frame(pictures[number % len(pictures)], self.hands.mono_us))

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        run = self.journal.run_from(1, 1000, 1 << 24)
        return [(fact.kind, fact.body) for fact in run.facts] if run else []


@pytest.fixture
def corridor(tmp_path: Path) -> Iterator[Corridor]:
    hands = Hands()
    journal = Journal(tmp_path, hands.clock, counted_bytes())
    corridor = Corridor(hands, journal)
    corridor.open()
    corridor.see(EMPTY, 10)
    yield corridor
    journal.close()


def test_somebody_in_quiet_hours_is_told_once_and_when_they_are_gone(corridor: Corridor) -> None:
    corridor.see(WALKING, 20)
    ((kind, body),) = corridor.told()
    assert (kind, body["why"], body["station"], body["zones"]) == (
        "presence_seen",
        "quiet_hours",
        "aisle",
        ["ordinary"],
    )
    corridor.see(EMPTY, 120)
    assert [kind for kind, _ in corridor.told()] == ["presence_seen", "presence_ended"]
    ended = corridor.told()[1][1]
    assert ended["since"] == body["since"] < ended["until"]
    assert ended["looks"] >= 15
    assert ended["heads"] is None
    corridor.see(WALKING, 10)
    assert [kind for kind, _ in corridor.told()][2:] == ["presence_seen"]


def test_whom_a_door_or_a_task_explains_is_not_told_until_that_is_over(corridor: Corridor) -> None:
    corridor.reasons.append("the door let them in")
    corridor.see(WALKING, 20)
    assert corridor.told() == []
    corridor.reasons.clear()
    corridor.see(WALKING, 2)
    assert [kind for kind, _ in corridor.told()] == ["presence_seen"]


@pytest.mark.parametrize(("guarded", "why"), [(True, ["no_task"]), (False, [])])
def test_at_work_a_reason_is_asked_for_where_there_could_be_one(
    corridor: Corridor, guarded: bool, why: list[str]
) -> None:
    corridor.open(quiet=(NOT_NOW,), guarded=guarded)
    corridor.see(EMPTY, 5)
    corridor.see(WALKING, 20)
    assert [body["why"] for _, body in corridor.told()] == why


def test_what_a_full_disk_did_not_take_is_told_when_there_is_room(corridor: Corridor) -> None:
    with full_disk():
        corridor.see(WALKING, 10)
    corridor.see(WALKING, 5)
    assert [kind for kind, _ in corridor.told()] == ["recording_blocked", "presence_seen"]


def test_the_end_of_the_agent_ends_what_it_told(corridor: Corridor) -> None:
    corridor.see(WALKING, 10)
    assert corridor.station is not None
    corridor.station.stop()
    assert [kind for kind, _ in corridor.told()] == ["presence_seen", "presence_ended"]
