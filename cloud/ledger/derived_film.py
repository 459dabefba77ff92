"""Clips as facts lead to them: each row is one fact; a closed clip is about whatever its events were about."""

import re
from typing import TYPE_CHECKING

from cloud.db.pool import storable
from custody.permits import parse_time
from wire.errors import MessageError
from wire.film import ClipClosed, ClipSegment

if TYPE_CHECKING:  # at run time `derived` imports this
    from cloud.ledger.derived import Derived

FILED = "things of an agent's facts"
"""What is remembered of the log to derive later rows by; no table."""

REACH = 10_000
MOST_NAMED = 1000
_LONGEST = 2**53
_DIGEST = re.compile(r"[0-9a-f]{64}")


def remember(derived: "Derived", agent: str, seq: int, filed: set[str]) -> None:
    """The agent's fact `seq` is about these things: a clip of it will be too. What is out of reach is forgotten."""
    if not filed:
        return
    mine = derived.table(FILED).setdefault(agent, {})
    mine[str(seq)] = sorted(filed)
    while len(mine) > 1 and seq - int(oldest := next(iter(mine))) >= REACH:
        del mine[oldest]


def segment_kept(derived: "Derived", index: int, body: ClipSegment, agent: str, seq: int) -> set[str]:
    """A segment is kept."""
    if not _sound([body.clip], seq, [body.sha256]):
        return set()
    try:
        begun, ended = parse_time(body.begun), parse_time(body.ended)
    except ValueError as error:
        raise MessageError(str(error)) from error
    derived.table("clip_segment")[f"entry:{index}"] = {
        "agent": agent, "clip": body.clip, "station": storable(body.station), "camera": storable(body.camera),
        "sha256": body.sha256, "bytes": _counted(body.bytes), "begun": begun, "ended": ended,
        "error_ms": None if body.error_ms is None else _counted(body.error_ms), "frames": _counted(body.frames),
    }  # fmt: skip
    return set()


def closed(derived: "Derived", index: int, body: ClipClosed, agent: str, seq: int) -> set[str]:
    """A clip is over."""
    digests = [one.sha256 for one in body.segments]
    if not _sound([body.clip, *body.events], seq, digests):
        return set()
    derived.table("clip")[f"entry:{index}"] = {
        "agent": agent, "clip": body.clip, "station": storable(body.station), "camera": storable(body.camera),
        "events": list(body.events), "segments": digests, "missing_before_ms": _counted(body.missing_before_ms),
        "missing_after_ms": _counted(body.missing_after_ms), "missing_between_ms": _counted(body.missing_between_ms),
    }  # fmt: skip
    mine = derived.table(FILED).get(agent, {})
    return {thing for one in body.events if seq - one < REACH for thing in mine.get(str(one), ())}


def _sound(seqs: list[int], seq: int, digests: list[str]) -> bool:
    known = len(seqs) <= MOST_NAMED and all(0 < one < seq for one in seqs)
    return known and len(digests) <= MOST_NAMED and all(_DIGEST.fullmatch(one) for one in digests)


def _counted(number: int) -> int:
    return min(max(number, 0), _LONGEST)
