"""A task: the cloud's leave to take one custody step at one station, also without a network, once, within a time.

It carries what the rule needs and a station cannot know by itself: in which state each thing is, and what the people
who may come are. The station asks the same rule as the cloud, with what it sees.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from custody.errors import TaskError
from custody.permits import parse_time, time_text
from custody.roles import Role
from custody.things import Action, Kind, State

TASK_TYPE = "sealtrail-task+jws"
"""The purpose a task's JWS is signed for."""

VERSION = 1


@dataclass(frozen=True, slots=True)
class TaskThing:
    """What the step is about: its kind, id, the issue number of its living label, and the state it is in.

    `past` is whose hand was on which step of it, as far as the step asks for other hands.
    """

    kind: Kind
    id: str
    issue: int
    state: State
    value_fen: int = 0
    method: str | None = None
    past: Mapping[Action, frozenset[str]] = field(default_factory=dict)

    def payload(self) -> dict[str, Any]:
        """Its part of the JSON object."""
        return {
            "kind": self.kind.value,
            "id": self.id,
            "issue": self.issue,
            "state": self.state.value,
            "value_fen": self.value_fen,
            "method": self.method,
            "past": {action.value: sorted(hands) for action, hands in self.past.items()},
        }

    @classmethod
    def from_payload(cls, told: Mapping[str, Any]) -> "TaskThing":
        """The same from its part. Raises KeyError, TypeError, ValueError, AttributeError for what is none."""
        method = told.get("method")
        return cls(
            kind=Kind(told["kind"]),
            id=str(told["id"]),
            issue=int(told["issue"]),
            state=State(told["state"]),
            value_fen=int(told.get("value_fen", 0)),
            method=None if method is None else str(method),
            past={Action(action): frozenset(map(str, hands)) for action, hands in told.get("past", {}).items()},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Leave to do `action` at `station`. Times are UTC; `slot` is where to, for steps that end in one; `details` is
    what else the step needs and the cloud knows already (see custody.details).

    `people` are the ids of those who may take part, with their roles; `rule_pack` is the hash in force for the things.
    """

    id: str
    site: str
    agent: str
    station: str
    action: Action
    things: tuple[TaskThing, ...]
    slot: str | None
    people: Mapping[str, tuple[Role, ...]]
    rule_pack: str
    not_before: datetime
    not_after: datetime
    details: Mapping[str, Any] = field(default_factory=dict)

    def payload(self) -> dict[str, Any]:
        """The JSON object that is signed."""
        payload: dict[str, Any] = {
            "v": VERSION,
            "id": self.id,
            "site": self.site,
            "agent": self.agent,
            "station": self.station,
            "action": self.action.value,
            "things": [thing.payload() for thing in self.things],
            "details": dict(self.details),
            "people": {person: [role.value for role in roles] for person, roles in self.people.items()},
            "rule_pack": self.rule_pack,
            "not_before": time_text(self.not_before),
            "not_after": time_text(self.not_after),
        }
        return payload if self.slot is None else {**payload, "slot": self.slot}

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> "Task":
        """The task in a verified JWS payload. Raises TaskError."""
        try:
            if payload["v"] != VERSION:
                raise TaskError(f"task version {payload['v']!r}")
            slot = payload.get("slot")
            task = cls(
                id=str(payload["id"]),
                site=str(payload["site"]),
                agent=str(payload["agent"]),
                station=str(payload["station"]),
                action=Action(payload["action"]),
                things=tuple(map(TaskThing.from_payload, payload["things"])),
                slot=None if slot is None else str(slot),
                people={str(one): tuple(map(Role, roles)) for one, roles in payload["people"].items()},
                rule_pack=str(payload["rule_pack"]),
                not_before=parse_time(payload["not_before"]),
                not_after=parse_time(payload["not_after"]),
                details=dict(payload.get("details", {})),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise TaskError(f"not a task: {error}") from error
        if not task.things:
            raise TaskError("a task without things")
        return task
