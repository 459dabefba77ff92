"""Organisation units, province over city over county: who belongs where, and so what they may read.

Read down, never write down. A unit is told to the ledger of every site, as the keys are, so that each ledger alone
says who could read it.
"""

from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, ForbiddenError, NotFoundError
from cloud.ledger.service import Appender, add_record, close_ledger, open_ledger, site_ids
from cloud.people.models import Person, Unit
from cloud.world import World

UNIT_ADDED, SITE_PLACED = "unit_added", "site_placed"

_sql = load_queries(__file__, "units.sql")


async def add_unit(tx: Tx, world: World, unit: Unit, actor: str) -> dict[str, int]:
    """Adds `unit` under its parent and tells every site's ledger; returns the entry in each.

    Opens the ledgers, so it comes first in its transaction. Raises NotFoundError for the parent, ConflictError
    `unit_exists`.
    """
    await tx.execute(_sql.one_at_a_time)
    appenders = [await open_ledger(tx, site) for site in sorted(await site_ids(tx))]
    await must_exist(tx, unit.parent)
    if await one(tx, _sql.add_unit, **unit.model_dump(), at=world.now()) is None:
        raise ConflictError("unit_exists", f"there is a unit {unit.id!r} already")
    told = {}
    for appender in appenders:
        told[appender.site] = await _tell(tx, appender, world, unit, actor)
        await close_ledger(tx, appender)
    return told


async def tell_units(tx: Tx, appender: Appender, world: World, actor: str) -> None:
    """Tells the ledger of a site that was just founded of the units there are already."""
    await tx.execute(_sql.one_at_a_time)
    for unit in await list_units(tx):
        await _tell(tx, appender, world, unit, actor)


async def place_site(tx: Tx, appender: Appender, world: World, unit: str, actor: str) -> int:
    """Puts the appender's site under `unit`; returns the entry. Raises NotFoundError."""
    await must_exist(tx, unit)
    await tx.execute(_sql.place_site, {"site": appender.site, "unit": unit})
    return await _record(tx, appender, world, SITE_PLACED, {"unit": unit}, actor)


async def list_units(tx: Tx) -> list[Unit]:
    """All units, each after its parent."""
    return [Unit.model_validate(row) for row in await rows(tx, _sql.units)]


async def must_exist(tx: Tx, unit: str | None) -> None:
    """Raises NotFoundError when `unit` is named and not there."""
    if unit is not None and await one(tx, _sql.unit, unit=unit) is None:
        raise NotFoundError("unit", unit)


async def must_be_below(tx: Tx, actor: Person, unit: str | None) -> None:
    """Raises ForbiddenError unless `unit` is none, or at or below that of `actor`: nobody gives more than they have."""
    if unit is not None and unit not in {row["id"] for row in await rows(tx, _sql.below, person=actor.id)}:
        raise ForbiddenError(f"{unit!r} is no unit at or below that of this account")


async def readable_sites(tx: Tx, person: Person, site: str | None = None) -> list[Row]:
    """The sites (or whether it is one: `site`) that `person` may read: their own, and those at or below their unit."""
    return await rows(tx, _sql.readable, person=person.id, own=person.site, site=site)


async def sites_below(tx: Tx, unit: str) -> list[Row]:
    """The sites at or below `unit`, as `readable_sites` tells them; whether somebody may read those is asked before."""
    return await rows(tx, _sql.sites_below, unit=unit)


async def may_read(tx: Tx, person: Person, site: str) -> bool:
    """Whether `site` is one that `person` may read."""
    return bool(await readable_sites(tx, person, site))


async def _tell(tx: Tx, appender: Appender, world: World, unit: Unit, actor: str) -> int:
    content = {"unit": unit.id, "parent": unit.parent, "name_zh": unit.name_zh, "name_en": unit.name_en}
    return await _record(tx, appender, world, UNIT_ADDED, content, actor)


async def _record(tx: Tx, appender: Appender, world: World, kind: str, content: Row, actor: str) -> int:
    return await add_record(
        tx, appender, kind=kind, at=world.now(), actor=actor, content=content, salt=world.salt(), things=()
    )
