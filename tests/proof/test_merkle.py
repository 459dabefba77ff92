"""RFC 6962 hashing: published vectors, and every tree, proof and prefix up to 300 leaves."""

import hashlib
import random

import pytest

from proof.errors import TreeError
from proof.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

# The inputs and roots that Certificate Transparency's own tests publish (RFC 6962 reference implementation).
VECTORS = [
    ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
    ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
    ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
    ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
    ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
    ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
    ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
    ("606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
]
LEAVES = [leaf_hash(str(number).encode()) for number in range(300)]


def test_published_roots() -> None:
    leaves = [leaf_hash(bytes.fromhex(data)) for data, _ in VECTORS]
    for size, (_, root) in enumerate(VECTORS, start=1):
        assert root_of(leaves[:size]).hex() == root


def test_the_empty_tree() -> None:
    assert root_of([]) == EMPTY_ROOT == hashlib.sha256(b"").digest()


def test_a_frontier_grown_in_any_steps_has_the_same_root() -> None:
    dice = random.Random(7)
    for size in range(len(LEAVES) + 1):
        frontier = Frontier()
        while frontier.size < size:
            step = dice.randint(1, size - frontier.size)
            frontier = frontier.append(LEAVES[frontier.size : frontier.size + step])
        assert frontier.root() == root_of(LEAVES[:size])


def test_every_leaf_of_every_tree_is_proved_and_no_other_is() -> None:
    for size in range(1, 66):
        root = root_of(LEAVES[:size])
        for index in range(size):
            path = inclusion_proof(LEAVES[:size], index)
            verify_inclusion(LEAVES[index], index, size, path, root)
            for leaf, place, proof in (
                (LEAVES[-1], index, path),
                (LEAVES[index], index, [*path, root]),
                (LEAVES[index], size, path),
            ):
                with pytest.raises(TreeError):
                    verify_inclusion(leaf, place, size, proof, root)
            if path:
                with pytest.raises(TreeError):
                    verify_inclusion(LEAVES[index], index, size, path[:-1], root)


@pytest.mark.parametrize("size", [127, 128, 129, 255, 256, 257, 300])
def test_larger_trees(size: int) -> None:
    root = root_of(LEAVES[:size])
    for index in (0, 1, size // 2, size - 2, size - 1):
        verify_inclusion(LEAVES[index], index, size, inclusion_proof(LEAVES[:size], index), root)
    for old in range(size + 1):
        verify_consistency(old, root_of(LEAVES[:old]), size, root, consistency_proof(LEAVES[:size], old))


def test_every_prefix_is_proved_and_a_rewritten_one_is_not() -> None:
    for size in range(1, 40):
        root = root_of(LEAVES[:size])
        for old in range(size + 1):
            old_root = root_of(LEAVES[:old])
            path = consistency_proof(LEAVES[:size], old)
            verify_consistency(old, old_root, size, root, path)
            forged = leaf_hash(b"another")
            with pytest.raises(TreeError):
                verify_consistency(old, forged, size, root, path)
            with pytest.raises(TreeError):
                verify_consistency(old, old_root, size, root, [*path, forged])
            if 0 < old < size:
                with pytest.raises(TreeError):
                    verify_consistency(old, old_root, size, forged, path)
                with pytest.raises(TreeError):
                    verify_consistency(old, old_root, size, root, path[:-1])


def test_a_frontier_that_cannot_be_is_refused() -> None:
    for size, nodes in ((3, (LEAVES[0],)), (-1, ()), (1, (b"short",))):
        with pytest.raises(TreeError):
            Frontier(size, nodes)
    for size, index in ((0, 0), (3, 3), (3, -1)):
        with pytest.raises(TreeError):
            inclusion_proof(LEAVES[:size], index)
    with pytest.raises(TreeError):
        consistency_proof(LEAVES[:3], 4)
    with pytest.raises(TreeError):
        verify_consistency(4, EMPTY_ROOT, 3, EMPTY_ROOT, [])
