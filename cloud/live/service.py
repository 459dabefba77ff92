"""Passages and alarms: pages of them, and the events that came with a range of ledger entries."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from psycopg.types.json import Jsonb
from pydantic import BaseModel

from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import NotFoundError
from cloud.live.models import Alarm, AlarmRows, Passage, PassageRows, Wording
from cloud.people.models import Person
from custody.alarms import hears
from custody.rule_pack import RulePack

_sql = load_queries(__file__)

_NEWEST = 2**62
"""Above every index."""


@dataclass(frozen=True, slots=True)
class Event:
    """A server-sent event ready to be written; `index` is its ledger entry, None for what is in no ledger."""

    index: int | None
    wire: bytes

    def of_no_ledger(self) -> "Event":
        """The same without its id, for whoever watches several ledgers."""
        return Event(None, self.wire.partition(b"\n")[2] if self.wire.startswith(b"id: ") else self.wire)


def event(name: str, data: BaseModel | Mapping[str, Any], index: int | None = None) -> Event:
    """The event `name`: its bytes are made once and shared by all who watch."""
    body = data.model_dump_json().encode() if isinstance(data, BaseModel) else msgspec.json.encode(data)
    head = f"event: {name}\n" if index is None else f"id: {index}\nevent: {name}\n"
    return Event(index, head.encode() + b"data: " + body + b"\n\n")


async def passages(
    tx: Tx, pack: RulePack, *, site: str, before: int | None, outcome: str | None, limit: int
) -> PassageRows:
    """Decisions at the gates of `site`, newest first, older than entry `before`."""
    where = {"site": site, "before": _NEWEST if before is None else before, "outcome": outcome, "most": limit}
    found = [_passage(row, pack) for row in await rows(tx, _sql.passages, **where)]
    return PassageRows(rows=found, next=found[-1].index if len(found) == limit else None)


async def alarms(
    tx: Tx, pack: RulePack, *, site: str, before: int | None, living: bool, limit: int, mine: Person | None = None,
    unanswered: bool = False,
) -> AlarmRows:  # fmt: skip
    """Alarms of `site`, newest first; only those not cleared when `living`, those `mine` is told of, and those that
    were over by themselves and wait for somebody to say what they were when `unanswered`.
    """
    told = None if mine is None else Jsonb(hears(pack, frozenset(mine.roles)))
    where = {
        "site": site, "before": _NEWEST if before is None else before, "living": living, "most": limit, "hears": told,
        "me": mine and mine.id, "unanswered": unanswered,
    }  # fmt: skip
    found = [Alarm.model_validate(row) for row in await rows(tx, _sql.alarms, **where)]
    return AlarmRows(rows=found, next=found[-1].index if len(found) == limit else None)


async def newest_index(tx: Tx, site: str) -> int:
    """Index of the newest entry of `site`, -1 for an empty ledger. Raises NotFoundError."""
    row = await one(tx, _sql.newest_index, site=site)
    if row is None:
        raise NotFoundError("site", site)
    return int(row["index"])


async def events_between(tx: Tx, pack: RulePack, site: str, after: int, upto: int) -> list[Event]:
    """The events of the entries above `after` up to `upto`, in the order of the ledger."""
    where = {"site": site, "after": after, "upto": upto}
    found = [
        event("passage", _passage(row, pack), row["index"]) for row in await rows(tx, _sql.passages_between, **where)
    ]
    for row in await rows(tx, _sql.endings_between, **where):
        at, ending = row["at_index"], row["ending"]
        found.append(event(ending, {"index": row["index"], f"{ending}_index": at}, at))
    for row in await rows(tx, _sql.alarms_between, **where):
        found.append(event("alarm", Alarm.model_validate(row), row["at_index"]))
    for row in await rows(tx, _sql.overrides_between, **where):
        found.append(event("override", row, row["index"]))
    return sorted(found, key=lambda one: one.index or 0)


async def commitments_between(tx: Tx, site: str, after: int, upto: int) -> list[tuple[int, bytes]]:
    """Of the facts among the entries above `after` up to `upto`: the index, and the commitment."""
    found = await rows(tx, _sql.facts_between, site=site, after=after, upto=upto)
    return [(row["index"], bytes.fromhex(row["commitment"])) for row in found]


def _passage(row: Row, pack: RulePack) -> Passage:
    text = pack.wording.get(row["rule"])
    return Passage.model_validate({**row, "rule_text": None if text is None else Wording(**text)})
