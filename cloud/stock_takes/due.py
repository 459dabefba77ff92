"""Which zone has to be counted when: the audit interval that the rule pack gives its class."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from cloud.db.pool import Row, Tx, rows
from cloud.db.queries import load_queries
from cloud.stock_takes.models import Due, DueRows
from custody.rule_pack import RulePack

INTERVALS_DAYS = {"ordinary": 90, "high_value": 30, "controlled": 7}
"""Where the pack says nothing of a class; a class that nobody knows is counted most often."""

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_sql = load_queries(__file__, "reads.sql")


async def due(tx: Tx, pack: RulePack, site: str, now: datetime) -> DueRows:
    """Every zone of `site`, the most pressing first. A zone never counted is due an interval after it was made."""
    found = [_due(row, pack, now) for row in await rows(tx, _sql.zones, site=site)]
    return DueRows(rows=sorted(found, key=lambda one: (one.due_at, one.name)))


def _due(row: Row, pack: RulePack, now: datetime) -> Due:
    days = interval_days(pack, row["zone_class"])
    founded = row.pop("founded_at") or _LONG_AGO
    at = (row["last_at"] or founded) + timedelta(days=days)
    return Due.model_validate({**row, "interval_days": days, "due_at": at, "overdue": at <= now})


def interval_days(pack: RulePack, zone_class: str) -> int:
    """Days between two stock-takes of a zone of that class."""
    told = pack.section("zones").get(zone_class)
    days = told.get("audit_interval_days") if isinstance(told, Mapping) else None
    return days if isinstance(days, int) else INTERVALS_DAYS.get(zone_class, min(INTERVALS_DAYS.values()))
