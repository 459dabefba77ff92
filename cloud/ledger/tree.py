"""The tree over the entries as they are read: every tile, every signed checkpoint, every cosignature of one."""

from collections.abc import Sequence
from datetime import UTC, datetime

from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.ledger.faults import LedgerFaultError
from cloud.ledger.walk import Keys, Walk
from proof.checkpoint import Checkpoint, verify_checkpoint
from proof.cosignature import verify_cosignature
from proof.errors import EncodingError, ProofError
from proof.keys import VerifyKey
from proof.merkle import HASH_BYTES
from proof.note import COSIGNATURE, Note, NoteVerifier, read_note, read_signatures
from proof.tiles import WIDTH, Tile, edge_of, grow, width_in

_sql = load_queries(__file__, "check.sql")


async def add_leaves(tx: Tx, walk: Walk, leaves: Sequence[bytes], origin: str, keys: Keys) -> None:
    """Adds the hashes of the next entries; checkpoints within them are checked at their size."""
    first, last, done = walk.size, walk.size + len(leaves), 0
    span = {"site": walk.site, "low": first, "high": last}
    signed = {row["size"]: row for row in await rows(tx, _sql.checkpoints, **span)}
    known = {size: root for size, root in outside(origin, keys).items() if first < size <= last}
    for size in [*sorted({*signed, *known}), last]:
        await _grow(tx, walk, leaves[done : size - first])
        done = size - first
        if size in signed:
            _check_checkpoint(walk, signed[size], origin, keys)
        if size in known and known[size] != walk.frontier.root():
            problem = f"the first {size} entries are not those of the checkpoint that was seen outside"
            raise LedgerFaultError("log_forked", problem, walk.suspect, f"checkpoint {size}")
    for row in await rows(tx, _sql.cosignatures, **span):
        _check_cosignature(walk, row, keys)


