"""The zones of a site held against the rule pack's section `construction`."""

from datetime import datetime

from cloud.conformity.models import Conformity, PartShown, ZoneShown
from cloud.db.pool import Row, Tx, rows
from cloud.db.queries import load_queries
from cloud.live.models import Wording
from cloud.stock_takes.due import due
from custody.conformity import Finding, Zone, examine
from custody.rule_pack import RulePack

_sql = load_queries(__file__)

SHOWN = 20
"""Names of slots told of one finding."""


async def conformity(tx: Tx, pack: RulePack, site: str, now: datetime) -> Conformity:
    """Every zone of `site` with all that `pack` asks of its class."""
    overdue = {row.zone for row in (await due(tx, pack, site, now)).rows if row.overdue}
    found = {row["id"]: row for row in await rows(tx, _sql.zones, site=site)}
    parts: dict[str, list[PartShown]] = {zone: [] for zone in found}
    for finding in examine(pack, [_zone(row, row["id"] in overdue) for row in found.values()]):
        parts[finding.zone].append(_shown(pack, finding))
    shown = [
        ZoneShown(
            zone=zone, name=row["name"], zone_class=row["zone_class"], doors=row["doors"], slots=row["slots"],
            conforms=all(part.met for part in parts[zone]), parts=parts[zone],
        )
        for zone, row in found.items()
    ]  # fmt: skip
    every = [part for zone in shown for part in zone.parts]
    return Conformity(rule_pack=pack.hash, asked=len(every), met=sum(part.met for part in every), rows=shown)


def _zone(row: Row, overdue: bool) -> Zone:
    return Zone(
        id=row["id"], zone_class=row["zone_class"], doors=tuple(row["doors"]), cameras=tuple(row["cameras"]),
        slots=row["slots"], unlit=tuple(row["unlit"]), unsensed=tuple(row["unsensed"]),
        full=row["slots"] > 0 and row["used"] >= row["capacity"], overdue=overdue,
    )  # fmt: skip


def _shown(pack: RulePack, finding: Finding) -> PartShown:
    rule = finding.part.rule
    return PartShown(
        part=finding.part, rule=rule, text=Wording.model_validate(pack.wording[rule]), met=finding.met,
        lacking=list(finding.lacking[:SHOWN]), lacking_count=len(finding.lacking),
    )  # fmt: skip
