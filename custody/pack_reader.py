"""From what a rule pack's file says to the pack, or to everything that is wrong with it, each fault with its place."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from custody import alarm_rules, alarms, analysis_rules, conformity, reminder_rules, ticket_rules
from custody.corroboration import Sensor
from custody.decisions import Reason
from custody.details import CORRECTABLE, FORMS
from custody.doors import OPENS_FOR
from custody.doors import RULES as DOOR_RULES
from custody.errors import Fault, Path, RulePackError
from custody.first_format import as_second_format
from custody.pack_graph import graph_faults
from custody.roles import Role
from custody.rule_pack import GATE_VALID, RulePack, Seats, Step
from custody.things import Action, Direction, Kind, State
from custody.words import bilingual
from proof.canonical import canonical
from proof.errors import EncodingError

FORMAT = 2
ANY, SAME = "any", "same"
"""In `from`: every state that is not final; in `to`: where it was."""

E = TypeVar("E", bound=StrEnum)


def pack_hash(content: Mapping[str, Any]) -> str:
    """The name of a pack's content: hex SHA-256 of its canonical bytes."""
    return hashlib.sha256(canonical(content)).hexdigest()


def parse_rule_pack(content: Mapping[str, Any]) -> RulePack:
    """The pack that `content` (parsed YAML) describes. Raises RulePackError with every fault at once."""
    read = as_second_format(content) if "format" not in content else content
    pack, faults = _Reader(read, content).pack()
    if faults:
        raise RulePackError(faults)
    return pack


def start_faults(pack: RulePack, now: datetime) -> list[Fault]:
    """What is wrong with `pack` as one that is yet to be put in force: it may not begin in the past."""
    if pack.effective_from is None:
        return [Fault(("effective_from",), "must say from when on the pack is in force")]
    if pack.effective_from < now:
        return [
            Fault(("effective_from",), f"{pack.effective_from.isoformat()} is past: rules take effect only forward")
        ]
    return []


