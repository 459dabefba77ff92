"""Releases of the program as the log tells of them: brought up, approved by two, ordered for agents, and their ends."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from cloud.ledger.faults import LedgerFaultError
from custody.permits import parse_time
from wire.kinds import FactKind
from wire.messages import body_of
from wire.releases import UpdateTold

if TYPE_CHECKING:  # at run time `derived` imports this
    from cloud.ledger.derived import Derived, Told

STATES: Mapping[str, str] = {
    FactKind.UPDATE_WAITING: "waiting",
    FactKind.UPDATE_STAGED: "staged",
    FactKind.UPDATE_APPLIED: "applied",
    FactKind.UPDATE_REFUSED: "refused",
    FactKind.UPDATE_ROLLED_BACK: "rolled_back",
}


def _brought_up(derived: "Derived", told: "Told") -> set[str]:
    content = told.content
    derived.table("program")[content["release"]] = {
        "version": content["version"], "bytes": content["bytes"], "manifest": content["manifest"],
        "notes": content["notes"], "brought_by": told.actor, "brought_at": parse_time(told.at), "index": told.index,
        "approved_at": None, "approved_index": None,
    }  # fmt: skip
    return set()


def _approved(derived: "Derived", told: "Told") -> set[str]:
    content, where = told.content, f"program {told.content['release']}"
    if len({hand["person"] for hand in content["hands"]}) < 2:
        raise LedgerFaultError("approved_by_one", "a release is approved by two people", told.index, where)
    row = derived.table("program").get(content["release"])
    if row is not None:
        row.update(approved_at=parse_time(told.at), approved_index=told.index)
    act = derived.table("act").get(content["act"])
    if act is None or act["details"].get("release") != content["release"]:
        raise LedgerFaultError("approved_by_one", "the act that was signed is about another release", told.index, where)
    act.update(ended="done", ended_at=parse_time(told.at), ended_index=told.index)
    return set()


def _ordered(derived: "Derived", told: "Told") -> set[str]:
    content, where = told.content, f"agent_update {told.content['agent']} {told.content['number']}"
    program = derived.table("program").get(content["release"])
    if program is None or program["approved_index"] is None:
        raise LedgerFaultError("not_approved", "nobody had approved this release", told.index, where)
    derived.table("agent_update")[f"{content['agent']} {content['number']}"] = {
        "sha256": content["release"], "version": content["version"], "order_id": content["order"],
        "ordered_by": told.actor, "ordered_at": parse_time(told.at), "index": told.index, "state": "ordered",
        "state_index": None,
    }  # fmt: skip
    return set()


TAKE: Mapping[str, Callable[["Derived", "Told"], set[str]]] = {
    "program_brought_up": _brought_up,
    "program_approved": _approved,
    "update_ordered": _ordered,
}
"""How each kind of record is taken; see `derived.take_record`."""


def told_by_agent(derived: "Derived", index: int, kind: str, body: dict[str, Any], agent: str) -> None:
    """What an agent says of its updates. Raises MessageError."""
    if kind not in STATES:
        return
    said = body_of(UpdateTold, body)
    row = derived.table("agent_update").get(f"{agent} {said.number}")
    if row is not None and row["sha256"] == said.sha256:
        row.update(state=STATES[kind], state_index=index)
