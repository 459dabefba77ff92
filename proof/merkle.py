"""The Merkle tree of RFC 6962 section 2.1 (hashing as in RFC 9162): roots, inclusion and consistency proofs.

A tree that only grows is kept as its *frontier*: the roots of the complete subtrees it is made of, largest first,
one for every 1 in the binary size. Appending touches no more than that, however large the log.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from proof.errors import TreeError

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

_LEAF = hashlib.sha256(b"\x00")
_NODE = hashlib.sha256(b"\x01")


def leaf_hash(entry: bytes) -> bytes:
    """Hash of one entry: SHA-256(0x00 ‖ entry)."""
    digest = _LEAF.copy()
    digest.update(entry)
    return digest.digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256(0x01 ‖ left ‖ right)."""
    digest = _NODE.copy()
    digest.update(left + right)
    return digest.digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """A tree of `size` leaves as the roots of its complete subtrees, largest first."""

    size: int = 0
    nodes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.nodes) != self.size.bit_count():
            raise TreeError(f"{len(self.nodes)} nodes cannot be the frontier of {self.size} leaves")
        if any(len(node) != HASH_BYTES for node in self.nodes):
            raise TreeError("a node of the frontier is not 32 bytes")

    def append(self, leaves: Iterable[bytes]) -> "Frontier":
        """The tree with the leaf hashes `leaves` added."""
        size, nodes = self.size, list(self.nodes)
        for leaf in leaves:
            node, rest = leaf, size
            while rest & 1:
                node = node_hash(nodes.pop(), node)
                rest >>= 1
            nodes.append(node)
            size += 1
        return Frontier(size, tuple(nodes))

    def root(self) -> bytes:
        """The Merkle tree hash."""
        if not self.nodes:
            return EMPTY_ROOT
        root = self.nodes[-1]
        for node in reversed(self.nodes[:-1]):
            root = node_hash(node, root)
        return root


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The Merkle tree hash of the leaf hashes `leaves`."""
    return Frontier().append(leaves).root()


Range = tuple[int, int]
"""Leaves from the first to before the second; every range a proof speaks of is a subtree of RFC 6962."""


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The subtrees whose roots are the audit path of leaf `index` (RFC 6962 section 2.1.1). Raises TreeError."""
    if not 0 <= index < size:
        raise TreeError(f"no leaf {index} in a tree of {size}")
    path: list[Range] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append((middle, high))
            high = middle
        else:
            path.append((low, middle))
            low = middle
    return path[::-1]


def consistency_ranges(old_size: int, size: int) -> list[Range]:
    """The subtrees whose roots prove `old_size` leaves a prefix (RFC 6962 section 2.1.2). Raises TreeError."""
    if not 0 <= old_size <= size:
        raise TreeError(f"no tree of {old_size} in one of {size}")
    if old_size in (0, size):
        return []
    path: list[Range] = []
    low, high = 0, size
    while old_size != high:
        middle = low + _split(high - low)
        if old_size <= middle:
            path.append((middle, high))
            high = middle
        else:
            path.append((low, middle))
            low = middle
    if low:
        path.append((low, high))
    return path[::-1]


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Audit path of leaf `index` in the tree of the leaf hashes `leaves`. Raises TreeError."""
    return [root_of(leaves[low:high]) for low, high in inclusion_ranges(index, len(leaves))]


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """Proof that the first `old_size` of the leaf hashes `leaves` are a prefix of all. Raises TreeError."""
    return [root_of(leaves[low:high]) for low, high in consistency_ranges(old_size, len(leaves))]


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Raises TreeError unless `path` leads from `leaf` at `index` to `root` (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        raise TreeError(f"no leaf {index} in a tree of {size}")
    node, position, last = leaf, index, size - 1
    for sibling in path:
        if last == 0:
            raise TreeError("the inclusion proof is too long")
        if position & 1 or position == last:
            node = node_hash(sibling, node)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise TreeError("the inclusion proof is too short")
    if node != root:
        raise TreeError("the inclusion proof leads to another root")


def verify_consistency(old_size: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]) -> None:
    """Raises TreeError unless `path` shows the old tree to be a prefix of the new (RFC 9162 section 2.1.4.2)."""
    if not 0 <= old_size <= size:
        raise TreeError(f"a tree of {old_size} cannot be a prefix of one of {size}")
    if old_size in (0, size):
        if path:
            raise TreeError("a consistency proof between these sizes is empty")
        if (old_size == 0 and old_root != EMPTY_ROOT) or (old_size == size and old_root != root):
            raise TreeError("the same size with another root")
        return
    hashes = list(path)
    if old_size & (old_size - 1) == 0:
        hashes.insert(0, old_root)
    if not hashes:
        raise TreeError("the consistency proof is too short")
    position, last = old_size - 1, size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old = new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise TreeError("the consistency proof is too long")
        if position & 1 or position == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        position, last = position >> 1, last >> 1
    if last or old != old_root or new != root:
        raise TreeError("the consistency proof does not join these two roots")


def _split(size: int) -> int:
    """The largest power of two smaller than `size` (> 1)."""
    return 1 << (size - 1).bit_length() - 1
