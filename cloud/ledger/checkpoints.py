"""Signed checkpoints: what a site's log commits itself to, for whoever keeps a copy."""

import logging
from collections.abc import Callable

from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.world import World
from proof.checkpoint import Checkpoint
from proof.keys import Signer
from proof.merkle import Frontier

LogKeys = Callable[[str], Signer | None]
"""The key that signs the log of a site, or None where it is not here."""

_sql = load_queries(__file__)
_log = logging.getLogger(__name__)


async def sign_checkpoints(tx: Tx, world: World, log_keys: LogKeys) -> int:
    """Signs every log that has grown since its newest checkpoint; returns how many.

    A log that has not grown has its checkpoint already: the same size makes the same note. Two workers that sign
    the same size sign the same root. They sign one after the other: whoever draws a sample by the first checkpoint that
    covers an entry must find the same one ever after.
    """
    await tx.execute(_sql.one_signer)
    grown = await rows(tx, _sql.grown)
    for row in grown:
        key = log_keys(row["id"])
        if key is None:
            _log.error("no key to sign the log of %s", row["id"])
            continue
        if row["keys"] and key.public.raw not in row["keys"]:
            _log.error("the key %s of the log of %s has ended, and no other is here yet", key.public.kid, row["id"])
            continue
        root = Frontier(row["size"], tuple(row["frontier"])).root()
        note = Checkpoint(row["origin"], row["size"], root).sign(key)
        values = {"site": row["id"], "size": row["size"], "root": root, "note": note, "at": world.now()}
        await tx.execute(_sql.add_checkpoint, values)
    return len(grown)


async def newest_checkpoint(tx: Tx, site: str) -> Row | None:
    """The newest checkpoint of `site`: size, root, note and at; None before the first."""
    return await one(tx, _sql.newest_checkpoint, site=site)


async def published_note(tx: Tx, site: str, size: int | None = None) -> str | None:
    """The checkpoint of `site` at `size`, else the newest, with the newest cosignature of each witness; None if none.

    A vote of witnesses counts for the same note only, so every size has its own.
    """
    row = await one(tx, _sql.published, site=site, size=size)
    return None if row is None else row["note"] + row["lines"]
