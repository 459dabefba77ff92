"""What is read of agents, and of what a site signed."""

from cloud.db.pool import Tx
from cloud.errors import NotFoundError
from cloud.fleet import service
from cloud.fleet.models import Agent, AgentRows
from cloud.ledger.checkpoints import newest_checkpoint


async def agents(tx: Tx, site: str) -> AgentRows:
    """All agents of `site`."""
    return AgentRows(rows=[Agent.model_validate(row) for row in await service.agents(tx, site)])


async def newest_note(tx: Tx, site: str) -> str:
    """The newest signed checkpoint of the log of `site`. Raises NotFoundError before the first."""
    row = await newest_checkpoint(tx, site)
    if row is None:
        raise NotFoundError("checkpoint of", site)
    return str(row["note"])
