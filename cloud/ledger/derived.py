"""What the tables must say, computed anew from the log alone: every record and fact is taken in order.

Written apart from the code that keeps the tables, so that a fault in either shows. Rows are plain:
table → key → column.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cloud.ledger import (
    derived_alarms,
    derived_doors,
    derived_exceptions,
    derived_imports,
    derived_joining,
    derived_people,
    derived_printing,
    derived_racks,
    derived_releases,
    derived_reminders,
    derived_sensors,
    derived_tickets,
    derived_webhooks,
)
from cloud.ledger.derived_stock_takes import TAKE as STOCK_TAKES
from cloud.ledger.faults import LedgerFaultError
from custody.decisions import Refused
from custody.permits import parse_time
from custody.rule_pack import RulePack
from custody.things import Action, State
from proof.keyring import KEY_BORN, KEY_ENDED
from proof.keys import VerifyKey

Row = dict[str, Any]

ERASED_KIND = "content_erased"
PROPOSED_KIND = "erasure_proposed"
STEPS = {
    "release_approved": Action.APPROVE_RELEASE,
    "release_withdrawn": Action.WITHDRAW_RELEASE,
    "item_shelved": Action.SHELVE,
}
"""Records of a step that things took, and the action that it was."""


@dataclass(slots=True)
class Derived:
    """The tables of `site` as far as the log was read; `unsure` names what erased contents leave open."""

    site: str
    tables: dict[str, dict[str, Row]] = field(default_factory=dict)
    inside: dict[str, list[str]] = field(default_factory=dict)
    """package → items in it"""
    living: dict[str, str] = field(default_factory=dict)
    """cause and place of a living alarm → its key"""
    open_passages: dict[str, Row] = field(default_factory=dict)
    """agent and seq of an allowed decision whose end is not told yet → its passage"""
    ends: dict[str, list[int | None]] = field(default_factory=dict)
    """entry of a passage → where the table says it was crossed and abandoned, until the log tells it"""
    unsure: set[str] = field(default_factory=set)
    hands: dict[str, set[str]] = field(default_factory=dict)
    """thing and action → whose hand was on it"""
    passages: int = 0
    doors_from: int = 0
    """the same of the rows about doors"""
    sensed_from: int = 0
    """the first entry of which what sensors told was kept: later than 0 where an older program began the ledger"""

    def table(self, name: str) -> dict[str, Row]:
        """The rows of table `name`."""
        return self.tables.setdefault(name, {})

    def thing(self, name: str) -> Row | None:
        """The row of an item or package."""
        return self.table("item").get(name) or self.table("package").get(name)

    def with_contents(self, things: list[str]) -> set[str]:
        """`things` and the items in those that are packages."""
        return set(things).union(*(self.inside.get(thing, ()) for thing in things))

    def held(self, thing: str) -> bool:
        """Whether a hold names it, what is in it, or what it is in."""
        holds, item = self.table("hold"), self.table("item").get(thing)
        within = item is not None and item["package_id"] in holds
        return thing in holds or within or any(one in holds for one in self.inside.get(thing, ()))


@dataclass(frozen=True, slots=True)
class Told:
    """A record as it is taken: `at` as the entry writes it."""

    index: int
    kind: str
    at: str
    content: Mapping[str, Any]

    @property
    def actor(self) -> str:
        """Who acted."""
        return str(self.content["actor"])


Packs = Mapping[str, RulePack]


def take_record(derived: Derived, told: Told, packs: Packs) -> set[str] | None:
    """Takes a record; returns the things it is filed under, None for a kind that this program does not derive from."""
    take = _TAKE.get(told.kind)
    if take is not None:
        return take(derived, told)
    if told.kind in STEPS:
        return _step(derived, told, packs)
    if told.kind == "package_sealed":
        return _sealed(derived, told, packs)
    return None


def _case(derived: Derived, told: Told) -> set[str]:
    content = told.content
    derived.table("evidence_case")[content["case"]] = {
        "number": content["number"], "title": content["title"], "rule_pack": content["rule_pack"],
        "opened_at": parse_time(told.at), "opened_by": told.actor, "index": told.index,
        "parties": content.get("parties", []), "vehicles": content.get("vehicles", []), "scene": content.get("scene"),
        "corrected_index": None,
    }  # fmt: skip
    return {content["case"]}


def _item(derived: Derived, told: Told) -> set[str]:
    content = told.content
    derived.table("item")[content["item"]] = {
        "case_id": content["case"], "name": content["name"], "quantity": content["quantity"], "unit": content["unit"],
        "goods": content.get("goods", "tobacco"), "value_fen": content.get("value_fen", 0),
        "brand": content.get("brand"), "sku": content.get("sku"),
        "state": State.INTAKE.value, "package_id": None, "index": told.index, "corrected_index": None,
    }  # fmt: skip
    _hand_on(derived, [content["item"]], Action.REGISTER, told.actor)
    return {content["item"], content["case"]}


def _hand_on(derived: Derived, things: list[str], action: Action, person: str) -> None:
    for thing in things:
        derived.table("thing_hand")[f"{thing} {action.value} {person}"] = {}
        derived.hands.setdefault(f"{thing} {action.value}", set()).add(person)


def pack_of(derived: Derived, row: Row, packs: Packs) -> RulePack | None:
    """The rules that the case of an item or package was opened under."""
    case = derived.table("evidence_case").get(row["case_id"])
    return None if case is None else packs.get(case["rule_pack"])


def step_of(derived: Derived, thing: str, action: Action, packs: Packs) -> str | None:
    """The state that `action` leads `thing` to; None where it may not be done, or nothing is known of it."""
    row = derived.thing(thing)
    pack = None if row is None else pack_of(derived, row, packs)
    if row is None or pack is None:
        return None
    step = pack.step(thing, State(row["state"]), action)
    return None if isinstance(step, Refused) else step.to(State(row["state"])).value


def _must_step(derived: Derived, told: Told, thing: str, action: Action, packs: Packs) -> str | None:
    state = step_of(derived, thing, action, packs)
    if state is None and thing not in derived.unsure:
        problem = f"{action.value} of {thing}, which the rules do not allow then"
        raise LedgerFaultError("step_not_allowed", problem, told.index, thing)
    return state


def _sealed(derived: Derived, told: Told, packs: Packs) -> set[str]:
    content, index = told.content, told.index
    states = [_must_step(derived, told, item, Action.SEAL, packs) for item in content["items"]]
    state = next((state for state in states if state), State.SEALED.value)
    package = content["package"]
    derived.table("package")[package] = {
        "case_id": content["case"], "seal_number": content["seal_number"], "state": state, "index": index,
    }  # fmt: skip
    derived.inside[package] = list(content["items"])
    for name in content["items"]:
        item = derived.table("item").get(name)
        if item is not None:
            item.update(package_id=package, state=state, index=index)
    _hand_on(derived, [package, *content["items"]], Action.SEAL, told.actor)
    return {package, content["case"], *content["items"]}


def _step(derived: Derived, told: Told, packs: Packs) -> set[str]:
    moved: set[str] = set()
    for thing in told.content["things"]:
        state, row = _must_step(derived, told, thing, STEPS[told.kind], packs), derived.thing(thing)
        if row is None or state is None:
            continue
        was = row["state"]
        going = [thing]
        for name in derived.inside.get(thing, ()):
            item = derived.table("item").get(name)
            if item is not None and item["state"] == was:
                going.append(name)
        for name in going:
            place(derived, name, state, told.index)
        moved.update(going)
    return moved


def place(derived: Derived, thing: str, state: str, index: int) -> None:
    """`thing` is in `state` as of entry `index`."""
    row = derived.thing(thing)
    if row is not None:
        row.update(state=state, index=index)


def _touch(derived: Derived, things: list[str], index: int) -> None:
    for thing in things:
        row = derived.thing(thing)
        if row is not None:
            row["index"] = index


def _label(derived: Derived, told: Told) -> set[str]:
    thing, issue = told.content["thing"], told.content["issue"]
    row = {"kind": told.content["kind"], "issued_at": parse_time(told.at), "index": told.index}
    derived.table("label")[f"{thing} {issue}"] = row
    _touch(derived, [thing], told.index)
    return {thing}


def _hold(derived: Derived, told: Told) -> set[str]:
    named = list(told.content["things"])
    near = derived.with_contents(named)
    for thing in named:
        item = derived.table("item").get(thing)
        if item is not None and item["package_id"]:
            near.add(item["package_id"])
    before = {thing: derived.held(thing) for thing in near}
    for thing in named:
        if told.kind == "hold_lifted":
            derived.table("hold").pop(thing, None)
        else:
            row = {"reason": told.content["reason"], "placed_by": told.actor, "index": told.index}
            derived.table("hold")[thing] = row
    about = {*named, *(thing for thing in near if derived.held(thing) != before[thing])}
    _touch(derived, list(about), told.index)
    return about


def _permit(derived: Derived, told: Told) -> set[str]:
    payload = told.content["permit"]
    things = [thing["id"] for thing in payload["things"]]
    derived.table("permit")[payload["id"]] = {
        "agent": payload["agent"], "direction": payload["direction"], "not_before": parse_time(payload["not_before"]),
        "not_after": parse_time(payload["not_after"]), "payload": payload, "granted_by": told.actor,
        "revoked_at": None, "index": told.index,
    }  # fmt: skip
    for thing in things:
        derived.table("permit_thing")[f"{payload['id']} {thing}"] = {"spent_index": None}
    _touch(derived, things, told.index)
    return {payload["id"], *things}


def _permit_revoked(derived: Derived, told: Told) -> set[str]:
    name = told.content["permit"]
    row = derived.table("permit").get(name)
    if row is None:
        return {name}
    row["revoked_at"] = parse_time(told.at)
    return {name, *(thing["id"] for thing in row["payload"]["things"])}


def _quarantined(derived: Derived, told: Told) -> set[str]:
    content = told.content
    derived.table("quarantine")[f"{content['sha256']} {content['reason']} {content['topic']}"] = {
        "bytes": content["bytes"]
    }
    return set()


def _agent(derived: Derived, told: Told) -> set[str]:
    derived.table("agent")[told.content["agent"]] = {
        "added_at": parse_time(told.at), "public_key": VerifyKey.from_text(told.content["public_key"]).raw,
        "revoked_at": None,
    }  # fmt: skip
    return set()


def _key_born(derived: Derived, told: Told) -> None:
    content, key = told.content, VerifyKey.from_text(told.content["public_key"])
    derived.table("key_life")[f"{content['role']} {content['owner']} {key.kid}"] = {
        "public_key": key.raw, "born": told.index, "ended": None, "why": None,
    }  # fmt: skip


def _key_ended(derived: Derived, told: Told) -> None:
    content = told.content
    row = derived.table("key_life").get(f"{content['role']} {content['owner']} {content['kid']}")
    if row is not None:
        row.update(ended=told.index, why=content["why"])


def _erased(derived: Derived, told: Told) -> None:
    for index in told.content["indexes"]:
        derived.table("erasure")[str(index)] = {"entry": told.index}


_TAKE: dict[str, Callable[[Derived, Told], set[str] | None]] = {
    "case_opened": _case,
    "item_registered": _item,
    "label_issued": _label,
    "hold_placed": _hold,
    "hold_lifted": _hold,
    "permit_granted": _permit,
    "permit_revoked": _permit_revoked,
    "batch_quarantined": _quarantined,
    "agent_added": _agent,
    **derived_alarms.TAKE,
    **derived_people.TAKE,
    **derived_joining.TAKE,
    **derived_releases.TAKE,
    **derived_imports.TAKE,
    **derived_sensors.TAKE,
    **derived_exceptions.TAKE,
    **derived_doors.TAKE,
    **derived_racks.TAKE,
    **derived_printing.TAKE,
    **derived_tickets.TAKE,
    **derived_reminders.TAKE,
    **derived_webhooks.TAKE,
    KEY_BORN: _key_born,
    KEY_ENDED: _key_ended,
    ERASED_KIND: _erased,
    **STOCK_TAKES,
}
