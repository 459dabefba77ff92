"""What doors say. The golden messages are kept for ever."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from wire.doors import DoorClosed, DoorDecided, DoorHeldOpen, DoorOpened, DoorResumed, asked_about, session_of
from wire.errors import MessageError
from wire.heads import HeadsCounted, PassageFollowed
from wire.messages import DoorState, body_of, to_body

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "golden" / "v1" / "doors.json").read_text("utf-8"))
TYPES: dict[str, type[msgspec.Struct]] = {
    "door_decided": DoorDecided,
    "door_opened": DoorOpened,
    "door_held_open": DoorHeldOpen,
    "door_closed": DoorClosed,
    "door_resumed": DoorResumed,
    "heads_counted": HeadsCounted,
    "passage_followed": PassageFollowed,
    "heartbeat.doors": DoorState,
}


@pytest.mark.parametrize("name", TYPES)
def test_the_golden_messages_are_read_and_written_as_ever(name: str) -> None:
    assert to_body(body_of(TYPES[name], GOLDEN[name])) == GOLDEN[name]


def test_a_session_of_before_heads_were_counted_is_read() -> None:
    old = {key: value for key, value in GOLDEN["door_closed"].items() if key != "heads"}
    assert body_of(DoorClosed, old).heads is None


@pytest.mark.parametrize(("way", "went"), [("in", 2), ("out", 0)])
def test_only_heads_that_went_the_way_that_was_decided_count(way: str, went: int) -> None:
    assert body_of(HeadsCounted, {**GOLDEN["heads_counted"], "direction": way}).went == went


def test_whom_and_what_a_question_and_a_session_are_about() -> None:
    decided = body_of(DoorDecided, GOLDEN["door_decided"])
    assert asked_about(decided) == ["nj01/P-1", "nj01/U-1", "nj01/K-1"]
    assert session_of(body_of(DoorClosed, GOLDEN["door_closed"])) == ["nj01/U-1", "nj01/K-1"]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("door_decided", {"outcome": "perhaps"}),
        ("door_opened", {"how": "sesame"}),
        ("door_closed", {"open_ms": "long"}),
        ("door_closed", {"heads": {"in": 1}}),
        ("door_resumed", {"position": "ajar"}),
        ("heads_counted", {"direction": "through"}),
        ("passage_followed", {"went": "many"}),
    ],
)
def test_what_is_none_of_these_is_refused(name: str, change: dict[str, Any]) -> None:
    with pytest.raises(MessageError):
        body_of(TYPES[name], {**GOLDEN[name], **change})
