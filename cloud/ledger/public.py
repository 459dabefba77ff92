"""What anybody may read of a site's log (C2SP tlog-tiles): nothing that no published checkpoint reaches."""

from cloud.db.pool import Tx, one, rows
from cloud.db.queries import load_queries
from cloud.ledger.checkpoints import newest_checkpoint
from cloud.ledger.tiles import entries_between, read_tiles
from proof.keys import VerifyKey
from proof.merkle import HASH_BYTES
from proof.note import NoteVerifier
from proof.tiles import HEIGHT, WIDTH, TilePath, pack_entries

_sql = load_queries(__file__, "tiles.sql")


async def published_tile(tx: Tx, site: str, asked: TilePath) -> bytes | None:
    """The tile or bundle of entries; None when there is none, or it is a part that no checkpoint needs.

    Raises BrokenRecordsError.
    """
    (level, n), width = asked.tile, asked.width
    newest, size = await newest_checkpoint(tx, site), n * WIDTH + width << HEIGHT * level
    if newest is None or newest["size"] < size:
        return None
    if width < WIDTH:
        upto = size + (1 << HEIGHT * level) - 1
        needed = await one(tx, _sql.is_checkpoint_between, site=site, low=size, high=upto)
        if not (needed and needed["there"]):
            return None
    if asked.entries:
        return pack_entries(await entries_between(tx, site, n * WIDTH, n * WIDTH + width))
    tiles = await read_tiles(tx, site, [asked.tile], size)
    return tiles[asked.tile][: width * HASH_BYTES]


async def own_policy(tx: Tx, site: str) -> str | None:
    """The policy that trusts the log's own key and asks for no witness; None where the log has no known key."""
    keys = await rows(tx, _sql.log_keys, site=site)
    logs = [NoteVerifier(row["owner"], VerifyKey.from_raw(row["public_key"])) for row in keys]
    return "".join(f"log {log.vkey}\n" for log in logs) + "quorum none\n" if logs else None
