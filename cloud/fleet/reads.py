"""What is read of agents, and of what a site signed."""

import json
from typing import TypeVar

from cloud.db.pool import Row, Tx, rows
from cloud.db.queries import load_queries
from cloud.errors import NotFoundError
from cloud.fleet import service
from cloud.fleet.models import (
    Agent,
    AgentHealth,
    AgentHealthRows,
    AgentRows,
    Gate,
    GateRows,
    StationHealth,
    UpdateProgress,
)
from cloud.ledger.checkpoints import newest_checkpoint
from wire.errors import MessageError
from wire.messages import AgentStarted, Heartbeat, body_of, to_body

T = TypeVar("T", AgentStarted, Heartbeat)

_sql = load_queries(__file__)


async def agents(tx: Tx, site: str) -> AgentRows:
    """All agents of `site`."""
    return AgentRows(rows=[Agent.model_validate(row) for row in await service.agents(tx, site)])


async def gates(tx: Tx, site: str) -> GateRows:
    """The gates of `site`, as the newest heartbeat of each agent names them."""
    return GateRows(rows=[gate for row in await rows(tx, _sql.heartbeats, site=site) for gate in _gates(row)])


def _gates(row: Row) -> list[Gate]:
    told = _body(Heartbeat, row["content"])
    return [Gate(agent=row["agent"], station=one.station, online=row["online"]) for one in (told.gates if told else ())]


async def health(tx: Tx, site: str) -> AgentHealthRows:
    """How the agents of `site` are."""
    return AgentHealthRows(rows=[_health(row) for row in await rows(tx, _sql.health, site=site)])


def _health(row: Row) -> AgentHealth:
    started, beat = _body(AgentStarted, row["start"]), _body(Heartbeat, row["beat"])
    stations = [] if beat is None else [
        *(StationHealth(name=one.station, kind="gate", position=one.position) for one in beat.gates),
        *(StationHealth(name=one.station, kind="door", position=one.position) for one in beat.doors),
        *(StationHealth(name=one.station, kind="rack") for one in beat.racks),
    ]  # fmt: skip
    return AgentHealth(
        id=row["id"], online=row["online"], seen_at=row["seen_at"], software=started and (started.software or None),
        started_at=row["started_at"], beat_at=row["beat_at"], waiting=beat and beat.waiting,
        free_bytes=beat and beat.free_bytes, lost=beat.lost if beat else [], stations=stations,
        update=_progress(beat),
    )  # fmt: skip


def _progress(beat: Heartbeat | None) -> UpdateProgress | None:
    return UpdateProgress(**to_body(beat.update)) if beat and beat.update else None


def _body(kind: type[T], content: str | None) -> T | None:
    """None where it was erased, or is of a form that is not ours."""
    try:
        return body_of(kind, json.loads(content or "{}").get("body", {})) if content else None
    except MessageError:
        return None


async def newest_note(tx: Tx, site: str) -> str:
    """The newest signed checkpoint of the log of `site`. Raises NotFoundError before the first."""
    row = await newest_checkpoint(tx, site)
    if row is None:
        raise NotFoundError("checkpoint of", site)
    return str(row["note"])
