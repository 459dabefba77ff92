"""The supervisor's list (J26, J32): what went around the ordinary way, read from the records themselves, so that it is
there the moment it happened and nobody can keep it off.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cloud.db.pool import Row, Tx, rows
from cloud.db.queries import load_queries
from cloud.errors import NotFoundError
from cloud.evidence.exception_models import ExceptionRows, ExceptionShown, Override, OverrideKind, OverrideRows
from cloud.live.models import Wording
from custody.rule_pack import RulePack

_sql = load_queries(__file__, "overrides.sql")
_exceptions_sql = load_queries(__file__, "exceptions.sql")

_NEWEST = 2**62


async def overrides(
    tx: Tx, pack: RulePack, site: str, *, kind: OverrideKind | None, before: int | None, limit: int
) -> OverrideRows:
    """The newest first, older than entry `before`. What was erased since is shown by its kind, time and actor."""
    where = {"site": site, "kind": kind, "before": _NEWEST if before is None else before, "most": limit}
    found = [_override(row, pack) for row in await rows(tx, _sql.overrides, **where)]
    return OverrideRows(rows=found, next=found[-1].index if len(found) == limit else None)


def _override(row: Row, pack: RulePack) -> Override:
    content: dict[str, Any] = json.loads(row["content"] or "{}")
    details: Mapping[str, Any] = content.get("details", {})
    rule = content.get("rule")
    text = pack.wording.get(rule) if rule else None
    reasons = (*(content.get(name) for name in ("reason", "ground", "finding")), details.get("reason"))
    return Override(
        index=row["index"], kind=row["kind"], at=row["at"], actor=row["actor"], actor_name=row["actor_name"],
        people=[hand["person"] for hand in content.get("hands", ())], action=content.get("action"), rule=rule,
        rule_text=Wording(**text) if text else None, reason=next((reason for reason in reasons if reason), None),
        about=_about(content),
    )  # fmt: skip


def _about(content: Mapping[str, Any]) -> list[str]:
    """What it is about: things, or whatever else the record names; a camera by agent and station."""
    if "view" in content:
        return [f"{content['agent']}:{content['station']}"]
    one = [str(content[name]) for name in ("exception", "case", "pack", "act") if name in content]
    entries = [f"#{index}" for index in content.get("indexes", ())]
    return [*content.get("things", ()), *one, *entries]


async def exceptions(
    tx: Tx, site: str, at: datetime, *, name: str | None = None, state: str | None = None, before: int | None = None,
    limit: int = 100,
) -> ExceptionRows:  # fmt: skip
    """Openings by break-glass, newest first, older than entry `before`."""
    where = {"site": site, "id": name, "state": state, "before": _NEWEST if before is None else before, "at": at}
    found = [
        ExceptionShown.model_validate(row) for row in await rows(tx, _exceptions_sql.exceptions, **where, most=limit)
    ]
    return ExceptionRows(rows=found, next=found[-1].index if len(found) == limit else None)


async def exception(tx: Tx, site: str, at: datetime, name: str) -> ExceptionShown:
    """One of them. Raises NotFoundError."""
    found = (await exceptions(tx, site, at, name=name, limit=1)).rows
    if not found:
        raise NotFoundError("exception", name)
    return found[0]
