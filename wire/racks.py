"""What crosses the gap about racks beside tasks: lists of slots that are lit together, and things in the wrong slot."""

from typing import Annotated, Literal

import msgspec

ListWay = Literal["pick", "put", "look"]
"""What is done at the slots of a list: something is taken out, put in, or only looked at (a count)."""

ListColour = Literal["blue", "violet", "white"]
"""One for each list that may burn at a time, so that two people never follow each other's lights."""

MOST_LISTED = 200
"""Slots in one list."""
COLOURS: tuple[ListColour, ...] = ("blue", "violet", "white")


class ListedSlot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A slot of a list, with the things that it is about there."""

    slot: str
    things: list[str] = []


class LightList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of the order `light_list`: light all `slots` in `colour`, in walking order, until then at the longest.

    A list is only light, never permission: whoever moves anything needs a task or a permit as without it.
    """

    list_id: str
    way: ListWay
    colour: ListColour
    until: str
    slots: Annotated[list[ListedSlot], msgspec.Meta(min_length=1, max_length=MOST_LISTED)]


class StopList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of the order `stop_list`: its lights go out, also of one that has not come yet."""

    list_id: str


class ListSlotDone(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `list_slot_done`: a slot of a list was confirmed, by its own sensor or by what was scanned there.

    `left` are the slots of the list that are still lit at this station.
    """

    station: str
    list_id: str
    slot: str
    by: Literal["sensor", "scan"]
    left: int


class ListEnded(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `list_ended`: nothing of a list is lit at this station any more; `left` are its slots without a word."""

    station: str
    list_id: str
    how: Literal["done", "expired", "stopped"]
    left: list[str]


class SlotMisplaced(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `slot_misplaced`: something was put into (`put`), taken out of (`taken`) or held to the slot `found`,
    where `expected` was lit or named by a task. `things` are those it can have been; none where nobody knows.
    """

    station: str
    found: str
    expected: str
    moved: Literal["put", "taken"]
    by: Literal["sensor", "scan"]
    task: str | None = None
    list_id: str | None = None
    things: list[str] = []


class MisplacementEnded(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `misplacement_ended`: it was put right, undone where nothing is expected any more, withdrawn before
    anything was put there, or recorded as it is.
    """

    station: str
    found: str
    expected: str
    how: Literal["put_right", "undone", "withdrawn", "recorded"]
