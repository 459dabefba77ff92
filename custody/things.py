"""What wears a label, where it may be, and how a moment in time is told."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Kind(StrEnum):
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


class Direction(StrEnum):
    """Which way something passes a gate, seen from the warehouse."""

    IN = "in"
    OUT = "out"


class State(StrEnum):
    """Where an item, or a package with all its items, is in its custody."""

    INTAKE = "intake"
    SEALED = "sealed"
    STORED = "stored"
    RELEASE_APPROVED = "release_approved"
    OUT = "out"
    RETURNED = "returned"


class Action(StrEnum):
    """What can be done to it."""

    SEAL = "seal"
    STOCK_IN = "stock_in"
    STOCK_OUT = "stock_out"
    APPROVE_RELEASE = "approve_release"
    WITHDRAW_RELEASE = "withdraw_release"
    SHELVE = "shelve"

    @classmethod
    def passing(cls, direction: Direction) -> "Action":
        """The action of passing a gate in `direction`."""
        return cls.STOCK_IN if direction is Direction.IN else cls.STOCK_OUT


@dataclass(frozen=True, slots=True)
class Moment:
    """A time (UTC) with its error bound; None where nothing is known about the clock's error."""

    at: datetime
    error: timedelta | None
