"""What is read of sites and agents."""

from cloud.db.pool import Tx, rows
from cloud.db.queries import load_queries
from cloud.errors import NotFoundError
from cloud.fleet import service
from cloud.fleet.models import Agent, AgentRows, Site, SiteRows
from cloud.ledger.checkpoints import newest_checkpoint

_sql = load_queries(__file__, "reads.sql")


async def sites(tx: Tx, site: str) -> SiteRows:
    """The sites that an account of `site` may see: its own."""
    return SiteRows(rows=[Site.model_validate(row) for row in await rows(tx, _sql.sites, site=site)])


async def agents(tx: Tx, site: str) -> AgentRows:
    """All agents of `site`."""
    return AgentRows(rows=[Agent.model_validate(row) for row in await service.agents(tx, site)])


async def newest_note(tx: Tx, site: str) -> str:
    """The newest signed checkpoint of the log of `site`. Raises NotFoundError before the first."""
    row = await newest_checkpoint(tx, site)
    if row is None:
        raise NotFoundError("checkpoint of", site)
    return str(row["note"])
