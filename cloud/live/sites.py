"""All sites that somebody may read, as they are now."""

from collections.abc import Sequence

from cloud.db.pool import Tx, one, rows
from cloud.db.queries import load_queries
from cloud.live.models import Alarm
from cloud.live.site_models import LivingAlarms, SiteState, SiteStates

_sql = load_queries(__file__, "sites.sql")


async def states(tx: Tx, sites: Sequence[str]) -> SiteStates:
    """How each of `sites` is."""
    return SiteStates(rows=[SiteState.model_validate(row) for row in await rows(tx, _sql.states, sites=list(sites))])


async def living(tx: Tx, sites: Sequence[str], limit: int) -> LivingAlarms:
    """The worst `limit` alarms that live at `sites`."""
    found = await rows(tx, _sql.living, sites=list(sites), most=limit)
    whole = await one(tx, _sql.how_many, sites=list(sites)) or {"n": 0}
    return LivingAlarms(rows=[Alarm.model_validate(row) for row in found], more=max(0, whole["n"] - len(found)))
