"""Who is reminded of what and when, and what a pack that says it wrongly is told."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.errors import RulePackError
from custody.pack_reader import parse_rule_pack
from custody.reminder_rules import Due, Pending, Subject, due, rules_of
from custody.roles import Role
from wire.rule_packs import load_rule_pack

PACK = load_rule_pack()
RULES = rules_of(PACK)
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
A, B, C = "nj01/U-A", "nj01/U-B", "nj01/U-C"
PEOPLE = {A: frozenset({Role.KEEPER}), B: frozenset({Role.CASE_HANDLER}), C: frozenset({Role.LEADER})}


def asked(subject: Subject, left: timedelta, owner: str | None = None) -> list[Due]:
    assert RULES is not None
    return due(RULES, [Pending(subject, "nj01/P-1", NOW + left, owner=owner)], NOW)


def test_a_reminder_comes_at_its_offset_and_not_before() -> None:
    assert asked(Subject.LOAN, timedelta(hours=72, seconds=1)) == []
    assert [each.before for each in asked(Subject.LOAN, timedelta(hours=72))] == [timedelta(hours=72)]
    assert [each.before for each in asked(Subject.LOAN, timedelta(hours=24))] == [timedelta(hours=24)]
    assert [each.before for each in asked(Subject.LOAN, timedelta(0))] == [timedelta(0)]


def test_what_was_due_longer_ago_than_a_day_is_left_to_the_alarms() -> None:
    assert asked(Subject.LOAN, timedelta(days=-1)) != []
    assert asked(Subject.LOAN, timedelta(days=-1, seconds=-1)) == []


@given(left=st.timedeltas(min_value=timedelta(days=-3), max_value=timedelta(days=30)), subject=st.sampled_from(Subject))
def test_of_the_offsets_that_have_come_only_the_last_is_told(left: timedelta, subject: Subject) -> None:
    assert RULES is not None
    found, rule = asked(subject, left), RULES.subjects[subject]
    come = [each for each in rule.before if left <= each] if left >= timedelta(days=-1) else []
    assert [each.before for each in found] == ([min(come)] if come else [])


def test_the_owner_is_named_and_others_stand_in_where_there_is_none() -> None:
    loan = asked(Subject.LOAN, timedelta(hours=1), owner=C)[0]
    assert loan.named(PEOPLE) == [A, C]  # whoever keeps the goods hears of it too
    assert asked(Subject.LOAN, timedelta(hours=1))[0].named(PEOPLE) == [A, B]
    gone = asked(Subject.LOAN, timedelta(hours=1), owner="nj01/U-GONE")[0]
    assert gone.named(PEOPLE) == [A, B]  # the account was closed: somebody else has to hear


def test_what_waits_for_hands_is_told_to_those_who_could_give_them() -> None:
    assert RULES is not None
    act = Pending(Subject.APPROVAL, "nj01/A-1", NOW, hands=frozenset({Role.CASE_HANDLER}))
    assert due(RULES, [act], NOW)[0].named(PEOPLE) == [B]
    assert due(RULES, [Pending(Subject.APPROVAL, "nj01/A-1", NOW)], NOW)[0].named(PEOPLE) == [C]


def test_only_what_is_near_passes_quiet_hours() -> None:
    assert not asked(Subject.CASE_CLOCK, timedelta(hours=72))[0].urgent
    assert asked(Subject.CASE_CLOCK, timedelta(hours=24))[0].urgent
    assert not asked(Subject.STOCK_TAKE, timedelta(0))[0].urgent  # its rule names no urgency


def test_every_subject_has_a_rule_in_the_pack_that_ships() -> None:
    assert RULES is not None
    assert set(RULES.subjects) == set(Subject)


def test_a_pack_may_say_nothing_of_reminders() -> None:
    content = json.loads(json.dumps(dict(PACK.content)))
    del content["reminders"]
    assert rules_of(parse_rule_pack(content)) is None


@pytest.mark.parametrize(("change", "at"), [
    (lambda told: told.update(subjects={}), ("subjects",)),
    (lambda told: told.update(digest_s=0), ("digest_s",)),
    (lambda told: told["subjects"].update(weather=told["subjects"]["loan"]), ("subjects", "weather")),
    (lambda told: told["subjects"]["loan"].pop("en"), ("subjects", "loan")),
    (lambda told: told["subjects"]["loan"].update(before_h=[24, 72]), ("subjects", "loan", "before_h")),
    (lambda told: told["subjects"]["loan"].update(before_h=[24, 24]), ("subjects", "loan", "before_h")),
    (lambda told: told["subjects"]["loan"].update(before_h=[-1]), ("subjects", "loan", "before_h")),
    (lambda told: told["subjects"]["loan"].update(before_h=[]), ("subjects", "loan", "before_h")),
    (lambda told: told["subjects"]["loan"].update(severity="loud"), ("subjects", "loan", "severity")),
    (lambda told: told["subjects"]["loan"].update(urgent_h=1.5), ("subjects", "loan", "urgent_h")),
    (lambda told: told["subjects"]["loan"].update(labels_left=5), ("subjects", "loan", "labels_left")),
    (lambda told: told["subjects"]["paper"].pop("labels_left"), ("subjects", "paper", "labels_left")),
    (lambda told: told["subjects"]["loan"].update(to=[]), ("subjects", "loan", "to")),
    (lambda told: told["subjects"]["loan"].update(to=["owner", "king"]), ("subjects", "loan", "to", 1)),
    (lambda told: told["subjects"]["ticket"].pop("stand_in"), ("subjects", "ticket", "stand_in")),
    (lambda told: told["subjects"]["ticket"].update(stand_in=["owner"]), ("subjects", "ticket", "stand_in", 0)),
    (lambda told: told["subjects"]["loan"].update(after_h=3), ("subjects", "loan", "after_h")),
])  # fmt: skip
def test_every_fault_is_told_with_its_place(change: Callable[[Any], Any], at: tuple[Any, ...]) -> None:
    content = json.loads(json.dumps(dict(PACK.content)))
    change(content["reminders"])
    with pytest.raises(RulePackError) as found:
        parse_rule_pack(content)
    assert [fault.at for fault in found.value.faults] == [("reminders", *at)]
