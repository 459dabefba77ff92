"""Who went through, by the heads that cameras counted and by beams, held against the passes that were shown (N1)."""

from typing import Any

from cloud.evidence.sensors import note_heads
from cloud.evidence.taken import Taken
from custody.doors import GATE_HEADS
from custody.things import Direction
from wire.heads import HeadsCounted, PassageFollowed
from wire.messages import body_of

TAILGATING = "tailgating"
"""The alarm that more went in than had shown a pass; its place is the station."""
MOST_HEADS = 10_000
"""More, which only a broken agent tells, are so many."""


def few(heads: int) -> int:
    """`heads` as a column takes them."""
    return min(max(heads, 0), MOST_HEADS)


async def compare_heads(taken: Taken, station: str, heads: int | None, people: int, more: dict[str, Any]) -> None:
    """Raises the alarm where more heads than people went through; nothing is known where nothing counted."""
    if heads is not None and heads > people:
        detail = {"station": station, "heads": heads, "people": people, "rule": GATE_HEADS, **more}
        await taken.alarm(TAILGATING, taken.place(station), "major", detail)


async def counted(taken: Taken) -> None:
    """Heads went through a gate after some decisions: a sensor of what passed, and as many as had shown a pass."""
    body = body_of(HeadsCounted, taken.fact.body)
    await taken.file_under(taken.own(body.people))
    if body.went > 0:
        await note_heads(taken, body.station, Direction(body.direction))
    shown = len(set(taken.own(body.people)))
    await compare_heads(taken, body.station, few(body.went), shown, {"decisions": body.decisions[:50]})


async def followed(taken: Taken) -> None:
    """The beams of a gate saw more people than may go; whatever passes, somebody carries it."""
    body = body_of(PassageFollowed, taken.fact.body)
    people = taken.own(body.people)
    await taken.file_under(people)
    shown = max(1, len(set(people)))
    await compare_heads(taken, body.station, few(body.went), shown, {"decisions": body.decisions[:50], "by": "beams"})
