"""Packs of the first format, which older cases are pinned to: read as the second, never written again.

A first-format pack knew who may do what from the program; what the program knew then stands here.
"""

from collections.abc import Mapping
from typing import Any

from custody.decisions import Reason

_SEATS = {"seal": "keeper", "approve_release": "approver", "withdraw_release": "approver", "shelve": "keeper"}
_LATER = "custody.order-of-steps"
"""What a reason that the first format did not know cites: the step it is about was not in the book."""


def as_second_format(content: Mapping[str, Any]) -> dict[str, Any]:
    """The same rules in the second format; faults in `content` stay for the reader to find."""
    rows = content.get("transitions")
    steps = [_step(row) for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else None
    named = dict.fromkeys(state for step in steps or () for state in (*step["from"], step["to"]))
    refusals = content.get("refusals")
    if isinstance(refusals, Mapping):
        refusals = {**dict.fromkeys((reason.value for reason in Reason), _LATER), **refusals}
    return {
        **content,
        "format": 2,
        "states": {str(name): {"zh": str(name), "en": str(name), **_START.get(str(name), {})} for name in named},
        "steps": steps,
        "decisions": {}, "rights": {}, "limits": {"hands": {"hours": 24, "basis": {"zh": "-", "en": "-"}}},
        "refusals": refusals,
    }  # fmt: skip


_START: dict[str, dict[str, Any]] = {"intake": {"start": ["item"]}, "sealed": {"start": ["package"]}}


def _step(row: Mapping[str, Any]) -> dict[str, Any]:
    action = row.get("action")
    step: dict[str, Any] = {"action": action, "from": [row.get("from")], "to": row.get("to"), "rule": row.get("rule")}
    step["held"] = action not in ("approve_release", "stock_out")
    if action in ("stock_in", "stock_out"):
        return {**step, "by": "gate"}
    step["apart"] = ["register", "seal"] if action == "approve_release" else []
    return {
        **step,
        "kinds": ["item"] if action == "seal" else ["item", "package"],
        "seats": [[_SEATS.get(str(action))]],
    }