@dataclass
class _Reader:
    read: Mapping[str, Any]
    whole: Mapping[str, Any]
    faults: list[Fault] = field(default_factory=list)

    def pack(self) -> tuple[RulePack, list[Fault]]:
        read = self.read
        if read.get("format") != FORMAT:
            self.fault(("format",), f"must be {FORMAT}")
        wording = self.mapping(read, "rules")
        limits = dict(self.limits())
        states = self.states()
        steps, places = self.steps(states, limits)
        decisions = {
            name: step
            for name, row in self.mapping(read, "decisions").items()
            if (step := self.step({**row, "action": Action.CORRECT, "to": SAME}, ("decisions", name), limits, set()))
        }
        refusals = self.refusals()
        gate = self.mapping(read, "gate")
        people = self.mapping(gate, "people_required", ("gate",))
        self.worded(wording, steps, decisions, refusals)
        if self.read is self.whole:  # a pack of the first format had no ends
            self.faults += graph_faults(states, steps, places)
        pack = RulePack(
            name=str(read.get("name")), version=str(read.get("version")), hash=self.hash(),
            effective_from=self.time(read), states=states, steps=steps, decisions=decisions, rights=self.rights(),
            exclusive=tuple(self.seats(read.get("exclusive", []), ("exclusive",))), limits=limits, refusals=refusals,
            people_required={
                way: self.positive(people.get(way), ("gate", "people_required", way)) for way in Direction
            },
            presence=timedelta(seconds=self.positive(gate.get("presence_s"), ("gate", "presence_s"))),
            permit_longest=timedelta(hours=self.positive(gate.get("permit_longest_h"), ("gate", "permit_longest_h"))),
            wording=wording, content=self.whole,
        )  # fmt: skip
        self.cross_checks()
        return pack, self.faults

    def fault(self, at: Path, problem: str) -> None:
        if (found := Fault(at, problem)) not in self.faults:
            self.faults.append(found)

    def hash(self) -> str:
        try:
            return pack_hash(self.whole)
        except EncodingError as error:
            self.fault((), f"holds what JSON cannot say: {error}")
            return ""

    def mapping(self, inside: Mapping[str, Any], name: str, at: Path = ()) -> Mapping[str, Any]:
        value = inside.get(name)
        if isinstance(value, Mapping):
            return value
        self.fault((*at, name), "missing, or not a mapping")
        return {}

    def member(self, kind: type[E], value: object, at: Path, what: str) -> E | None:
        try:
            return kind(str(value))
        except ValueError:
            self.fault(at, f"{value!r} is no {what}")
            return None

    def members(self, kind: type[E], values: object, at: Path, what: str) -> list[E]:
        if not isinstance(values, list):
            self.fault(at, "must be a list")
            return []
        found = [self.member(kind, value, (*at, number), what) for number, value in enumerate(values)]
        return [value for value in found if value is not None]

    def positive(self, value: object, at: Path) -> int:
        if type(value) is int and value > 0:
            return value
        self.fault(at, "must be a whole number above 0")
        return 1

    def time(self, read: Mapping[str, Any]) -> datetime | None:
        if "effective_from" not in read:
            return None
        try:
            at = datetime.fromisoformat(str(read["effective_from"]))
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            self.fault(("effective_from",), 'must be a time in quotes, such as "2026-12-01T00:00:00Z"')
        return at

    def limits(self) -> Iterator[tuple[str, timedelta]]:
        for name, row in self.mapping(self.read, "limits").items():
            units = [unit for unit in ("hours", "days") if isinstance(row, Mapping) and unit in row]
            if len(units) != 1:
                self.fault(("limits", name), "must say hours or days")
                continue
            yield name, timedelta(**{units[0]: self.positive(row[units[0]], ("limits", name, units[0]))})
            if not bilingual(row.get("basis")):
                self.fault(("limits", name, "basis"), "must say in zh and en on what it is based")

    def states(self) -> dict[State, Mapping[str, Any]]:
        found: dict[State, Mapping[str, Any]] = {}
        for name, told in self.mapping(self.read, "states").items():
            state = self.member(State, name, ("states", name), "state")
            if not bilingual(told):
                self.fault(("states", name), "needs its name in zh and en")
            elif state is not None:
                found[state] = told
                self.members(Kind, told.get("start", []), ("states", name, "start"), "kind of thing")
        return found

    def steps(
        self, states: Mapping[State, Mapping[str, Any]], limits: Mapping[str, timedelta]
    ) -> tuple[dict[tuple[State, Action], Step], dict[Action, Path]]:
        found: dict[tuple[State, Action], Step] = {}
        places: dict[Action, Path] = {}
        rows = self.read.get("steps")
        if not isinstance(rows, list) or not rows:
            self.fault(("steps",), "missing, or not a list")
            return found, places
        for number, row in enumerate(rows):
            at: Path = ("steps", number)
            if not isinstance(row, Mapping):
                self.fault(at, "not a mapping")
                continue
            step = self.step(row, at, limits, set(states))
            if step is None:
                continue
            for state in (each for each in State if each in step.sources):  # in one order, whatever the hashes
                if (state, step.action) in found:
                    self.fault(at, f"a second way to {step.action} from {state}")
                found[state, step.action] = step
                places.setdefault(step.action, at)
        return found, places

    def step(
        self, row: Mapping[str, Any], at: Path, limits: Mapping[str, timedelta], states: set[State]
    ) -> Step | None:
        unknown = sorted(set(row) - _STEP_KEYS)
        for name in unknown:
            self.fault((*at, name), "is not known")
        action = self.member(Action, row.get("action"), (*at, "action"), "action")
        by_gate = row.get("by") == "gate"
        seats = self.seats(row.get("seats", []), (*at, "seats"))
        if not by_gate and not seats:
            self.fault((*at, "seats"), "at least one hand is needed")
        needs = row.get("needs", [])
        for number, need in enumerate(needs):
            if need not in FORMS:
                self.fault((*at, "needs", number), f"{need!r} is no detail; there are {', '.join(sorted(FORMS))}")
        if row.get("by") not in (None, "gate"):
            self.fault((*at, "by"), "may only be gate")
        if action is None:
            return None
        live = row.get("live_s")
        return Step(
            action=action, sources=self.sources(row, at, states), target=self.target(row, at, states),
            rule=str(row.get("rule")), by_gate=by_gate,
            kinds=frozenset(self.members(Kind, row.get("kinds", ["item", "package"]), (*at, "kinds"), "kind of thing")),
            seats=seats, more=self.seats(row.get("more", []), (*at, "more")),
            above_fen=self.positive(row["above_fen"], (*at, "above_fen")) if "above_fen" in row else None,
            needs=tuple(needs), while_held=bool(row.get("held", False)),
            apart=frozenset(self.members(Action, row.get("apart", []), (*at, "apart"), "action")),
            passkey=frozenset(self.members(Role, row.get("passkey", []), (*at, "passkey"), "role")),
            live=None if live is None else timedelta(seconds=self.positive(live, (*at, "live_s"))),
            waits=self.limit(row.get("waits", "hands"), (*at, "waits"), limits) or timedelta(hours=24),
            ages=self.limit(row["ages"], (*at, "ages"), limits) if "ages" in row else None,
        )  # fmt: skip

    def sources(self, row: Mapping[str, Any], at: Path, states: set[State]) -> frozenset[State]:
        named = row.get("from", [])
        if named == ANY:
            final = {name for name, told in self.mapping(self.read, "states").items() if told.get("final")}
            return frozenset(state for state in states if state.value not in final)
        found = self.members(State, named, (*at, "from"), "state")
        for state in found:
            if state not in states:
                self.fault((*at, "from"), f"{state} is not among the states")
        return frozenset(found)

    def target(self, row: Mapping[str, Any], at: Path, states: set[State]) -> State | None:
        if row.get("to") == SAME:
            return None
        found = self.member(State, row.get("to"), (*at, "to"), "state")
        if found is not None and found not in states:
            self.fault((*at, "to"), f"{found} is not among the states")
        return found

    def limit(self, name: object, at: Path, limits: Mapping[str, timedelta]) -> timedelta | None:
        if name not in limits:
            self.fault(at, f"{name!r} is no limit")
        return limits.get(str(name))

    def seats(self, rows: object, at: Path) -> Seats:
        if not isinstance(rows, list):
            self.fault(at, "must be a list of lists of roles")
            return ()
        found = [frozenset(self.members(Role, row, (*at, number), "role")) for number, row in enumerate(rows)]
        for number, row in enumerate(rows):
            if row == []:
                self.fault((*at, number), "nobody may sit there")
        return tuple(found)

    def rights(self) -> dict[str, frozenset[Role]]:
        rows = self.mapping(self.read, "rights")
        return {name: frozenset(self.members(Role, row, ("rights", name), "role")) for name, row in rows.items()}

    def refusals(self) -> dict[Reason, str]:
        stated = self.mapping(self.read, "refusals")
        for name in stated:
            self.member(Reason, name, ("refusals", name), "reason")
        for reason in Reason:
            if reason not in stated:
                self.fault(("refusals",), f"no rule for {reason}")
        return {reason: str(stated.get(reason)) for reason in Reason}

    def worded(
        self, wording: Mapping[str, Any], steps: Mapping[tuple[State, Action], Step], decisions: Mapping[str, Step],
        refusals: Mapping[Reason, str],
    ) -> None:  # fmt: skip
        rules = [*(step.rule for step in (*steps.values(), *decisions.values())), *refusals.values(), GATE_VALID]
        for rule in dict.fromkeys(rules):
            if not bilingual(wording.get(rule)):
                self.fault(("rules", rule), "has no wording in zh and en")

    def cross_checks(self) -> None:
        """What one section says of another."""
        if self.read is not self.whole:
            return
        rows = self.read.get("steps")
        steps = [row.get("action") for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
        acts = [*steps, *self.mapping(self.read, "decisions")]
        named: dict[str, list[Any]] = {"roles": list(Role), "actions": acts}
        for section, names in named.items():
            for name in dict.fromkeys(names):
                if not bilingual(self.mapping(self.read, section).get(name)):
                    self.fault((section, str(name)), "needs its name in zh and en")
        zones = self.mapping(self.read, "zones")
        for name, row in self.mapping(self.read, "goods").items():
            for number, zone in enumerate(row.get("zones", []) if isinstance(row, Mapping) else []):
                if zone not in zones:
                    self.fault(("goods", name, "zones", number), f"{zone!r} is no zone class")
        self.corroboration()
        self.break_glass()
        self.doors()
        if "construction" in self.read:
            wording = self.mapping(self.read, "rules")
            self.faults += conformity.faults(self.read["construction"], zones, wording)
        if "alarms" in self.read:
            self.faults += alarms.faults(self.read["alarms"])
        if alarm_rules.SECTION in self.read:
            self.faults += alarm_rules.faults(self.read[alarm_rules.SECTION])
        if "tickets" in self.read:
            self.faults += ticket_rules.faults(self.read["tickets"])
        if reminder_rules.SECTION in self.read:
            self.faults += reminder_rules.faults(self.read[reminder_rules.SECTION])
        if analysis_rules.SECTION in self.read:
            self.faults += analysis_rules.faults(self.read[analysis_rules.SECTION])
        self.seals()

    def seals(self) -> None:
        """What a seal looks like and what it fixes; a pack may say nothing of the latter."""
        told = self.mapping(self.read, "seals")
        try:
            re.compile(str(told.get("number")))
        except re.error as error:
            self.fault(("seals", "number"), f"no regular expression: {error}")
        fixes = told.get("fixes", [])
        if not isinstance(fixes, list) or not set(map(str, fixes)) <= set(CORRECTABLE):
            self.fault(("seals", "fixes"), f"must be a list of some of {', '.join(CORRECTABLE)}")

    def corroboration(self) -> None:
        """Which sensors a step needs; a pack may say nothing of it."""
        if "corroboration" not in self.read:
            return
        told = self.mapping(self.read, "corroboration")
        self.positive(told.get("window_s"), ("corroboration", "window_s"))
        for name, groups in self.mapping(told, "sensors", ("corroboration",)).items():
            at: Path = ("corroboration", "sensors", name)
            self.member(Action, name, at, "action")
            for number, group in enumerate(groups if isinstance(groups, list) else ["no list"]):
                self.members(Sensor, group, (*at, number), "kind of sensor")

    def break_glass(self) -> None:
        """How an opening by break-glass is looked into; a pack may say nothing of it."""
        told = self.read.get("break_glass", {})
        if not isinstance(told, Mapping):
            return self.fault(("break_glass",), "not a mapping")
        if "review" in told and told["review"] not in self.mapping(self.read, "limits"):
            self.fault(("break_glass", "review"), f"{told['review']!r} is no limit")
        for name, zones in (self.mapping(told, "zones", ("break_glass",)) if "zones" in told else {}).items():
            if not isinstance(zones, list):
                self.fault(("break_glass", "zones", name), "must be a list of names of zones")
        return None

    def doors(self) -> None:
        """What doors open for and how long; a pack may say nothing of it."""
        if "doors" not in self.read:
            return
        told, wording = self.mapping(self.read, "doors"), self.mapping(self.read, "rules")
        for name in ("people_required", "held_open_s", "stay_s"):
            self.positive(told.get(name), ("doors", name))
        self.members(Role, told.get("roles"), ("doors", "roles"), "role")
        opens_for = told.get("opens_for")
        if not isinstance(opens_for, list) or not opens_for or not set(map(str, opens_for)) <= set(OPENS_FOR):
            self.fault(("doors", "opens_for"), f"must be a list of some of {', '.join(OPENS_FOR)}")
        for rule in DOOR_RULES:
            if not bilingual(wording.get(rule)):
                self.fault(("rules", rule), "has no wording in zh and en")


_STEP_KEYS = {
    "action", "from", "to", "by", "kinds", "seats", "more", "above_fen", "needs", "apart", "passkey", "live_s", "waits",
    "ages", "held", "rule",
}  # fmt: skip
