"""What is given to the journal to record."""

from dataclasses import dataclass
from typing import Any

from edge_agent.clock import Reading
from edge_agent.store import Effect
from wire.kinds import FactKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A fact before it is sealed, with the effects that come true together with it.

    `reading`: the clock as the decision saw it; None takes the time when it is handed in.
    """

    kind: FactKind | str
    device: str
    body: dict[str, Any]
    effects: tuple[Effect, ...] = ()
    reading: Reading | None = None
