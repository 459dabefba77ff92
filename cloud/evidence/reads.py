"""What is read of evidence: pages of cases, items, packages and permits, single ones, and labels."""

from dataclasses import asdict, dataclass
from datetime import datetime

from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import NotFoundError
from cloud.evidence.models import (
    Case,
    CaseRows,
    Item,
    ItemRows,
    Label,
    Package,
    PackageRow,
    PackageRows,
    Permit,
    PermitRows,
    PermitState,
)
from custody.things import State

_sql = load_queries(__file__, "reads.sql")

_NEWEST = 2**62
"""Above every index."""

MOST_IN_PACKAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which items or packages: those that fit all that is not None; `words` looks in names or seals, ids and case
    numbers.
    """

    id: str | None = None
    case: str | None = None
    package: str | None = None
    state: State | None = None
    words: str | None = None

    def values(self) -> Row:
        """As the queries take it."""
        like = None if self.words is None else f"%{_literal(self.words)}%"
        return {"id": self.id, "case": self.case, "package": self.package, "state": self.state, "like": like}


def _literal(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def cases(tx: Tx, site: str, *, words: str | None = None, after: int | None, limit: int) -> CaseRows:
    """Cases, newest first."""
    like = Filter(words=words).values()["like"]
    where = {"site": site, "like": like, "after": _NEWEST if after is None else after, "most": limit}
    found = [Case.model_validate(row) for row in await rows(tx, _sql.cases, **where)]
    return CaseRows(rows=found, next=found[-1].index if len(found) == limit else None)


async def case(tx: Tx, site: str, name: str) -> Case:
    """One case. Raises NotFoundError."""
    row = await one(tx, _sql.case_, site=site, id=name)
    if row is None:
        raise NotFoundError("case", name)
    return Case.model_validate(row)


async def items(tx: Tx, site: str, where: Filter, *, after: str = "", limit: int) -> ItemRows:
    """Items by id."""
    values = {**where.values(), "site": site, "after": after, "most": limit}
    found = [Item.model_validate(row) for row in await rows(tx, _sql.items, **values)]
    return ItemRows(rows=found, next=found[-1].id if len(found) == limit else None)


async def item(tx: Tx, site: str, name: str) -> Item:
    """One item. Raises NotFoundError."""
    found = (await items(tx, site, Filter(id=name), limit=1)).rows
    if not found:
        raise NotFoundError("item", name)
    return found[0]


async def packages(tx: Tx, site: str, where: Filter, *, after: str = "", limit: int) -> PackageRows:
    """Packages by id."""
    values = {**where.values(), "site": site, "after": after, "most": limit}
    found = [PackageRow.model_validate(row) for row in await rows(tx, _sql.packages, **values)]
    return PackageRows(rows=found, next=found[-1].id if len(found) == limit else None)


async def package(tx: Tx, site: str, name: str) -> Package:
    """One package and the items in it. Raises NotFoundError."""
    found = (await packages(tx, site, Filter(id=name), limit=1)).rows
    if not found:
        raise NotFoundError("package", name)
    inside = await items(tx, site, Filter(package=name), limit=MOST_IN_PACKAGE)
    return Package(**found[0].model_dump(), items=inside.rows)


async def label(tx: Tx, site: str, thing: str, issue: int | None) -> Label:
    """The label `issue` of a thing, the newest when None. Raises NotFoundError."""
    row = await one(tx, _sql.label_, site=site, thing=thing, issue=issue)
    if row is None:
        raise NotFoundError("label of", thing)
    return Label.model_validate(row)


@dataclass(frozen=True, slots=True, kw_only=True)
class PermitFilter:
    """Which permits: those that fit all that is not None; `thing` finds those of the package it is in as well."""

    id: str | None = None
    state: PermitState | None = None
    thing: str | None = None
    case: str | None = None
    agent: str | None = None
    station: str | None = None


async def permits(
    tx: Tx, site: str, at: datetime, which: PermitFilter, *, after: int | None = None, limit: int
) -> PermitRows:
    """Permits as they stand at `at`, newest first."""
    where = {"site": site, "at": at, "after": _NEWEST if after is None else after, "most": limit}
    found = [_permit(row) for row in await rows(tx, _sql.permits, **where, **asdict(which))]
    return PermitRows(rows=found, next=found[-1].index if len(found) == limit else None)


async def permit(tx: Tx, site: str, at: datetime, name: str) -> Permit:
    """One permit. Raises NotFoundError."""
    found = (await permits(tx, site, at, PermitFilter(id=name), limit=1)).rows
    if not found:
        raise NotFoundError("permit", name)
    return found[0]


def _permit(row: Row) -> Permit:
    payload, spent = row["payload"], row["spent"]
    things = [{**thing, **spent.get(thing["id"], {})} for thing in payload["things"]]
    return Permit.model_validate({
        **row,
        "things": things,
        **{name: payload[name] for name in ("stations", "people_required", "rule_pack")},
    })  # fmt: skip
