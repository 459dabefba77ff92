"""Whom a ticket is for: always the same by the same rules, and why is told."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from custody.errors import RulePackError
from custody.pack_reader import parse_rule_pack
from custody.roles import Role
from custody.ticket_routing import Candidate, Pick, Reported, Route, Routed, route, routes_of
from wire.rule_packs import load_rule_pack

PACK = load_rule_pack()


def rule(name: str, **more: Any) -> Route:
    return routes_of([{"id": name, "to": {"role": "keeper"}, **more}])[0]


def person(name: str, open_: int, newest: int | None, role: Role = Role.KEEPER) -> Candidate:
    return Candidate(person=f"nj01/U-{name}", username=name, roles=frozenset({role}), open=open_, newest=newest)


def chosen(rules: list[Route], people: list[Candidate]) -> Routed:
    found = route(rules, Reported(type="equipment"), people)
    assert found is not None
    return found


PEOPLE = [person("a", 2, 5), person("b", 1, 9), person("c", 1, 7), person("i", 0, None, Role.INSPECTOR)]


def test_who_has_least_to_do_and_of_those_who_waited_longest() -> None:
    found = route([rule("r")], Reported(type="equipment"), PEOPLE)
    assert found == Routed(person="nj01/U-c", rule="r", pick=Pick.LEAST_LOADED, open=1)
    assert route([rule("r")], Reported(type="equipment"), PEOPLE[::-1]) == found


def test_by_turns_whoever_had_none_is_first() -> None:
    turns = rule("r", pick="rota")
    assert chosen([turns], PEOPLE).person == "nj01/U-a"
    assert chosen([turns], [*PEOPLE, person("z", 9, None)]).person == "nj01/U-z"


@pytest.mark.parametrize(("asked", "fits"), [
    ({"types": ["equipment"]}, True), ({"types": ["improvement"]}, False),
    ({"places": ["nj01.gate"]}, True), ({"places": ["nj02"]}, False),
    ({"goods": ["tobacco", "cash"]}, True), ({"goods": ["cash"]}, False),
    ({"severities": ["major"]}, True), ({"severities": ["critical"]}, False),
    ({"types": ["equipment"], "goods": ["cash"]}, False),
])  # fmt: skip
def test_a_rule_fits_where_all_it_asks_for_is_so(asked: dict[str, Any], fits: bool) -> None:
    about = Reported(type="equipment", place="nj01.gate-a:store", goods=frozenset({"tobacco"}), severity="major")
    assert (route([rule("r", **asked)], about, PEOPLE) is not None) is fits


def test_the_next_rule_is_asked_where_nobody_has_the_role_and_a_person_may_be_named() -> None:
    rules = [rule("nobody", to={"role": "bookkeeper"}), rule("named", to={"person": "i"})]
    assert chosen(rules, PEOPLE).rule == "named"
    assert route(rules[:1], Reported(type="equipment"), PEOPLE) is None


@pytest.mark.parametrize(("change", "at"), [
    (lambda rows: rows[0].update(to={"role": "auditor"}), (0, "to", "role")),
    (lambda rows: rows[0].update(to={}), (0, "to")),
    (lambda rows: rows[0].update(types=["gossip"]), (0, "types")),
    (lambda rows: rows[0].update(severities=["loud"]), (0, "severities")),
    (lambda rows: rows[0].update(places="nj01"), (0, "places")),
    (lambda rows: rows[0].update(pick="dice"), (0, "pick")),
    (lambda rows: rows[0].pop("en"), (0,)),
    (lambda rows: rows[1].update(id=rows[0]["id"]), (1,)),
])  # fmt: skip
def test_every_fault_is_told_with_its_place(change: Callable[[Any], Any], at: tuple[Any, ...]) -> None:
    content = json.loads(json.dumps(dict(PACK.content)))
    change(content["tickets"]["routing"])
    with pytest.raises(RulePackError) as found:
        parse_rule_pack(content)
    assert [fault.at for fault in found.value.faults] == [("tickets", "routing", *at)]
