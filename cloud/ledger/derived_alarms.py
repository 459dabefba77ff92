"""Alarms, as records lead to them: raised, taken notice of, told to more people, set aside, over, answered."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from cloud.ledger.faults import LedgerFaultError
from custody.permits import parse_time

if TYPE_CHECKING:  # at run time `derived` imports this
    from cloud.ledger.derived import Derived, Row, Told

TWO_PERSONS = frozenset({"checkpoint_refused", "equivocation", "readings_differ"})
"""Causes of alarms that nobody clears alone."""


def _filed(told: "Told") -> set[str]:
    """Before the life of alarms was kept, nothing was filed under one."""
    return {told.content["about"]} if "about" in told.content else set()


def _about(derived: "Derived", told: "Told") -> "Row | None":
    return derived.table("alarm").get(str(told.content["about"]).rpartition("/A-")[2])


def _raised(derived: "Derived", told: "Told") -> set[str]:
    content, key = told.content, str(told.index)
    derived.table("alarm")[key] = {
        "cause": content["cause"], "place": content["place"], "severity": content["severity"],
        "raised_at": parse_time(told.at), "cleared_at": None, "clear_proposed_by": None, "clear_proposed_at": None,
        "acknowledged_by": None, "acknowledged_at": None, "assigned_to": None, "shelved_until": None, "level": 0,
        "cleared_by": None, "cleared_code": None, "answer_due_at": None,
    }  # fmt: skip
    derived.living[f"{content['cause']} {content['place']}"] = key
    return set()


def _handled(derived: "Derived", told: "Told") -> set[str]:
    row = _about(derived, told)
    if row is None:
        return _filed(told)
    at, until = parse_time(told.at), told.content.get("until")
    aside = row["shelved_until"] is not None and row["shelved_until"] > at
    if told.kind == "alarm_shelved":
        row["shelved_until"] = None if until is None else parse_time(until)
    if told.kind == "alarm_assigned":
        row["assigned_to"] = told.content["person"]
    if until is not None:
        row.update(acknowledged_by=None, acknowledged_at=None)
    elif row["acknowledged_by"] is None and (not aside or told.kind in ("alarm_acknowledged", "alarm_shelved")):
        row.update(acknowledged_by=told.actor, acknowledged_at=at)
    return _filed(told)


def _escalated(derived: "Derived", told: "Told") -> set[str]:
    row = _about(derived, told)
    if row is not None:
        row["level"] = told.content["level"]
    return _filed(told)


def _asked(derived: "Derived", told: "Told") -> set[str]:
    row = _about(derived, told)
    if row is not None:
        row["answer_due_at"] = parse_time(told.content["due_at"])
    return _filed(told)


def _proposed(derived: "Derived", told: "Told") -> set[str]:
    key = derived.living.get(f"{told.content['cause']} {told.content['place']}")
    if key is not None:
        derived.table("alarm")[key].update(clear_proposed_by=told.actor, clear_proposed_at=parse_time(told.at))
    return _filed(told)


def _answered(derived: "Derived", told: "Told") -> set[str]:
    row = _about(derived, told)
    if row is not None:
        row.update(cleared_by=told.actor, cleared_code=told.content["cause_code"])
    return _filed(told)


def _cleared(derived: "Derived", told: "Told") -> set[str]:
    key = derived.living.pop(f"{told.content['cause']} {told.content['place']}", None)
    if key is None:
        return _filed(told)
    row = derived.table("alarm")[key]
    row["cleared_at"] = parse_time(told.at)
    if "cause_code" in told.content:
        row.update(cleared_by=told.actor, cleared_code=told.content["cause_code"])
    if told.content["cause"] in TWO_PERSONS and row["clear_proposed_by"] in (None, told.actor):
        raise LedgerFaultError("cleared_by_one", "nobody else had proposed it", told.index, f"alarm {key}")
    return _filed(told)


TAKE: dict[str, Callable[["Derived", "Told"], set[str] | None]] = {
    "alarm_raised": _raised,
    "alarm_acknowledged": _handled,
    "alarm_assigned": _handled,
    "alarm_commented": _handled,
    "alarm_shelved": _handled,
    "alarm_escalated": _escalated,
    "alarm_clear_proposed": _proposed,
    "alarm_cleared": _cleared,
    "alarm_answer_asked": _asked,
    "alarm_answered": _answered,
}
