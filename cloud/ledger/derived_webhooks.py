"""Webhooks as records lead to them: who is told what, and where. An address changed by hand is found."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from custody.permits import parse_time

if TYPE_CHECKING:  # at run time `derived` imports this
    from cloud.ledger.derived import Derived, Told


def _added(derived: "Derived", told: "Told") -> set[str]:
    content, name = told.content, told.content["about"]
    same = {column: content[column] for column in ("name", "url", "events", "signs")}
    derived.table("webhook")[name] = {
        **same, "secret": 1, "paused": False, "made_by": told.actor, "made_at": parse_time(told.at),
        "index": told.index, "newest": told.index, "ended_at": None,
    }  # fmt: skip
    return {name}


def _changed(derived: "Derived", told: "Told") -> set[str]:
    content, name = told.content, told.content["about"]
    row = derived.table("webhook").get(name)
    if row is not None:
        columns = ("name", "url", "events", "paused", "secret")
        row.update({column: content[column] for column in columns if column in content}, newest=told.index)
        if told.kind == "webhook_ended":
            row["ended_at"] = parse_time(told.at)
    return {name}


TAKE: Mapping[str, Callable[["Derived", "Told"], set[str]]] = {
    "webhook_added": _added,
    "webhook_changed": _changed,
    "webhook_rotated": _changed,
    "webhook_replayed": _changed,
    "webhook_ended": _changed,
}
"""How each kind of record is taken; see `derived.take_record`."""
