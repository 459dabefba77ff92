"""People at a way through, as a camera above it counts heads and a beam counts who breaks it."""

from typing import Literal

import msgspec


class HeadsBody(msgspec.Struct, frozen=True, kw_only=True):
    """How many heads went in and came out."""

    in_: int = msgspec.field(name="in")
    out: int


class HeadsCounted(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `heads_counted`: who went through a gate in `direction` after its `decisions` (their seqs), by heads.

    `people` showed their passes. Where the camera did not see all of it nothing is told.
    """

    station: str
    direction: Literal["in", "out"]
    decisions: list[int]
    people: list[str]
    heads: HeadsBody

    @property
    def went(self) -> int:
        """How many went the way that was decided."""
        return self.heads.in_ if self.direction == "in" else self.heads.out


class PassageFollowed(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `passage_followed`: more went through a gate in `direction` after its `decisions` (their seqs) than may.

    `people` showed their passes, `went` broke the far beam, as far as a beam can tell.
    """

    station: str
    direction: Literal["in", "out"]
    decisions: list[int]
    people: list[str]
    went: int
