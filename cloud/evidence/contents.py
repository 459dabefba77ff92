"""What is in packages, and whether it is what the permit under which one passes was granted for."""

from collections.abc import Collection, Iterable, Mapping

from cloud.db.pool import Tx, rows
from cloud.db.queries import load_queries
from cloud.evidence.taken import Taken
from custody.decisions import Use
from custody.permits import Permit

CONTENTS_DIFFER = "contents_differ"
"""The alarm that something else is in a package than its permit was granted for; its place is the package."""

_sql = load_queries(__file__, "passages.sql")


async def contents_of(tx: Tx, site: str, packages: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    """The items in each of `packages` that has any, in their order."""
    found = await rows(tx, _sql.contents_of, site=site, packages=list(packages))
    return {row["package_id"]: tuple(row["items"]) for row in found}


async def compare_contents(taken: Taken, uses: Iterable[Use], permits: Iterable[Permit]) -> None:
    """Raises the alarm for each package that passes and holds other items than its permit covers."""
    granted = {(permit.id, thing.id): thing.contents for permit in permits for thing in permit.things if thing.contents}
    told = {use.thing: granted[use.permit, use.thing] for use in uses if (use.permit, use.thing) in granted}
    inside = await contents_of(taken.tx, taken.site, told) if told else {}
    for package, covered in sorted(told.items()):
        there = inside.get(package, ())
        if set(there) != set(covered):
            more, lacking = sorted(set(there) - set(covered)), sorted(set(covered) - set(there))
            await taken.alarm(CONTENTS_DIFFER, package, "critical", {"more": more[:50], "lacking": lacking[:50]})
