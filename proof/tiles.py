"""A log as tiles of 256 hashes (c2sp.org/tlog-tiles): how they grow, what they are called, and proofs from them.

Level 0 holds leaf hashes, each hash of level L+1 is the root of a full tile of level L. From the few tiles that
`tiles_of` names any root, inclusion or consistency proof of a log of any size is computed.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from proof.errors import EncodingError, TreeError
from proof.merkle import HASH_BYTES, Frontier, Range, consistency_ranges, inclusion_ranges, node_hash

HEIGHT = 8
WIDTH = 1 << HEIGHT
MAX_LEVEL = 63
MAX_ENTRY_BYTES = 0xFFFF
ENTRIES = "entries"
"""What stands for the level in the path of a bundle of entries."""


class Tile(NamedTuple):
    """A tile's place: its level and its number within the level."""

    level: int
    n: int


Tiles = Mapping[Tile, bytes]
"""Hashes of tiles, one after the other; a partial tile is shorter."""


def grow(edge: Tiles, size: int, leaves: Sequence[bytes]) -> dict[Tile, bytes]:
    """The tiles that change when `leaves` (hashes) are added to a log of `size`.

    `edge` holds the log's partial tiles. Raises TreeError when one is missing or of the wrong width.
    """
    changed: dict[Tile, bytes] = {}
    level, position, hashes = 0, size, list(leaves)
    while hashes:
        full: list[bytes] = []
        above, done = position // WIDTH, 0
        while done < len(hashes):
            tile, filled = Tile(level, position // WIDTH), position % WIDTH
            whole = edge.get(tile, b"") if filled else b""
            if len(whole) != filled * HASH_BYTES:
                raise TreeError(f"tile {tile.level}/{tile.n} has {len(whole)} bytes, not {filled} hashes")
            taken = hashes[done : done + WIDTH - filled]
            changed[tile] = whole + b"".join(taken)
            done, position = done + len(taken), position + len(taken)
            if position % WIDTH == 0:
                full.append(_root(changed[tile]))
        level, position, hashes = level + 1, above, full
    return changed


def edge_of(size: int) -> list[Tile]:
    """The partial tiles of a log of `size`."""
    return [tile for tile in _rightmost(size) if width_in(tile, size) % WIDTH]


def width_in(tile: Tile, size: int) -> int:
    """How many hashes `tile` has in a log of `size`: 0 when it does not exist there yet."""
    return max(0, min(WIDTH, (size >> HEIGHT * tile.level) - tile.n * WIDTH))


def tiles_of(ranges: Iterable[Range]) -> set[Tile]:
    """The tiles from which the roots of `ranges` are computed."""
    return {tile for low, high in ranges for tile, _, _ in _nodes(low, high)}


def hash_of(span: Range, tiles: Tiles) -> bytes:
    """Root of the subtree `span` of a log with these `tiles`. Raises TreeError when one is missing or too short."""
    low, high = span
    nodes = [_node(tile, first, count, tiles) for tile, first, count in _nodes(low, high)]
    return Frontier(high - low, tuple(nodes)).root()


def root_from(size: int, tiles: Tiles) -> bytes:
    """Root of the log at `size`. Raises TreeError."""
    return hash_of((0, size), tiles)


def inclusion_from(index: int, size: int, tiles: Tiles) -> list[bytes]:
    """Audit path of leaf `index` in the log at `size`; the tiles are those of its ranges. Raises TreeError."""
    return [hash_of(span, tiles) for span in inclusion_ranges(index, size)]


def consistency_from(old_size: int, size: int, tiles: Tiles) -> list[bytes]:
    """Consistency proof between two sizes; the tiles are those of its ranges. Raises TreeError."""
    return [hash_of(span, tiles) for span in consistency_ranges(old_size, size)]


def tile_path(tile: Tile, width: int, *, entries: bool = False) -> str:
    """Where a tile of `width` hashes, or with `entries` its bundle of entries, is served below the log's prefix."""
    digits = str(tile.n)
    groups = digits.zfill(-(-len(digits) // 3) * 3)
    parts = [groups[start : start + 3] for start in range(0, len(groups), 3)]
    number = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
    partial = f".p/{width}" if width < WIDTH else ""
    return f"tile/{ENTRIES if entries else tile.level}/{number}{partial}"


_PATH = re.compile(r"(entries|0|[1-9]\d?)/((?:x\d{3}/)*)(\d{3})(?:\.p/([1-9]\d{0,2}))?")


class TilePath(NamedTuple):
    """What a path below `tile/` asks for."""

    tile: Tile
    width: int
    entries: bool


def parse_tile_path(path: str) -> TilePath:
    """What `path` (after `tile/`) asks for. Raises EncodingError for a path no client may ask for."""
    match = _PATH.fullmatch(path)
    if match is None:
        raise EncodingError(f"not the path of a tile: {path[:80]!r}")
    level = 0 if match[1] == ENTRIES else int(match[1])
    index = int(match[2].replace("x", "").replace("/", "") + match[3])
    width = int(match[4] or WIDTH)
    asked = TilePath(Tile(level, index), width, match[1] == ENTRIES)
    known = tile_path(asked.tile, width, entries=asked.entries)
    if level > MAX_LEVEL or known != f"tile/{path}":
        raise EncodingError(f"not the path of a tile: {path[:80]!r}")
    return asked


def pack_entries(entries: Iterable[bytes]) -> bytes:
    """A bundle of entries: each with its length in two bytes before it. Raises EncodingError for a too long one."""
    out = bytearray()
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise EncodingError(f"an entry of {len(entry)} bytes; {MAX_ENTRY_BYTES} is the most")
        out += len(entry).to_bytes(2, "big") + entry
    return bytes(out)


def unpack_entries(bundle: bytes) -> list[bytes]:
    """The entries in `bundle`. Raises EncodingError when it is cut off."""
    entries, at = [], 0
    while at < len(bundle):
        end = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        if at + 2 > len(bundle) or end > len(bundle):
            raise EncodingError("a bundle of entries is cut off")
        entries.append(bundle[at + 2 : end])
        at = end
    return entries


def _nodes(low: int, high: int) -> list[tuple[Tile, int, int]]:
    """The complete subtrees of `low` to `high`, largest first, each as `count` hashes of a tile from `first` on."""
    nodes = []
    while low < high:
        height = (high - low).bit_length() - 1
        level, rest = divmod(height, HEIGHT)
        position = low >> HEIGHT * level
        nodes.append((Tile(level, position // WIDTH), position % WIDTH, 1 << rest))
        low += 1 << height
    return nodes


def _node(tile: Tile, first: int, count: int, tiles: Tiles) -> bytes:
    hashes = tiles.get(tile, b"")
    part = hashes[first * HASH_BYTES : (first + count) * HASH_BYTES]
    if len(part) != count * HASH_BYTES:
        raise TreeError(f"tile {tile.level}/{tile.n} is missing or too short")
    return _root(part)


def _root(hashes: bytes) -> bytes:
    """Root over a power of two of hashes."""
    row = [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


def _rightmost(size: int) -> list[Tile]:
    tiles = []
    level = 0
    while size >> HEIGHT * level:
        tiles.append(Tile(level, (size >> HEIGHT * level) // WIDTH))
        level += 1
    return tiles
