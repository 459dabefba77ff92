"""The rule pack: the book of rules as data, named by the hash of its content (J1, N5).

Read from YAML by whoever has files and made from it by `custody.pack_reader`; here it is only asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from custody.decisions import Reason, Refused
from custody.roles import Role
from custody.things import Action, Direction, Kind, State

GATE_VALID = "gate.permit.valid"
"""The rule by which a passage is allowed."""

Seats = tuple[frozenset[Role], ...]
"""One seat after the other: each is filled by another person who has one of its roles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step that a thing may take, and what must be true first. The pack's file says what each member means."""

    action: Action
    sources: frozenset[State]
    target: State | None
    """None: it stays where it is"""
    rule: str
    by_gate: bool = False
    kinds: frozenset[Kind] = frozenset({Kind.ITEM, Kind.PACKAGE})
    seats: Seats = ()
    more: Seats = ()
    above_fen: int | None = None
    needs: tuple[str, ...] = ()
    apart: frozenset[Action] = frozenset()
    passkey: frozenset[Role] = frozenset()
    live: timedelta | None = None
    waits: timedelta = timedelta(hours=24)
    ages: timedelta | None = None
    while_held: bool = False

    def seats_for(self, value_fen: int) -> Seats:
        """The seats where the things together are worth so much."""
        extra = self.above_fen is not None and value_fen >= self.above_fen
        return self.seats + self.more if extra else self.seats

    def to(self, state: State) -> State:
        """Where it leads from `state`."""
        return self.target or state


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePack:
    """The rules in force: states, steps, who must be there, how long things may take, and each rule's wording.

    `decisions` are acts on something else than a thing, by name. `content` is the pack as it was written and signed.
    """

    name: str
    version: str
    hash: str
    effective_from: datetime | None
    states: Mapping[State, Mapping[str, Any]]
    steps: Mapping[tuple[State, Action], Step]
    decisions: Mapping[str, Step]
    rights: Mapping[str, frozenset[Role]]
    exclusive: tuple[frozenset[Role], ...]
    limits: Mapping[str, timedelta]
    refusals: Mapping[Reason, str]
    people_required: Mapping[Direction, int]
    presence: timedelta
    permit_longest: timedelta
    wording: Mapping[str, Mapping[str, str]]
    content: Mapping[str, Any] = field(repr=False)

    def refuse(self, reason: Reason, subject: str) -> Refused:
        """The refusal for `reason` with the rule this pack gives for it."""
        return Refused(reason, self.refusals[reason], subject)

    def step(self, thing: str, state: State, action: Action) -> Step | Refused:
        """The step that `action` is from `state`, or the refusal of a skipped or reversed step (J25)."""
        return self.steps.get((state, action)) or self.refuse(Reason.WRONG_STATE, thing)

    def starts(self, kind: Kind) -> list[State]:
        """The states in which a thing of `kind` may begin."""
        return [state for state, told in self.states.items() if kind.value in told.get("start", ())]

    def section(self, name: str) -> Mapping[str, Any]:
        """A section that only one room reads; empty where the pack has none."""
        found = self.content.get(name)
        return found if isinstance(found, Mapping) else {}

    def may(self, roles: frozenset[Role], right: str) -> bool:
        """Whether one of `roles` has `right`."""
        return not roles.isdisjoint(self.rights.get(right, ()))

    def clash(self, roles: frozenset[Role]) -> frozenset[Role] | None:
        """Roles among these that one person may not have together."""
        return next((pair for pair in self.exclusive if pair <= roles), None)
