"""Who is drawn for a random stock-take (N8): a sample that anybody can draw again from a published checkpoint.

The seed is the root of the first checkpoint that covers the entry by which the stock-take was opened. Whoever opens
it cannot know that root, and cannot choose another: docs/adr/0008-who-draws-the-sample.md.
"""

import hashlib
from collections.abc import Sequence

_CONTEXT = b"sealtrail/sample/1\0"


def draw(population: Sequence[str], root: bytes, size: int, stock_take: str, count: int) -> list[str]:
    """The `count` ids of `population` that are drawn, in the order of the draw; all of them where there are no more.

    Every id gets the number

        SHA-256("sealtrail/sample/1" 0x00 ‖ root ‖ size ‖ stock_take 0x00 ‖ id)

    where `root` is the 32 bytes of the checkpoint's root hash, `size` its tree size in 8 bytes, big endian, and
    `stock_take` and `id` are UTF-8. The lowest `count` numbers are drawn, numbers compared as big-endian integers.
    An id that is there twice counts once; the order of `population` means nothing. Raises ValueError for a root that
    is none, a size below 1 or a count below 0.
    """
    if len(root) != hashlib.sha256().digest_size or size < 1 or count < 0:
        raise ValueError(f"no draw: a root of {len(root)} bytes, size {size}, count {count}")
    seed = _CONTEXT + root + size.to_bytes(8, "big") + stock_take.encode() + b"\0"
    return sorted(set(population), key=lambda one: hashlib.sha256(seed + one.encode()).digest())[:count]
