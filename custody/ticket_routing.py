"""Whom a ticket is for: the first rule that fits names a role or a person, and of several of a role one. Pure.

The same ticket, rules and people lead to the same answer, and the answer says which rule gave it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from custody.alarms import SEVERITIES
from custody.errors import Fault, Path
from custody.roles import Role
from custody.words import Word, bilingual


class Pick(Word):
    """Of several who could have it: who has least to do, or whose turn it is."""

    LEAST_LOADED = "least_loaded"
    ROTA = "rota"


WHEN = ("types", "places", "goods", "severities")
"""What a rule may ask for; what it does not name fits everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A rule: for tickets of these types, at places that begin so, about such goods, of alarms so severe.

    `role` or `username` is who gets them.
    """

    id: str
    types: frozenset[str]
    places: tuple[str, ...]
    goods: frozenset[str]
    severities: frozenset[str]
    role: Role | None
    username: str | None
    pick: Pick


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What a rule looks at: `goods` are the kinds of the things it is about, `severity` that of its alarm."""

    type: str
    place: str | None = None
    goods: frozenset[str] = frozenset()
    severity: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody at the site who may answer tickets and did not report this one.

    `open` are the tickets that are theirs and open, `newest` the newest that was ever theirs.
    """

    person: str
    username: str
    roles: frozenset[Role]
    open: int
    newest: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """Who, by which rule, and how many tickets they had then."""

    person: str
    rule: str
    pick: Pick
    open: int


def route(rules: Sequence[Route], about: Reported, people: Sequence[Candidate]) -> Routed | None:
    """Whom the first rule that fits and finds somebody names; None: it is for whoever takes it."""
    for rule in rules:
        fitting = [person for person in people if _takes(rule, person)] if _fits(rule, about) else []
        if fitting:
            chosen = min(fitting, key=_turn if rule.pick is Pick.ROTA else _load)
            return Routed(person=chosen.person, rule=rule.id, pick=rule.pick, open=chosen.open)
    return None


def _fits(rule: Route, about: Reported) -> bool:
    return (
        (not rule.types or about.type in rule.types)
        and (not rule.places or (about.place or "").startswith(rule.places))
        and (not rule.goods or not rule.goods.isdisjoint(about.goods))
        and (not rule.severities or about.severity in rule.severities)
    )


def _takes(rule: Route, person: Candidate) -> bool:
    return person.username == rule.username if rule.role is None else rule.role in person.roles


def _turn(person: Candidate) -> tuple[int, str]:
    return (-1 if person.newest is None else person.newest, person.person)


def _load(person: Candidate) -> tuple[int, int, str]:
    return (person.open, *_turn(person))


def routes_of(told: Sequence[Mapping[str, Any]]) -> tuple[Route, ...]:
    """The rules in a pack's list `tickets.routing`."""
    return tuple(
        Route(
            id=row["id"], types=frozenset(row.get("types", ())), places=tuple(row.get("places", ())),
            goods=frozenset(row.get("goods", ())), severities=frozenset(row.get("severities", ())),
            role=Role(row["to"]["role"]) if "role" in row["to"] else None, username=row["to"].get("person"),
            pick=Pick(row.get("pick", "least_loaded")),
        )
        for row in told
    )  # fmt: skip


def faults(told: object, types: object, answer: object) -> Iterator[Fault]:
    """What is wrong with `told`, a pack's list `tickets.routing`; `types` and `answer` stand beside it."""
    at: Path = ("tickets", "routing")
    if not isinstance(told, list):
        yield Fault(at, "not a list")
        return
    seen: set[str] = set()
    for number, row in enumerate(told):
        if not isinstance(row, Mapping) or not isinstance(row.get("id"), str) or row["id"] in seen:
            yield Fault((*at, number), "needs an id of its own")
            continue
        seen.add(row["id"])
        yield from _row_faults((*at, number), row, types, answer)


def _row_faults(at: Path, row: Mapping[str, Any], types: object, answer: object) -> Iterator[Fault]:
    if not bilingual(row):
        yield Fault(at, "must say in zh and en why")
    known: dict[str, Any] = {"severities": SEVERITIES}
    if isinstance(types, Mapping) and types:  # what is wrong with those is told where they stand
        known["types"] = types
    for name in WHEN:
        listed = row.get(name, [])
        if not isinstance(listed, list) or any(not isinstance(each, str) or not each for each in listed):
            yield Fault((*at, name), "not a list of words")
        elif name in known and not set(listed) <= set(known[name]):
            yield Fault((*at, name), f"only of {', '.join(known[name])}")
    if row.get("pick", Pick.ROTA) not in tuple(Pick):
        yield Fault((*at, "pick"), f"must be one of {', '.join(Pick)}")
    to = row.get("to")
    if not isinstance(to, Mapping) or len(to) != 1 or not {"role", "person"} & set(to):
        yield Fault((*at, "to"), "must name either a role or a person")
    elif "role" in to and isinstance(answer, list) and answer and to["role"] not in answer:
        yield Fault((*at, "to", "role"), f"{to['role']!r} is no role that answers tickets")
    elif "person" in to and (not isinstance(to["person"], str) or not to["person"]):
        yield Fault((*at, "to", "person"), "must be a user name")
