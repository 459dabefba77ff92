"""The tiles of a site's log, kept in the database: read for proofs and for whoever fetches them, grown by appending.

A ledger that is older than its tiles gets them when they are first needed. Tiles that are wrong later are not mended
here: `sealtrail ledger verify` says so.
"""

from collections.abc import Iterable, Mapping, Sequence

from cloud.db.pool import Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import BrokenRecordsError
from proof.merkle import HASH_BYTES, leaf_hash
from proof.tiles import Tile, edge_of, grow, width_in

CHUNK = 1 << 14
"""So many entries are read and hashed at once when a ledger gets its tiles."""

_sql = load_queries(__file__, "tiles.sql")


async def read_tiles(tx: Tx, site: str, wanted: Iterable[Tile], size: int) -> dict[Tile, bytes]:
    """The tiles `wanted` as they are in the log at `size` at least. Raises BrokenRecordsError when one is not there."""
    asked = sorted(wanted)
    if not asked:
        return {}
    found = await _select(tx, site, asked)
    if not found and await _fill(tx, site):
        found = await _select(tx, site, asked)
    for tile in asked:
        if len(found.get(tile, b"")) < width_in(tile, size) * HASH_BYTES:
            raise BrokenRecordsError(f"tile {tile.level}/{tile.n} of {site} is missing or too short for size {size}")
    return found


async def grow_tiles(tx: Tx, site: str, size: int, leaves: Sequence[bytes]) -> None:
    """Adds `leaves` (hashes) to the tiles of a log that had `size`. The ledger's head is locked."""
    edge = edge_of(size)
    found = await read_tiles(tx, site, edge, size)
    # A tile that is wider than the head says was changed by hand; growing it would bury that.
    if any(len(found[tile]) != width_in(tile, size) * HASH_BYTES for tile in edge):
        raise BrokenRecordsError(f"the tiles of {site} are not those of a log of {size}")
    await _put(tx, site, grow(found, size, leaves))


async def _select(tx: Tx, site: str, wanted: Sequence[Tile]) -> dict[Tile, bytes]:
    levels, ns = [tile.level for tile in wanted], [tile.n for tile in wanted]
    found = await rows(tx, _sql.tiles, site=site, levels=levels, ns=ns)
    return {Tile(row["level"], row["n"]): row["hashes"] for row in found}


async def _put(tx: Tx, site: str, changed: Mapping[Tile, bytes]) -> None:
    values = {"levels": [tile.level for tile in changed], "ns": [tile.n for tile in changed]}
    await tx.execute(_sql.put_tiles, {"site": site, **values, "hashes": list(changed.values())})


async def _fill(tx: Tx, site: str) -> bool:
    """Makes all tiles of a ledger that has none; returns whether it did."""
    head, there = await one(tx, _sql.lock_size, site=site), await one(tx, _sql.any_tile, site=site)
    if head is None or (there and there["there"]):
        return bool(head)  # another connection did while we waited for the lock
    done, edge = 0, dict[Tile, bytes]()
    async with tx.cursor(name="tiles_of_old") as cursor:
        cursor.itersize = CHUNK
        await cursor.execute(_sql.entries_below, {"site": site, "size": head["size"]})
        while chunk := await cursor.fetchmany(CHUNK):
            changed = grow(edge, done, [leaf_hash(row["entry"].encode()) for row in chunk])
            done += len(chunk)
            edge = {tile: (edge | changed)[tile] for tile in edge_of(done)}
            await _put(tx, site, changed)
    return done > 0


async def entries_between(tx: Tx, site: str, low: int, high: int) -> list[bytes]:
    """The entries from index `low` to before `high`. Raises BrokenRecordsError when one is not there."""
    found = await rows(tx, _sql.entries_between, site=site, low=low, high=high)
    if [row["index"] for row in found] != list(range(low, high)):
        raise BrokenRecordsError(f"entries {low} to {high - 1} of {site} are not all there")
    return [row["entry"].encode() for row in found]
