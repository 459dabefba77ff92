"""What wears a label, where it may be, and how a moment in time is told."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from custody.words import Word


class Kind(Word):
    """What a label is stuck on."""

    ITEM = "item"
    PACKAGE = "package"
    SEAL = "seal"
    SLOT = "slot"
    PERSON = "person"

    @property
    def moves(self) -> bool:
        """Whether it is evidence that needs a permit to pass a gate."""
        return self in (Kind.ITEM, Kind.PACKAGE)


class Direction(Word):
    """Which way something passes a gate, seen from the warehouse."""

    IN = "in"
    OUT = "out"


class State(Word):
    """Where an item, or a package with all its items, is in its custody. The rule pack says what leads where."""

    INTAKE = "intake"
    VOIDED = "voided"
    SEALED = "sealed"
    RECEIVED = "received"
    ARRIVED = "arrived"
    STORED = "stored"
    OPENED = "opened"
    SPLIT = "split"
    EMPTIED = "emptied"
    RELEASE_APPROVED = "release_approved"
    OUT = "out"
    RETURNED = "returned"
    MISSING = "missing"
    DISPOSAL_APPROVED = "disposal_approved"
    LEAVING = "leaving"
    RETURNED_TO_OWNER = "returned_to_owner"
    AUCTIONED = "auctioned"
    TRANSFERRED = "transferred"
    DESTROYED = "destroyed"


class Action(Word):
    """What can be done to it. `REGISTER` begins it and leads from no state."""

    REGISTER = "register"
    VOID = "void"
    SEAL = "seal"
    HANDOVER = "handover"
    STOCK_IN = "stock_in"
    PLACE = "place"
    MOVE = "move"
    WEIGH = "weigh"
    OPEN = "open"
    RESEAL = "reseal"
    REPACK = "repack"
    EMPTY = "empty"
    SPLIT = "split"
    APPROVE_RELEASE = "approve_release"
    WITHDRAW_RELEASE = "withdraw_release"
    STOCK_OUT = "stock_out"
    SHELVE = "shelve"
    DECLARE_MISSING = "declare_missing"
    FOUND = "found"
    APPROVE_DISPOSAL = "approve_disposal"
    WITHDRAW_DISPOSAL = "withdraw_disposal"
    RETURN_TO_OWNER = "return_to_owner"
    AUCTION = "auction"
    TRANSFER = "transfer"
    DESTROY = "destroy"
    CORRECT = "correct"

    @classmethod
    def passing(cls, direction: Direction) -> "Action":
        """The action of passing a gate in `direction`."""
        return cls.STOCK_IN if direction is Direction.IN else cls.STOCK_OUT


@dataclass(frozen=True, slots=True)
class Moment:
    """A time (UTC) with its error bound; None where nothing is known about the clock's error."""

    at: datetime
    error: timedelta | None
