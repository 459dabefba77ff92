"""All that was ever said of a thing, in the order of the ledger."""

import json
from typing import Any

from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import NotFoundError
from cloud.evidence.models import History, HistoryRow, HistoryThing

_sql = load_queries(__file__, "reads.sql")

_SHOWN = ("index", "site", "agent", "seq", "actor", "actor_name", "picture_ready", "corrected_by")


async def history(tx: Tx, site: str, thing: str, *, after: int, limit: int) -> History:
    """Entries above `after` about `thing`, for an item also those about the package it is in. Raises NotFoundError."""
    about = await one(tx, _sql.thing, thing=thing, site=site)
    if about is None:
        raise NotFoundError("thing", thing)
    found = [_row(row) for row in await rows(tx, _sql.history, thing=thing, site=site, after=after, most=limit)]
    return History(
        thing=HistoryThing(id=thing, **about), rows=found, next=found[-1].index if len(found) == limit else None
    )


def _row(row: Row) -> HistoryRow:
    base = {name: row[name] for name in _SHOWN}
    text = row["record_content"] if row["fact_kind"] is None else row["fact_content"]
    base["erased"] = text is None
    if row["fact_kind"] is None:
        at, content = row["record_at"], json.loads(text or "{}")
        rest = {"type": "record", "kind": row["record_kind"], "at": at, "taken_at": at, "content": content}
        return HistoryRow(**base, **rest, error_ms=None, clock_source=None, picture=None)
    entry: dict[str, Any] = json.loads(row["entry"])
    fact: dict[str, Any] = json.loads(text or "{}")
    body, clock = fact.get("body", {}), fact.get("clock", {})
    picture = body.get("picture")
    return HistoryRow(
        **base,
        type="fact",
        kind=row["fact_kind"],
        at=row["fact_at"],
        taken_at=entry["taken_at"],
        error_ms=clock.get("error_ms"),
        clock_source=clock.get("source"),
        content=body,
        picture=picture.get("sha256") if isinstance(picture, dict) else None,
    )
