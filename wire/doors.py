"""What a door says: who asked and was let; that it was opened, stood open, was shut; and what moved meanwhile."""

from typing import Literal

import msgspec

from wire.heads import HeadsBody
from wire.messages import PictureBody, SightBody

How = Literal["decision", "exit", "break_glass", "found", "forced"]
"""In which way a door was opened."""


class DoorDecided(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `door_decided`: passes were shown, with things or without, and what was decided under which rules.

    `task` or `permit` is what an allowed one rests on; of a refused one, what was nearest to opening it.
    """

    station: str
    sights: list[SightBody]
    people: list[str]
    outcome: Literal["allowed", "refused"]
    rule: str
    reason: str | None = None
    subject: str | None = None
    task: str | None = None
    permit: str | None = None
    rule_pack: str
    picture: PictureBody | None = None


class DoorOpened(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `door_opened`, by the door's own contact: after which `decision` (its seq), or `how` without one.

    exit: from inside, by the button there. break_glass: for life. found: it stood open when the agent started. forced:
    none of these.
    """

    station: str
    decision: int | None
    how: How
    picture: PictureBody | None = None


class DoorHeldOpen(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `door_held_open`: it stands open for too long. `opened` is the seq of the `door_opened`, as below."""

    station: str
    opened: int | None
    open_ms: int


class DoorClosed(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `door_closed`: the whole session. `opened` is null where the disk took its opening only later.

    `moved` are the slots behind it, of racks of the same agent, whose sensor changed since it was opened. `heads` went
    through; null where no camera counts them, or it did not see all of it.
    """

    station: str
    opened: int | None
    people: list[str] = []
    task: str | None = None
    permit: str | None = None
    open_ms: int
    moved: list[str] = []
    heads: HeadsBody | None = None


class DoorResumed(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `door_resumed`: the agent was away in the midst of a session, and what it remembers of it.

    `opened` is the seq of the fact that said it was opened. Where it is null the door was only unlocked, by `decision`,
    and if it is open now, this fact is its opening. Where it is closed now, it was shut, or was never opened, at some
    time between `away_from`, the time of the last fact before, and `away_to`. Nobody counted heads then.
    """

    station: str
    decision: int | None
    opened: int | None
    people: list[str] = []
    task: str | None = None
    permit: str | None = None
    moved: list[str] = []
    away_from: str
    away_to: str
    position: Literal["open", "closed"]


def asked_about(body: DoorDecided) -> list[str]:
    """Whom and what a decision at a door is about, by their ids."""
    genuine = [sight.id for sight in body.sights if sight.genuineness == "genuine"]
    return [*genuine, *body.people, *filter(None, (body.task, body.permit))]


def session_of(body: DoorClosed | DoorResumed) -> list[str]:
    """Whom and what a session is about."""
    return [*body.people, *filter(None, (body.task, body.permit))]
