"""What a gate says of broken glass: it opened at once, what its camera saw meanwhile, and how it closed (N7)."""

import msgspec

from wire.messages import PictureBody


class BreakGlassOpened(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `break_glass_opened`: for life, the gate opened at once and for anybody; `input` is what was pressed."""

    station: str
    input: str


class BreakGlassClip(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `break_glass_clip`: stills of one stretch of time while it was open, about one a second.

    `opened` is the seq of the `break_glass_opened`; `missed` stills could not be kept because the disk was full.
    """

    station: str
    opened: int
    pictures: list[PictureBody]
    missed: int = 0


class BreakGlassClosed(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `break_glass_closed`, recorded before the gate closes: how long it was open, how many went through."""

    station: str
    opened: int
    open_ms: int
    crossings: int
