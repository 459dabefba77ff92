"""What a door remembers between a question and the end of what came of it, and how a decision is told."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from custody.decisions import Refused
from custody.doors import Leave
from custody.passage import Sight
from custody.rule_pack import RulePack
from edge_agent.stations.heads import Mark
from edge_agent.stations.in_sight import Key
from edge_agent.stations.recording import Movement
from wire.doors import DoorDecided
from wire.messages import PictureBody, SightBody


@dataclass(slots=True)
class Unlocked:
    """Allowed by fact `seq`, and not opened yet; `seq` None: from inside."""

    since_us: int
    seq: int | None = None
    leave: Leave | None = None
    people: frozenset[str] = frozenset()


@dataclass(slots=True)
class Session:
    """From its opening until it is shut."""

    told: Movement
    since_us: int
    leave: Leave | None
    people: set[str]
    heads: Mark | None = None
    moved: list[str] = field(default_factory=list)
    held: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """What a decision was about; after a refusal the same is not asked again while it is shown.

    `books` counts what came or went in the books that it is decided by.
    """

    things: frozenset[Key]
    people: frozenset[str]
    stale: frozenset[str]
    books: int

    def covers(self, other: "Question") -> bool:
        """Fewer people than before change no refusal, nor do fewer stale passes."""
        same = (self.things, self.books) == (other.things, other.books)
        return same and other.people <= self.people and other.stale <= self.stale


def decided_body(
    station: str, sights: Sequence[Sight], people: frozenset[str], leave: Leave, pack: RulePack, picture: PictureBody
) -> DoorDecided:
    """The body of the fact that tells what was decided."""
    refused = leave.answer if isinstance(leave.answer, Refused) else None
    return DoorDecided(
        station=station,
        sights=[SightBody(one.genuineness.value, one.id, one.kind, one.issue, one.copies) for one in sights],
        people=sorted(people),
        outcome="refused" if refused else "allowed",
        rule=leave.answer.rule,
        reason=refused.reason.value if refused else None,
        subject=refused.subject if refused else None,
        task=leave.task,
        permit=leave.permit,
        rule_pack=pack.hash,
        picture=picture,
    )
