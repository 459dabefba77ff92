"""What corrections lead to: how a case and an item are described now.

A correction that tells other old words than those that stood, or that too few hands made, is a fault at its entry.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from cloud.ledger.derived import Derived, Packs, Row, Told
from cloud.ledger.faults import LedgerFaultError
from custody.permits import parse_time
from custody.roles import Role
from custody.steps import Hand, place_hands

CORRECT_CASE = "correct_case"


def step(derived: Derived, told: Told, thing: str, custody: Row) -> None:
    """The step `correct` of a thing, of whose custody `custody` was known before."""
    content, item = told.content, derived.table("item").get(thing)
    changes = content["details"]["changes"]
    if "was" in content and derived.unsure.isdisjoint({thing, f"entry:{told.index}"}):
        _must_have_stood(told, thing, {**custody, **(item or {})}, changes)
    if item is not None:
        item.update({name: value for name, value in changes.items() if name in item}, corrected_index=told.index)


def case(derived: Derived, told: Told, packs: Packs) -> set[str]:
    """The record `case_corrected`."""
    content, name = told.content, str(told.content["case"])
    particulars, row = content["details"]["particulars"], derived.table("evidence_case").get(name)
    _enough_hands(told, name, packs)
    if row is not None:
        if name not in derived.unsure:
            _must_have_stood(told, name, row, particulars)
        row.update(particulars, corrected_index=told.index)
    return {name, *([content["act"]] if "act" in content else [])}


def hands_of(told: Sequence[Mapping[str, Any]]) -> list[Hand]:
    """Hands as a record tells of them, as the rules see them."""
    return [
        Hand(person=h["person"], roles=frozenset(map(Role, h["roles"])), credential="", at=parse_time(h["at"]))
        for h in told
    ]


def _must_have_stood(told: Told, thing: str, row: Row, changes: Mapping[str, Any]) -> None:
    stood, was = {name: row.get(name) for name in changes}, told.content["was"]
    if was != stood:
        raise LedgerFaultError("correction_differs", f"{was}, while there was {stood}", told.index, thing)


def _enough_hands(told: Told, case_: str, packs: Packs) -> None:
    pack, hands = packs.get(told.content["rule_pack"]), told.content["hands"]
    decision = None if pack is None else pack.decisions.get(CORRECT_CASE)
    people = {hand["person"] for hand in hands}
    seats = () if decision is None else decision.seats
    if not (seats and len(people) == len(seats) == len(hands) and place_hands(seats, hands_of(hands)) is not None):
        problem = f"a case corrected by {sorted(people)}, who are not all that the rules ask for"
        raise LedgerFaultError("step_not_allowed", problem, told.index, case_)
