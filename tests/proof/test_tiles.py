"""Tiles of a log: against the tree of RFC 6962 for all sizes to 300 and random ones to a million."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proof.errors import EncodingError, TreeError
from proof.merkle import (
    consistency_proof,
    consistency_ranges,
    inclusion_proof,
    inclusion_ranges,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from proof.tiles import (
    WIDTH,
    Tile,
    TilePath,
    consistency_from,
    edge_of,
    grow,
    inclusion_from,
    pack_entries,
    parse_tile_path,
    root_from,
    tile_path,
    tiles_of,
    unpack_entries,
    width_in,
)

LEAVES = [leaf_hash(str(number).encode()) for number in range(300)]


def build(leaves: list[bytes], steps: random.Random | None = None) -> dict[Tile, bytes]:
    tiles: dict[Tile, bytes] = {}
    size = 0
    while size < len(leaves):
        step = steps.randint(1, 200) if steps else len(leaves)
        edge = {tile: tiles[tile] for tile in edge_of(size)}
        tiles |= grow(edge, size, leaves[size : size + step])
        size = min(size + step, len(leaves))
    return tiles


def test_every_size_to_300_has_the_same_root_and_proofs_as_the_tree() -> None:
    tiles = build(LEAVES, random.Random(3))
    assert tiles == build(LEAVES)
    for size in range(1, 301):
        leaves = LEAVES[:size]
        assert root_from(size, tiles) == root_of(leaves)
        for index in {0, size // 3, size - 1}:
            assert inclusion_from(index, size, tiles) == inclusion_proof(leaves, index)
        for old in {1, size // 2, size - 1}:
            assert consistency_from(old, size, tiles) == consistency_proof(leaves, old)


def test_random_proofs_in_a_log_of_a_million() -> None:
    size, dice = 1_000_000, random.Random(11)
    leaves = [number.to_bytes(32, "big") for number in range(size)]
    tiles = build(leaves)
    root = root_from(size, tiles)
    assert root == root_of(leaves)
    for _ in range(200):
        index, old = dice.randrange(size), dice.randint(1, size)
        spans = inclusion_ranges(index, size) + consistency_ranges(old, size) + [(0, old)]
        few = {tile: tiles[tile] for tile in tiles_of(spans)}
        verify_inclusion(leaves[index], index, size, inclusion_from(index, size, few), root)
        verify_consistency(old, root_from(old, few), size, root, consistency_from(old, size, few))


def test_the_example_of_the_specification() -> None:
    """c2sp.org/tlog-tiles, Partial Tiles: a tree of 70,000, and one of 256."""
    assert edge_of(70_000) == [Tile(0, 273), Tile(1, 1), Tile(2, 0)]
    assert [width_in(tile, 70_000) for tile in edge_of(70_000)] == [112, 17, 1]
    assert [width_in(Tile(0, 272), 70_000), width_in(Tile(1, 0), 70_000), width_in(Tile(0, 274), 70_000)] == [
        256,
        256,
        0,
    ]
    assert edge_of(256) == [Tile(1, 0)]
    assert edge_of(0) == []


def test_names_as_the_specification_shows_them() -> None:
    assert tile_path(Tile(3, 1234067), WIDTH) == "tile/3/x001/x234/067"
    assert tile_path(Tile(0, 0), 1) == "tile/0/000.p/1"
    assert tile_path(Tile(0, 1000), 255, entries=True) == "tile/entries/x001/000.p/255"


@given(st.integers(0, 63), st.integers(0, 10**12), st.integers(1, 256), st.booleans())
def test_names_come_back(level: int, index: int, width: int, entries: bool) -> None:
    tile = Tile(0 if entries else level, index)
    path = tile_path(tile, width, entries=entries).removeprefix("tile/")
    assert parse_tile_path(path) == TilePath(tile, width, entries)


@pytest.mark.parametrize(
    "path",
    ["", "0", "0/0", "0/0000", "00/000", "64/000", "-1/000", "0/001.p/0", "0/001.p/256", "0/001.p/01", "0/x000/001",
     "0/x001/1", "0/001/002", "entries/", "data/000", "0/../000", "0/000/", "0/٠٠٠"],
)  # fmt: skip
def test_what_is_no_name_of_a_tile(path: str) -> None:
    with pytest.raises(EncodingError):
        parse_tile_path(path)


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_entries_come_back(entries: list[bytes]) -> None:
    assert unpack_entries(pack_entries(entries)) == entries


def test_a_cut_bundle_and_a_too_long_entry_are_refused() -> None:
    bundle = pack_entries([b"hello", b"world"])
    for cut in (1, len(bundle) - 1, 8):
        with pytest.raises(EncodingError):
            unpack_entries(bundle[:cut])
    with pytest.raises(EncodingError):
        pack_entries([bytes(65536)])


def test_missing_or_short_tiles_are_refused() -> None:
    tiles = build(LEAVES)
    with pytest.raises(TreeError):
        root_from(300, {})
    with pytest.raises(TreeError):
        root_from(300, tiles | {Tile(0, 1): tiles[Tile(0, 1)][:-32]})
    with pytest.raises(TreeError):
        grow({}, 300, LEAVES[:1])
    with pytest.raises(TreeError):
        grow({Tile(0, 1): bytes(64)}, 300, LEAVES[:1])
