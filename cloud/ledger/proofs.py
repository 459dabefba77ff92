"""Proofs about a site's log, computed from its tiles: a few rows, however large the log."""

from cloud.db.pool import Tx
from cloud.errors import NotFoundError
from cloud.ledger.checkpoints import published_note
from cloud.ledger.tiles import read_tiles
from proof.checkpoint import Checkpoint
from proof.errors import TreeError
from proof.merkle import consistency_ranges, inclusion_ranges
from proof.note import read_note
from proof.tiles import consistency_from, inclusion_from, tiles_of
from proof.tlog_proof import TlogProof


async def inclusion(tx: Tx, site: str, index: int, size: int) -> list[bytes]:
    """Audit path of entry `index` in the log of `site` at `size`. Raises TreeError, BrokenRecordsError."""
    tiles = await read_tiles(tx, site, tiles_of(inclusion_ranges(index, size)), size)
    return inclusion_from(index, size, tiles)


async def consistency(tx: Tx, site: str, old_size: int, size: int) -> list[bytes]:
    """Proof that the log of `site` at `old_size` is a prefix of it at `size`. Raises TreeError, BrokenRecordsError."""
    tiles = await read_tiles(tx, site, tiles_of(consistency_ranges(old_size, size)), size)
    return consistency_from(old_size, size, tiles)


async def tlog_proof(tx: Tx, site: str, index: int, note: str | None = None) -> TlogProof:
    """Entry `index` proved under the signed `note`, else under the newest checkpoint with its cosignatures.

    Raises NotFoundError before the first checkpoint, TreeError for an entry that it does not reach.
    """
    signed = note if note is not None else await published_note(tx, site)
    if signed is None:
        raise NotFoundError("checkpoint of", site)
    size = Checkpoint.from_text(read_note(signed.encode()).text).size
    if index >= size:
        raise TreeError(f"entry {index} is not under the checkpoint of {size} entries yet")
    return TlogProof(index, tuple(await inclusion(tx, site, index, size)), signed.encode())
