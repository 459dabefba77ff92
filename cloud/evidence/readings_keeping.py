"""Which raw readings evidence binds, so that they are never removed (ADR 23).

No sensor says which items its room holds, so a thing binds all that was measured at its site: from an hour before it
was first told of until an hour after it left for good, for as long as it is under legal hold or its case is not over,
or not over for as long as readings are kept. The same hour is around an alarm that lives, whose ticket is open or that
ended no longer ago than that, and an opening by break-glass that nobody has reviewed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cloud.db.pool import Tx, one, rows
from cloud.db.queries import load_queries
from cloud.evidence.film_keeping import final_states
from custody.rule_pack import RulePack

MARGIN = timedelta(hours=1)

_sql = load_queries(__file__, "readings_keeping.sql")


@dataclass(frozen=True, slots=True)
class Free:
    """Spans (from when on, None: ever; until when) of which nothing binds the readings, by the ledger's first `size`
    entries.
    """

    spans: tuple[tuple[datetime | None, datetime], ...]
    size: int


async def free(tx: Tx, site: str, pack: RulePack, before: datetime) -> Free:
    """What is bound by nothing, before `before`. Takes no lock."""
    head = await one(tx, _sql.size, site=site)
    final = [state.value for state in final_states(pack)]
    found = await rows(tx, _sql.free, site=site, before=before, final=final, margin=MARGIN)
    return Free(tuple((row["since"], row["until"]) for row in found), head["size"] if head else 0)


async def bound_since(tx: Tx, site: str, size: int) -> bool:
    """Whether entries from `size` on may change what was free: a hold, a step of what had left, another's removal."""
    return await one(tx, _sql.bound_since, site=site, size=size) is not None
