"""What an agent says of its journal: the disk is full, the file was made anew, what was carried out of an old one."""

from typing import Any, Literal

import msgspec


class SpaceShort(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `space_short`: the disk is full but for the reserve; routine facts are not recorded from now on."""

    free_bytes: int
    reserve_left: int


class SpaceBack(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `space_back`: the reserve is whole again; of each kind so many routine facts were not recorded."""

    not_recorded: dict[str, int]


class JournalRenewed(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `journal_renewed`: the journal was made anew; it goes on after fact `after`, whose head is `head`.

    `why`: damaged (pages could not be read), resumed (the cloud's order, because it was an old copy, or had a double).
    The old file is kept as `kept_as`. Facts without a receipt that could not be carried over with their number follow
    as fact_salvaged, `salvaged` of them; `unreadable` are the seqs that could not be read, as ranges from–to;
    from `unknown_from` on nothing could be read, nor how many there had been.
    `permits_dropped`: what was spent or revoked could not be read, so no permit and no task was carried over.
    """

    why: Literal["damaged", "resumed"]
    after: int
    head: str
    kept_as: str
    salvaged: int
    unreadable: list[tuple[int, int]]
    unknown_from: int | None
    permits_dropped: bool


class FactSalvaged(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `fact_salvaged`: a fact of the old file as it stood there, `content` being its JSON without the salt.

    One too large to be told again is told by its digest alone: the SHA-256 of that JSON.
    """

    seq: int
    salt: str
    head: str
    sha256: str
    content: dict[str, Any] | None
