"""Reminders, as records lead to them: each person's, and when they read it. That one ended follows from elsewhere."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from custody.permits import parse_time

if TYPE_CHECKING:  # at run time `derived` imports this
    from cloud.ledger.derived import Derived, Told


def _made(derived: "Derived", told: "Told") -> set[str]:
    content = told.content
    same = ("subject", "about", "clock", "label", "before_s", "severity", "urgent")
    for person in content["to"]:
        derived.table("reminder")[f"{told.index} {person}"] = {
            **{column: content[column] for column in same}, "due_at": parse_time(content["due_at"]),
            "made_at": parse_time(told.at), "index": told.index, "read_at": None, "read_index": None,
        }  # fmt: skip
    return {content["about"]}


def _read(derived: "Derived", told: "Told") -> set[str]:
    about = set()
    for index in told.content["reminders"]:
        row = derived.table("reminder").get(f"{index} {told.actor}")
        if row is not None:
            row.update(read_at=parse_time(told.at), read_index=told.index)
            about.add(row["about"])
    return about


TAKE: dict[str, Callable[["Derived", "Told"], set[str] | None]] = {"reminder_made": _made, "reminder_read": _read}
