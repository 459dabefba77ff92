"""What a door is, and what it works with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge_agent.clock import Clock
from edge_agent.devices import Door, Frame, Lamp
from edge_agent.journal.journal import Journal
from edge_agent.permits import PermitBook
from edge_agent.rule_packs import PackBook
from edge_agent.stations.heads import Heads
from edge_agent.stations.seeing import Still, TextRead
from edge_agent.tasks import TaskBook
from proof.keys import VerifyKey


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorPlan:
    """What a door is: its names and times. `guards` are the stations behind it, `zones` the classes of zones there."""

    agent: str
    site: str
    name: str
    camera: str
    door: str
    lamp: str
    button: str = ""
    guards: frozenset[str] = frozenset()
    zones: tuple[str, ...] = ()
    open_within_us: int = 10_000_000
    held_open_us: int | None = None
    """None: as the rule pack says."""
    forget_us: int = 2_000_000
    retry_us: int = 1_000_000
    idle_us: int = 250_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorParts:
    """What a door works with; as at a gate, and the tasks."""

    door: Door
    lamp: Lamp | None
    journal: Journal
    book: PermitBook
    tasks: TaskBook
    clock: Clock
    packs: PackBook
    label_keys: Sequence[VerifyKey]
    read: Callable[[Frame], Sequence[TextRead]]
    keep: Callable[[Frame], Still]
    report: Callable[[str, str | None], None]
    heads: Heads | None = None
