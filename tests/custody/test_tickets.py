"""Who may take which step of a ticket, and what a pack that says it wrongly is told."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from custody.errors import RulePackError
from custody.pack_reader import parse_rule_pack
from custody.roles import Role
from custody.ticket_rules import rules_of
from custody.tickets import Denial, Standing, TicketState, TicketStep, Tier, denial
from wire.rule_packs import load_rule_pack

PACK = load_rule_pack()
RULES = rules_of(PACK)
A, B, C = "nj01/U-A", "nj01/U-B", "nj01/U-C"
S, T = TicketState, TicketStep


def asked(
    step: TicketStep, state: TicketState, person: str, role: Role, *, originator: str | None = A,
    assigned: str | None = B, repliers: frozenset[str] = frozenset(), paused: bool = False,
) -> Denial | None:  # fmt: skip
    assert RULES is not None
    ticket = Standing(state=state, originator=originator, assigned_to=assigned, repliers=repliers, paused=paused)
    return denial(RULES, ticket, step, person, frozenset({role}))


def test_the_loop_in_its_order() -> None:
    assert asked(T.CHECK, S.REPORTED, B, Role.KEEPER) is None
    assert asked(T.REPLY, S.CHECKED, B, Role.KEEPER) is None
    assert asked(T.EVALUATE, S.REPLIED, A, Role.OPERATOR, repliers=frozenset({B})) is None
    assert asked(T.REPLY, S.REPORTED, B, Role.KEEPER) is Denial.WRONG_STATE
    assert asked(T.CHECK, S.CHECKED, B, Role.KEEPER) is Denial.WRONG_STATE
    assert asked(T.EVALUATE, S.CHECKED, A, Role.OPERATOR) is Denial.WRONG_STATE


def test_only_whom_it_is_for_answers_and_only_its_originator_evaluates() -> None:
    assert asked(T.CHECK, S.REPORTED, C, Role.KEEPER) is Denial.NOT_YOURS
    assert asked(T.CHECK, S.REPORTED, C, Role.KEEPER, assigned=None) is None
    assert asked(T.CHECK, S.REPORTED, B, Role.AUDITOR) is Denial.NO_ROLE
    assert asked(T.EVALUATE, S.REPLIED, C, Role.LEADER) is Denial.NOT_ORIGINATOR
    assert asked(T.EVALUATE, S.REPLIED, C, Role.LEADER, originator=None) is None
    assert asked(T.EVALUATE, S.REPLIED, C, Role.KEEPER, originator=None) is Denial.NO_ROLE


def test_nobody_evaluates_what_they_answered_in_any_round() -> None:
    assert asked(T.EVALUATE, S.REPLIED, A, Role.KEEPER, repliers=frozenset({A, B})) is Denial.REPLIED_YOURSELF


def test_the_supervisor_orders_and_answers_nothing() -> None:
    for step in (T.URGE, T.REASSIGN, T.RECTIFY, T.PAUSE):
        assert asked(step, S.REPORTED, C, Role.SUPERVISOR) is None
        assert asked(step, S.REPORTED, B, Role.KEEPER) is Denial.NO_ROLE
    assert asked(T.REPLY, S.CHECKED, C, Role.SUPERVISOR, assigned=None) is Denial.NO_ROLE


def test_nothing_is_answered_while_the_clock_stands() -> None:
    assert asked(T.REPLY, S.CHECKED, B, Role.KEEPER, paused=True) is Denial.PAUSED
    assert asked(T.PAUSE, S.CHECKED, C, Role.SUPERVISOR, paused=True) is Denial.PAUSED
    assert asked(T.RESUME, S.CHECKED, C, Role.SUPERVISOR) is Denial.NOT_PAUSED


def test_after_the_end_only_remarks_and_rectification() -> None:
    for step in (T.CHECK, T.REPLY, T.EVALUATE, T.URGE, T.REASSIGN, T.PAUSE):
        assert asked(step, S.SATISFIED, A, Role.SUPERVISOR) is Denial.WRONG_STATE
    assert asked(T.RECTIFY, S.SATISFIED, C, Role.SUPERVISOR) is None


def test_first_pages_by_role_the_widest_last() -> None:
    assert RULES is not None
    assert RULES.homes_of(frozenset({Role.LEADER, Role.KEEPER})) == [Tier.DOER, Tier.LEADER]
    assert RULES.homes_of(frozenset({Role.APPROVER})) == [Tier.MANAGER]
    assert replace(RULES, homes={}).homes_of(frozenset({Role.LEADER})) == [Tier.DOER]


def test_a_pack_may_say_nothing_of_tickets() -> None:
    content = json.loads(json.dumps(dict(PACK.content)))
    del content["tickets"]
    assert rules_of(parse_rule_pack(content)) is None


@pytest.mark.parametrize(("change", "at"), [
    (lambda told: told.update(types={}, persisting={}), ("types",)),
    (lambda told: told["types"].update(bad={"zh": "坏"}), ("types", "bad")),
    (lambda told: told["types"]["equipment"].update(template={"zh": "何处"}), ("types", "equipment", "template")),
    (lambda told: told["types"]["equipment"].update(hours={"check": 0}), ("types", "equipment", "hours", "check")),
    (lambda told: told["clocks"]["reply"].update(hours=0), ("clocks", "reply", "hours")),
    (lambda told: told["clocks"]["reply"].update(count="lunar"), ("clocks", "reply", "count")),
    (lambda told: told["clocks"]["reply"].pop("basis"), ("clocks", "reply", "basis")),
    (lambda told: told["calendar"].update(zone="Mars/Olympus"), ("calendar", "zone")),
    (lambda told: told["calendar"].update(weekdays=[]), ("calendar", "weekdays")),
    (lambda told: told["calendar"].update(shifts=[["12:00", "09:00"]]), ("calendar", "shifts", 0)),
    (lambda told: told["calendar"].update(holidays=["2027-02-30"]), ("calendar", "holidays", 0)),
    (lambda told: told["who"].update(answer=[]), ("who", "answer")),
    (lambda told: told["who"].update(open=["king"]), ("who", "open", 0)),
    (lambda told: told["persisting"]["major"].update(type="none"), ("persisting", "major", "type")),
    (lambda told: told["homes"].update(king=["leader"]), ("homes", "king")),
    (lambda told: told["homes"].update(doer=["king"]), ("homes", "doer", 0)),
    (lambda told: told.update(remind_h=0), ("remind_h",)),
])  # fmt: skip
def test_every_fault_is_told_with_its_place(change: Callable[[Any], Any], at: tuple[Any, ...]) -> None:
    content = json.loads(json.dumps(dict(PACK.content)))
    change(content["tickets"])
    with pytest.raises(RulePackError) as found:
        parse_rule_pack(content)
    assert [fault.at for fault in found.value.faults] == [("tickets", *at)]
