"""Keeping packs, and finding the one in force. A pack comes into force by an act of two people (cloud/evidence)."""

import json
from datetime import datetime
from functools import lru_cache

from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from custody.pack_reader import parse_rule_pack
from custody.rule_pack import RulePack
from proof.canonical import canonical

_sql = load_queries(__file__)


async def keep_pack(tx: Tx, pack: RulePack, at: datetime) -> None:
    """`pack` can be found by its hash from now on."""
    content = canonical(pack.content).decode()
    values = {"hash": pack.hash, "name": pack.name, "version": pack.version, "content": content, "at": at}
    await tx.execute(_sql.keep_pack, values)


async def pack_named(tx: Tx, name: str) -> RulePack | None:
    """The rule pack of that hash, if it was ever kept here."""
    row = await one(tx, _sql.pack_content, hash=name.replace("\0", ""))
    return None if row is None else _parsed(row["content"])


async def pack_in_force(tx: Tx, site: str, at: datetime, founding: RulePack) -> RulePack:
    """The pack that two people put in force at `site`; until they did the one that the cloud was founded with."""
    row = await one(tx, _sql.in_force, site=site, at=at)
    if row is None or row["hash"] == founding.hash:
        return founding
    return await pack_named(tx, row["hash"]) or founding


async def adopt(tx: Tx, *, site: str, index: int, pack: RulePack, effective_from: datetime) -> None:
    """`pack` is in force at `site` from `effective_from` on, by the entry `index`."""
    values = {"site": site, "index": index, "hash": pack.hash, "effective_from": effective_from}
    await tx.execute(_sql.adopt, values)


async def adoptions(tx: Tx, site: str) -> list[Row]:
    """Which packs were put in force at `site`, oldest first."""
    return await rows(tx, _sql.adoptions, site=site)


@lru_cache(maxsize=64)
def _parsed(content: str) -> RulePack:
    return parse_rule_pack(json.loads(content))
