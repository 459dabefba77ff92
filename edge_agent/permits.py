"""What this agent may let pass: permits, what was spent of them, holds. In memory for deciding, on disk with facts.

Nothing here changes but together with a fact: a Change gives its effects to the journal, and is made true in memory
once the fact is on disk. `lock` is held from looking to recording, so that two gates never spend one permit.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from custody.decisions import Use
from custody.permits import PERMIT_TYPE, Permit, time_text
from edge_agent.store import Effect, Reads
from proof import jws
from proof.errors import ProofError


@dataclass(frozen=True, slots=True)
class Change:
    """Effects for the journal, and what to do when they are on disk."""

    effects: tuple[Effect, ...]
    make_true: Callable[[], None]


NOTHING = Change((), lambda: None)


class PermitBook:
    """The permits of one agent. Everything but `lock` and `changes` is to be used while holding it."""

    def __init__(self, reads: Reads, agent: str, find_key: jws.FindKey) -> None:
        self.lock = threading.Lock()
        self.changes = 0
        """How often a permit came or went; to be read without the lock."""
        self.spent = {Use(permit, thing) for permit, thing in reads.rows("spent")}
        self._agent, self._find_key = agent, find_key
        self._revoked = {permit for (permit,) in reads.rows("revoked")}
        self._holds = {thing: (bool(held), at) for thing, held, at in reads.rows("holds")}
        self._permits: dict[str, Permit] = {}
        self._by_thing: dict[str, dict[str, Permit]] = {}
        for (token,) in reads.rows("permits"):
            try:
                self._keep(self.read(token))
            except ProofError:  # its key is no longer trusted
                continue

    @property
    def holds(self) -> set[str]:
        """The things under hold."""
        return {thing for thing, (held, _) in self._holds.items() if held}

    def permits_for(self, things: Iterable[str]) -> list[Permit]:
        """The permits that name any of `things`, or a package that one of them is in."""
        found = {id_: permit for thing in things for id_, permit in self._by_thing.get(thing, {}).items()}
        return list(found.values())

    def permits_at(self, stations: Collection[str]) -> list[Permit]:
        """The permits that name any of `stations`."""
        return [permit for permit in self._permits.values() if not set(stations).isdisjoint(permit.stations)]

    def read(self, token: str) -> Permit:
        """The genuine permit in `token`. Raises ProofError, or PermitError for one of another version."""
        return Permit.from_payload(jws.verify(token, self._find_key, PERMIT_TYPE))

    def add(self, token: str) -> Change | str:
        """Takes a permit, or says why not. Raises ProofError, PermitError."""
        permit = self.read(token)
        if permit.agent != self._agent:
            return f"the permit is for {permit.agent}"
        if permit.id in self._revoked:
            return "the permit was revoked"
        values = {"id": permit.id, "jws": token, "not_after": time_text(permit.not_after)}
        return Change((Effect("add_permit", values),), lambda: self._keep(permit))

    def revoke(self, permit: str) -> Change:
        """Takes a permit away for ever, also one that has not come yet."""
        values = {"permit": permit}
        return Change((Effect("drop_permit", values), Effect("add_revoked", values)), lambda: self._drop(permit))

    def set_hold(self, things: Sequence[str], held: bool, at: str) -> Change:
        """Holds `things`, or lifts their holds, as of the order's time `at`; a later order stands."""
        newer = [thing for thing in things if at >= self._holds.get(thing, (False, ""))[1]]
        effects = (Effect("set_hold", {"thing": thing, "held": held, "at": at}) for thing in newer)
        return Change(tuple(effects), lambda: self._holds.update(dict.fromkeys(newer, (held, at))))

    def spend(self, uses: Sequence[Use]) -> Change:
        """Uses permits up."""
        return Change(_each("spend", uses), lambda: self.spent.update(uses))

    def unspend(self, uses: Sequence[Use]) -> Change:
        """Gives them back: nobody went through."""
        return Change(_each("unspend", uses), lambda: self.spent.difference_update(uses))

    def _keep(self, permit: Permit) -> None:
        self.changes += 1
        self._permits[permit.id] = permit
        for thing in _named(permit):
            self._by_thing.setdefault(thing, {})[permit.id] = permit

    def _drop(self, id_: str) -> None:
        self.changes += 1
        self._revoked.add(id_)
        permit = self._permits.pop(id_, None)
        for thing in _named(permit) if permit else ():
            self._by_thing[thing].pop(id_, None)


def _named(permit: Permit) -> set[str]:
    return {thing.id for thing in permit.things}.union(*(thing.contents for thing in permit.things))


def _each(name: str, uses: Sequence[Use]) -> tuple[Effect, ...]:
    return tuple(Effect(name, {"permit": use.permit, "thing": use.thing}) for use in uses)
