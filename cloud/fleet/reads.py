"""What is read of agents, and of what a site signed."""

import json

from cloud.db.pool import Row, Tx, rows
from cloud.db.queries import load_queries
from cloud.errors import NotFoundError
from cloud.fleet import service
from cloud.fleet.models import Agent, AgentRows, Gate, GateRows
from cloud.ledger.checkpoints import newest_checkpoint
from wire.errors import MessageError
from wire.messages import Heartbeat, body_of

_sql = load_queries(__file__)


async def agents(tx: Tx, site: str) -> AgentRows:
    """All agents of `site`."""
    return AgentRows(rows=[Agent.model_validate(row) for row in await service.agents(tx, site)])


async def gates(tx: Tx, site: str) -> GateRows:
    """The gates of `site`, as the newest heartbeat of each agent names them."""
    return GateRows(rows=[gate for row in await rows(tx, _sql.heartbeats, site=site) for gate in _gates(row)])


def _gates(row: Row) -> list[Gate]:
    """None where the heartbeat was erased, or is of a form that is not ours."""
    try:
        told = body_of(Heartbeat, json.loads(row["content"] or "{}").get("body", {}))
    except MessageError:
        return []
    return [Gate(agent=row["agent"], station=one.station, online=row["online"]) for one in told.gates]


async def newest_note(tx: Tx, site: str) -> str:
    """The newest signed checkpoint of the log of `site`. Raises NotFoundError before the first."""
    row = await newest_checkpoint(tx, site)
    if row is None:
        raise NotFoundError("checkpoint of", site)
    return str(row["note"])
