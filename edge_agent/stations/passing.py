"""What a gate remembers between a question and its end, and how a decision is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from custody.decisions import Allowed, Decision, Refused, Use
from custody.passage import Sight
from custody.rule_pack import RulePack
from custody.things import Direction
from edge_agent.stations.in_sight import Key
from wire.messages import PassageDecided, PictureBody, SightBody, UseBody


@dataclass(slots=True)
class Passage:
    """Allowed, and not yet crossed or abandoned."""

    decision: int
    direction: Direction
    uses: tuple[Use, ...]
    since_us: int
    people: frozenset[str] = frozenset()

    @property
    def things(self) -> list[str]:
        """What passes."""
        return [use.thing for use in self.uses]


@dataclass(frozen=True, slots=True)
class Question:
    """What a decision was about; after a refusal the same is not asked again."""

    direction: Direction
    keys: frozenset[Key]
    people: frozenset[str]
    stale: frozenset[str] = frozenset()

    def covers(self, other: "Question") -> bool:
        """Fewer people than before change no refusal, nor do fewer stale passes."""
        same = self.direction is other.direction and self.keys == other.keys
        return same and other.people <= self.people and other.stale <= self.stale


def other(direction: Direction) -> Direction:
    """The opposite way."""
    return Direction.OUT if direction is Direction.IN else Direction.IN


def way(direction: Direction) -> Literal["in", "out"]:
    """`direction` as the messages spell it."""
    return "in" if direction is Direction.IN else "out"


def decided_body(
    station: str,
    question: Question,
    sights: Sequence[Sight],
    decision: Decision,
    pack: RulePack,
    picture: PictureBody,
) -> PassageDecided:
    """The body of the fact that tells `decision`."""
    refused = decision if isinstance(decision, Refused) else None
    uses = decision.uses if isinstance(decision, Allowed) else ()
    return PassageDecided(
        station=station,
        direction=way(question.direction),
        sights=[SightBody(one.genuineness.value, one.id, one.kind, one.issue, one.copies) for one in sights],
        people=sorted(question.people),
        outcome="refused" if refused else "allowed",
        rule=decision.rule,
        reason=refused.reason.value if refused else None,
        subject=refused.subject if refused else None,
        uses=[UseBody(use.permit, use.thing) for use in uses],
        rule_pack=pack.hash,
        picture=picture,
    )
