"""Appending to a site's ledger: inside one transaction, under the lock of the site's head row.

Opening the ledger is the first thing a transaction that writes does; of several sites, in the order of their ids.
So nobody waits for anybody who waits for him.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cloud.db.pool import Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, InvalidError, NotFoundError
from cloud.ledger.tiles import grow_tiles
from custody.permits import time_text
from proof.canonical import canonical
from proof.chain import commit_record
from proof.merkle import Frontier, leaf_hash
from wire.topics import valid_agent

ENTRY_VERSION = 1

_sql = load_queries(__file__)


@dataclass(slots=True)
class Appender:
    """An open ledger: `first` is the index of the first entry this transaction adds."""

    site: str
    origin: str
    frontier: Frontier
    entries: list[str] = field(default_factory=list)

    @property
    def first(self) -> int:
        """Index of the first entry this transaction adds."""
        return self.frontier.size

    def add(self, entry: Mapping[str, Any]) -> int:
        """Adds `entry` and returns its index."""
        return self.add_text(canonical(entry).decode())

    def add_text(self, entry: str) -> int:
        """The same for an entry that is canonical JSON text already."""
        self.entries.append(entry)
        return next_index(self) - 1


def next_index(appender: Appender) -> int:
    """The index that the next entry added will have."""
    return appender.first + len(appender.entries)


def origin_of(deployment: str, site: str) -> str:
    """The name of a site's log in its checkpoints."""
    return f"sealtrail/{deployment}/{site}"


async def add_site(tx: Tx, *, site: str, name_zh: str, name_en: str, deployment: str, at: datetime) -> None:
    """Founds `site` with an empty ledger. Raises InvalidError for a bad id, ConflictError when it is there."""
    if not valid_agent(f"{site}.x"):
        raise InvalidError("bad_site_id", f"{site!r} is no site id: small letters, digits and '-'")
    names = {"site": site, "name_zh": name_zh, "name_en": name_en}
    if await one(tx, _sql.add_site, **names, origin=origin_of(deployment, site), at=at) is None:
        raise ConflictError("site_exists", f"the site {site} is there already")
    await tx.execute(_sql.add_head, {"site": site})


async def site_ids(tx: Tx) -> set[str]:
    """The sites there are."""
    return {row["id"] for row in await rows(tx, _sql.sites)}


async def open_ledger(tx: Tx, site: str) -> Appender:
    """Locks the ledger of `site` until the transaction ends. Raises NotFoundError."""
    head = await one(tx, _sql.lock_head, site=site)
    if head is None:
        raise NotFoundError("site", site)
    return Appender(site, head["origin"], Frontier(head["size"], tuple(head["frontier"])))


async def add_record(
    tx: Tx,
    appender: Appender,
    *,
    kind: str,
    at: datetime,
    actor: str,
    content: Mapping[str, Any],
    salt: bytes,
    things: Sequence[str] = (),
) -> int:
    """Records what the cloud itself did, about `things`; returns the entry's index.

    What is committed to and kept is `content` with the member `actor`.
    """
    whole = {**content, "actor": actor}
    commitment = commit_record(whole, salt).hex()
    index = appender.add({"v": ENTRY_VERSION, "type": "record", "kind": kind, "at": time_text(at), "c": commitment})
    row = {"site": appender.site, "index": index, "kind": kind, "at": at, "actor": actor, "salt": salt}
    await tx.execute(_sql.add_record, {**row, "content": canonical(whole).decode()})
    if things:
        await tx.execute(_sql.add_thing_entries, {"site": appender.site, "index": index, "things": list(things)})
    return index


async def close_ledger(tx: Tx, appender: Appender) -> None:
    """Writes what was added, grows the tiles, moves the head; who listens on `ledger` hears of it after the commit."""
    if not appender.entries:
        return
    async with tx.cursor() as cursor, cursor.copy(_sql.copy_entries) as copy:
        copy.set_types(["text", "int8", "text"])
        for index, entry in enumerate(appender.entries, appender.first):
            await copy.write_row((appender.site, index, entry))
    leaves = [leaf_hash(entry.encode()) for entry in appender.entries]
    await grow_tiles(tx, appender.site, appender.first, leaves)
    after = appender.frontier.append(leaves)
    head = {"site": appender.site, "size": after.size, "frontier": list(after.nodes)}
    await tx.execute(_sql.set_head, head)
    await tx.execute(_sql.notify, {"payload": json.dumps({"site": appender.site, "size": after.size})})
    appender.frontier, appender.entries = after, []
