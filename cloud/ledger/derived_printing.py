"""Print jobs and printers, as records and facts lead to them."""

import itertools
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cloud.db.pool import storable
from custody.permits import parse_time
from wire.kinds import FactKind
from wire.labels import valid_id
from wire.messages import OrderAnswered, body_of
from wire.printing import LabelsPrinted, PrinterChanged

if TYPE_CHECKING:  # at run time `derived` imports this
    from cloud.ledger.derived import Derived, Row, Told


def told_by_agent(derived: "Derived", index: int, fact: Mapping[str, Any], agent: str, at: datetime) -> set[str] | None:
    """Takes a fact of a desk; returns the things it is filed under, None for one about something else."""
    kind, body = fact["kind"], fact["body"]
    if kind == FactKind.LABELS_PRINTED:
        printed = body_of(LabelsPrinted, body)
        told = {f"{one.label} {one.issue}": one.outcome for one in printed.labels}
        _end(derived, index, agent, printed.order, told, printed.problem, at)
        named = [printed.order, *(one.label for one in printed.labels)]
        return {one for one in named if one.startswith(f"{derived.site}/") and valid_id(one)}
    if kind == FactKind.PRINTER_CHANGED:
        _changed(derived, index, body_of(PrinterChanged, body), agent, at)
        return set()
    return None


def answered(derived: "Derived", index: int, body: OrderAnswered, agent: str, at: datetime) -> None:
    """An answer ends a job of which nothing else was told."""
    _end(derived, index, agent, body.order, {}, body.problem, at)


def _end(
    derived: "Derived", index: int, agent: str, order: str, told: Mapping[str, str], problem: str | None, at: datetime
) -> None:
    row = derived.table("print_job").get(storable(order))
    if row is None or row["agent"] != agent or row["ended_index"] is not None:
        return
    ended = set()
    for key, label in row["labels"].items():
        outcome = derived.table("print_label")[key]["outcome"] = told.get(label, "unknown")
        ended.add(outcome)
    one = "partial" if ended == {"printed", "not_printed"} else min(ended, default="not_printed")
    row.update(outcome="unknown" if "unknown" in ended else one, problem=problem and storable(problem), ended_at=at,
               ended_index=index)  # fmt: skip


def _printer(derived: "Derived", agent: str, name: str) -> "Row":
    new = {
        "state": None, "trouble": None, "problem": None, "at": None, "index": None, "roll": None, "ran_out": False,
        "reloaded_index": None, "rolled_index": None, "rolled_at": None, "rolled_by": None, "rolled_labels": None,
    }  # fmt: skip
    return derived.table("printer").setdefault(f"{agent} {storable(name)}", new)


def _changed(derived: "Derived", index: int, body: PrinterChanged, agent: str, at: datetime) -> None:
    row = _printer(derived, agent, body.printer)
    row.update(state=body.state, trouble=body.trouble, problem=body.problem and storable(body.problem), at=at,
               index=index, roll=body.roll)  # fmt: skip
    if body.state == "paper_out":
        row["ran_out"] = True
    elif body.state == "ready" and row["ran_out"]:
        row.update(ran_out=False, reloaded_index=index)


def _rolled(derived: "Derived", told: "Told") -> set[str]:
    content = told.content
    _printer(derived, content["agent"], content["printer"]).update(
        ran_out=False, reloaded_index=None, rolled_index=told.index, rolled_at=parse_time(told.at),
        rolled_by=told.actor, rolled_labels=content["labels"],
    )  # fmt: skip
    return set()


def _sent(derived: "Derived", told: "Told") -> set[str]:
    content = told.content
    things = {str(label["thing"]) for label in content["labels"]}
    for thing in things:
        row = derived.thing(thing)
        if row is not None:
            row["index"] = told.index
    if "counts" not in content:  # an older program's, which does not say which label was in which order
        return things
    labels = iter(content["labels"])
    for order, count in zip(content["orders"], content["counts"], strict=True):
        own = {}
        for position, label in enumerate(itertools.islice(labels, count)):
            key = f"{order} {position} {label['thing']} {label['issue']}"
            own[key] = f"{label['thing']} {label['issue']}"
            derived.table("print_label")[key] = {"outcome": None}
        derived.table("print_job")[order] = {
            "agent": content["agent"], "printer": content["printer"], "sent_by": told.actor,
            "sent_at": parse_time(told.at), "index": told.index, "how": content["how"], "again": content["again"],
            "labels": own, "outcome": None, "problem": None, "ended_at": None, "ended_index": None,
        }  # fmt: skip
    return things | set(content["orders"])


TAKE: dict[str, "Callable[[Derived, Told], set[str] | None]"] = {"labels_sent": _sent, "roll_changed": _rolled}
"""How each kind of record is taken; see `derived.take_record`."""