async def find_suspect(tx: Tx, walk: Walk, leaves: Sequence[bytes]) -> None:
    """Notes the first of the next entries whose hash the tiles know otherwise, before anything else is said of it."""
    level = range(walk.size // WIDTH, (walk.size + len(leaves) - 1) // WIDTH + 1)
    found = await rows(tx, _sql.tiles, site=walk.site, levels=[0] * len(level), ns=list(level))
    stored = {row["n"]: row["hashes"] for row in found}
    for index, leaf in enumerate(leaves, walk.size):
        at = index % WIDTH * HASH_BYTES
        if stored.get(index // WIDTH, b"")[at : at + HASH_BYTES] not in (leaf, b""):
            walk.suspect = index if walk.suspect is None else walk.suspect
            return


async def _grow(tx: Tx, walk: Walk, leaves: Sequence[bytes]) -> None:
    if not leaves:
        return
    edge = walk.tiles()
    changed = grow(edge, walk.size, leaves)
    after = walk.frontier.append(leaves)
    walk.size, walk.nodes = after.size, after.nodes
    walk.set_tiles({tile: (edge | changed)[tile] for tile in edge_of(walk.size)})
    asked = sorted(changed)
    values = {"levels": [tile.level for tile in asked], "ns": [tile.n for tile in asked]}
    found = await rows(tx, _sql.tiles, site=walk.site, **values)
    stored = {Tile(row["level"], row["n"]): row["hashes"] for row in found}
    for tile in asked:
        _check_tile(walk, tile, changed[tile], stored.get(tile, b""))


def _check_tile(walk: Walk, tile: Tile, ours: bytes, stored: bytes) -> None:
    if stored[: len(ours)] == ours:
        return
    if len(stored) < len(ours):
        raise LedgerFaultError("tile_differs", "the tile is missing or too short", row=_name(tile))
    if tile.level and walk.suspect is None:  # of level 0 it is known already
        raise LedgerFaultError("tile_differs", "its hashes are not those of the tiles below", row=_name(tile))


def judge_suspect(walk: Walk, below: int, *, entries_hold: bool) -> None:
    """What was signed below that size says whether it is the entry or its hash in the tile that was changed."""
    if walk.suspect is None or walk.suspect >= below:
        return
    tile = Tile(0, walk.suspect // WIDTH)
    if entries_hold:
        raise LedgerFaultError("tile_differs", f"the hash of entry {walk.suspect}", walk.suspect, _name(tile))
    problem = "its hash is another than in the tiles, and the tree is not the one that was signed"
    raise LedgerFaultError("entry_differs", problem, walk.suspect, f"ledger_entry {walk.suspect}")


def _name(tile: Tile) -> str:
    return f"ledger_tile {tile.level}/{tile.n}"


def log_keys(keys: Keys, index: int) -> list[VerifyKey]:
    """The keys that the log was signed with at entry `index`; the one we were given has to be one of its life."""
    lives, given = keys.lives("log"), keys.trust.log_key
    if given is not None and lives and given not in [life.key for life in lives]:
        raise LedgerFaultError("checkpoint_not_genuine", "the log tells of other keys than the one given")
    return keys.of("log", index)


def _check_checkpoint(walk: Walk, row: Row, origin: str, keys: Keys) -> None:
    size, where = row["size"], f"checkpoint {row['size']}"
    candidates = log_keys(keys, size - 1)
    if not candidates:
        raise LedgerFaultError("no_log_key", "the key of this log is not here to check its checkpoint with", row=where)
    signed = _signed(row["note"].encode(), origin, candidates, where)
    holds = (signed.size, signed.root) == (size, row["root"]) and signed.root == walk.frontier.root()
    if not holds and signed.size == size and signed.root == row["root"]:
        judge_suspect(walk, walk.size, entries_hold=False)
    if not holds:
        problem = f"the first {size} entries are not those that were signed"
        raise LedgerFaultError("checkpoint_differs", problem, row=where)
    judge_suspect(walk, walk.size, entries_hold=True)
    walk.checkpoints, walk.signed = walk.checkpoints + 1, size


def _signed(note: bytes, origin: str, candidates: Sequence[VerifyKey], where: str) -> Checkpoint:
    problem = ""
    for key in candidates:
        try:
            return verify_checkpoint(note, NoteVerifier(origin, key))
        except ProofError as error:
            problem = str(error)
    raise LedgerFaultError("checkpoint_not_genuine", problem, row=where)


def outside(origin: str, keys: Keys) -> dict[int, bytes]:
    """Size → root of the checkpoints that were seen outside. Raises EncodingError, SignatureError for others."""
    found = {}
    for note in keys.trust.known:
        if keys.trust.log_key is None:
            raise EncodingError("a checkpoint from outside needs the log's key")
        checkpoint = verify_checkpoint(note, NoteVerifier(origin, keys.trust.log_key))
        found[checkpoint.size] = checkpoint.root
    return found


def _check_cosignature(walk: Walk, row: Row, keys: Keys) -> None:
    where = f"cosignature {row['size']} {row['witness']}"
    if row["note"] is None:
        raise LedgerFaultError("cosignature_without_checkpoint", f"of size {row['size']}", row=where)
    verifiers = _witnesses(row["witness"], keys)
    if not verifiers:
        walk.strangers += 1
        return
    problem = "signed by another key"
    for verifier in verifiers:
        try:
            note = Note(read_note(row["note"].encode()).text, tuple(read_signatures(row["line"])))
            at = datetime.fromtimestamp(verify_cosignature(note, verifier), UTC)
        except ProofError as error:
            problem = str(error)
            continue
        if at == row["at"]:
            walk.cosignatures += 1
            return
        problem = f"the witness said {at.isoformat()}, the table another time"
    raise LedgerFaultError("cosignature_not_genuine", problem, row=where)


def _witnesses(name: str, keys: Keys) -> list[NoteVerifier]:
    """The verifiers of witness `name`, by the log's own records and by the policy given."""
    told = [NoteVerifier(name, life.key, COSIGNATURE) for life in keys.lives("witness", name)]
    given = [NoteVerifier.from_vkey(vkey) for vkey in keys.trust.witness_vkeys]
    return told + [verifier for verifier in given if verifier.name == name]


async def check_end(tx: Tx, walk: Walk, head: Row, origin: str, keys: Keys) -> None:
    """All entries are read: the head says the same, nothing was signed beyond it, the tiles end here too."""
    beyond = await one(tx, _sql.entry_beyond, site=walk.site, size=walk.size)
    if beyond is not None and walk.size < head["size"]:
        where = f"ledger_entry {walk.size}"
        raise LedgerFaultError("entry_missing", f"there is no entry {walk.size}", walk.size, where)
    if walk.size != head["size"] or beyond is not None:
        more = f" and then entry {beyond['index']}" if beyond else ""
        raise LedgerFaultError("size_differs", f"{walk.size} entries{more}, while the head says {head['size']}")
    if walk.suspect is not None and walk.suspect >= walk.signed:
        judge_suspect(walk, walk.size, entries_hold=walk.nodes == tuple(head["frontier"]))
    if walk.nodes != tuple(head["frontier"]):
        raise LedgerFaultError("root_differs", "the entries do not lead to the tree in the head")
    cut_off = [size for size in outside(origin, keys) if size > walk.size]
    if cut_off:
        raise LedgerFaultError("log_cut_off", f"{walk.size} entries are left of {max(cut_off)} that were signed")
    signed = await one(tx, _sql.checkpoints_beyond, site=walk.site) or {}
    for what, size in signed.items():
        if size is not None and size > walk.size:
            problem = f"signed at {size}, while {walk.size} entries are left"
            raise LedgerFaultError("checkpoint_differs", problem, row=f"{what} {size}")
    if walk.size and not walk.checkpoints:
        raise LedgerFaultError("no_checkpoint", "the log was never signed")
    await _check_tile_count(tx, walk)


async def _check_tile_count(tx: Tx, walk: Walk) -> None:
    expected, level = 0, 0
    while count := -(-(walk.size >> 8 * level) // WIDTH):
        expected, level = expected + count, level + 1
    found = await one(tx, _sql.tile_count, site=walk.site)
    if found is None or found["tiles"] != expected:
        raise LedgerFaultError("tile_differs", f"{found and found['tiles']} tiles, while there must be {expected}")
    edge = edge_of(walk.size)
    values = {"levels": [tile.level for tile in edge], "ns": [tile.n for tile in edge]}
    for row in await rows(tx, _sql.tiles, site=walk.site, **values):
        tile = Tile(row["level"], row["n"])
        if len(row["hashes"]) != width_in(tile, walk.size) * HASH_BYTES:
            raise LedgerFaultError("tile_differs", "the tile is longer than the log", row=_name(tile))
