"""Tickets, as records lead to them; and whether who evaluated had kept their hands off the answer.

Written apart from cloud.tickets, so that a fault in either shows.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from cloud.ledger.faults import LedgerFaultError
from custody.permits import parse_time

if TYPE_CHECKING:  # at run time `derived` imports this
    from cloud.ledger.derived import Derived, Row, Told

BY_ITSELF = "jobs"


def _opened(derived: "Derived", told: "Told") -> set[str]:
    content, name, at = told.content, f"{derived.site}/T-{told.index}", parse_time(told.at)
    same = {column: content[column] for column in ("type", "assigned_to", "alarm", "links", "place")}
    derived.table("ticket")[name] = {
        **same, "state": "reported", "round": 1, "opened_by": told.actor, "opened_at": at, "since": at,
        "newest": told.index, "repliers": [], "reminded_index": None, "overdue_index": None, "closed_at": None,
    }  # fmt: skip
    about = set() if content["alarm"] is None else {f"{derived.site}/A-{content['alarm']}"}
    return {name, *content["links"], *about}


def _row(derived: "Derived", told: "Told") -> "Row | None":
    row = derived.table("ticket").get(told.content["about"])
    if row is not None:
        row["newest"] = told.index
    return row


def _stage(derived: "Derived", told: "Told") -> set[str]:
    name, row, at = told.content["about"], _row(derived, told), parse_time(told.at)
    if row is None:
        return {name}
    wanted = {"ticket_checked": "reported", "ticket_replied": "checked", "ticket_evaluated": "replied"}[told.kind]
    if row["state"] != wanted and name not in derived.unsure:
        _not_allowed(told, f"{told.kind} while it is {row['state']}")
    row.update(since=at, reminded_index=None, overdue_index=None)
    if told.kind != "ticket_evaluated":
        _answered(row, told)
        return {name}
    _check_evaluator(row, told)
    if not told.content["satisfied"]:
        row.update(state="reported", round=row["round"] + 1)
        return {name}
    row.update(state="satisfied", closed_at=at)
    return {name} if row["alarm"] is None else {name, f"{derived.site}/A-{row['alarm']}"}


def _answered(row: "Row", told: "Told") -> None:
    row["state"] = "checked" if told.kind == "ticket_checked" else "replied"
    if row["assigned_to"] not in (None, told.actor):
        _not_allowed(told, f"{told.actor} answers what is for {row['assigned_to']}")
    row["assigned_to"] = told.actor
    if told.actor not in row["repliers"]:
        row["repliers"] = [*row["repliers"], told.actor]


def _check_evaluator(row: "Row", told: "Told") -> None:
    if told.actor in row["repliers"]:
        _not_allowed(told, f"{told.actor} evaluates what they answered")


def _not_allowed(told: "Told", problem: str) -> None:
    raise LedgerFaultError("ticket_not_allowed", problem, told.index, f"ticket {told.content['about']}")


def _said(derived: "Derived", told: "Told") -> set[str]:
    _row(derived, told)
    return {told.content["about"]}


def _paused(derived: "Derived", told: "Told") -> set[str]:
    name = told.content["about"]
    _row(derived, told)
    derived.table("ticket_pause")[f"{name} {told.index}"] = {"paused_at": parse_time(told.at), "resumed_at": None}
    return {name}


def _resumed(derived: "Derived", told: "Told") -> set[str]:
    name = told.content["about"]
    _row(derived, told)
    for key, row in derived.table("ticket_pause").items():
        if key.startswith(f"{name} ") and row["resumed_at"] is None:
            row["resumed_at"] = parse_time(told.at)
    return {name}


def _reassigned(derived: "Derived", told: "Told") -> set[str]:
    row = _row(derived, told)
    if row is not None:
        row["assigned_to"] = told.content["person"]
    return {told.content["about"]}


def _reminded(derived: "Derived", told: "Told") -> set[str]:
    row = _row(derived, told)
    if row is not None:
        row["overdue_index" if told.kind == "ticket_overdue" else "reminded_index"] = told.index
    return {told.content["about"]}


def _ordered(derived: "Derived", told: "Told") -> set[str]:
    _row(derived, told)
    derived.table("rectification")[f"{told.content['about']} {told.index}"] = {
        "person": told.content["person"], "ordered_by": told.actor, "due_at": parse_time(told.content["due_at"]),
        "remedied_index": None, "confirmed_index": None, "overdue_index": None,
    }  # fmt: skip
    return {told.content["about"]}


def _notice_late(derived: "Derived", told: "Told") -> set[str]:
    name = told.content["about"]
    _row(derived, told)
    row = derived.table("rectification").get(f"{name} {told.content['notice']}")
    if row is not None:
        row["overdue_index"] = told.index
    return {name}


def _put_right(derived: "Derived", told: "Told") -> set[str]:
    name = told.content["about"]
    _row(derived, told)
    row = derived.table("rectification").get(f"{name} {told.content['notice']}")
    if row is None:
        return {name}
    remedied = told.kind == "rectification_remedied"
    if (told.actor == row["person"]) is not remedied:
        _not_allowed(told, f"{told.kind} by {told.actor}, while the notice is for {row['person']}")
    row["remedied_index" if remedied else "confirmed_index"] = told.index
    return {name}


TAKE: dict[str, Callable[["Derived", "Told"], set[str] | None]] = {
    "ticket_opened": _opened,
    "ticket_checked": _stage,
    "ticket_replied": _stage,
    "ticket_evaluated": _stage,
    "ticket_commented": _said,
    "ticket_urged": _said,
    "ticket_paused": _paused,
    "ticket_resumed": _resumed,
    "ticket_reassigned": _reassigned,
    "ticket_reminded": _reminded,
    "ticket_overdue": _reminded,
    "rectification_ordered": _ordered,
    "rectification_overdue": _notice_late,
    "rectification_remedied": _put_right,
    "rectification_confirmed": _put_right,
}
