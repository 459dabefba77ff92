"""What an agent says that witnesses the log of another site: it cosigned, or it refused and why."""

import msgspec


class Cosigned(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `cosigned`: the log `origin` had only grown, up to `size` with `root` (hex). `line` is what we signed."""

    origin: str
    size: int
    root: str
    line: str


class SeenCheckpoint(msgspec.Struct, frozen=True, kw_only=True):
    """What this witness had agreed to before: `root` in hex, `note` with the log's signature and its own."""

    size: int
    root: str
    note: str


class CheckpointRefused(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `checkpoint_refused`: the log `origin` signed `note` (whole), which speaks against what was `seen`.

    `why`: as proof/witness.py names it. `proof` (hashes in hex) is the consistency proof as the log's own tiles give
    it, and `start` the root (hex) from which it leads: for a fork another one than was seen.
    """

    origin: str
    size: int
    why: str
    note: str
    seen: SeenCheckpoint | None = None
    proof: list[str] = []
    start: str | None = None
