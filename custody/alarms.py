"""Who hears of an alarm, and who else when nobody takes notice of it in time (N13). Pure.

The pack's section `alarms` has a chain of rungs for each severity, how long an alarm may be set aside, the codes by
which one is over, and which alarms have to be answered even when they are over by themselves. A pack may say nothing of
it: then whoever may clear alarms hears of all of them, and what is over by itself needs no answer.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from custody.errors import Fault
from custody.roles import Role
from custody.rule_pack import RulePack
from custody.words import bilingual

SEVERITIES = ("info", "warning", "major", "critical")
LONGEST_ANSWER_H = 24 * 366


@dataclass(frozen=True, slots=True)
class Rung:
    """Who hears of an alarm that nobody took notice of for so long."""

    after: timedelta
    roles: frozenset[Role]


def chain_of(pack: RulePack, severity: str) -> tuple[Rung, ...]:
    """The rungs for `severity`, the first at once."""
    told = pack.section("alarms").get("chains", {}).get(severity, ())
    return tuple(
        Rung(timedelta(seconds=rung["after_s"]), frozenset(map(Role, rung["roles"]))) for rung in told
    ) or (Rung(timedelta(0), pack.rights.get("clear_alarm", frozenset())),)  # fmt: skip


def level_at(pack: RulePack, severity: str, waited: timedelta) -> int:
    """Which rung an alarm is on that nobody took notice of for `waited`: 0 is the first."""
    return max(number for number, rung in enumerate(chain_of(pack, severity)) if number == 0 or rung.after <= waited)


def hears(pack: RulePack, roles: frozenset[Role]) -> dict[str, int]:
    """Severity → the level from which on these roles hear of an alarm; one of which they never do is left out."""
    found = {}
    for severity in SEVERITIES:
        levels = [number for number, rung in enumerate(chain_of(pack, severity)) if roles & rung.roles]
        if levels:
            found[severity] = levels[0]
    return found


def longest_shelving(pack: RulePack) -> timedelta:
    """For how long an alarm may be set aside."""
    return timedelta(hours=pack.section("alarms").get("shelve_longest_h", 24))


def clear_codes(pack: RulePack) -> Mapping[str, Mapping[str, str]] | None:
    """Why an alarm may be over, each in both languages; None: the pack does not say, any code will do."""
    found: Mapping[str, Mapping[str, str]] | None = pack.section("alarms").get("clear_codes")
    return found


def answer_within(pack: RulePack) -> Mapping[str, timedelta]:
    """Severity → how long after it was over by itself an alarm has to be answered; one that need not be is left out."""
    told = pack.section("alarms").get("answers", {})
    return {severity: timedelta(hours=told["within_h"]) for severity in told.get("severities", ())}


def waited(raised_at: datetime, shelved_until: datetime | None, now: datetime) -> timedelta:
    """For how long nobody took notice: what was set aside counts from when that ended."""
    return now - max(raised_at, shelved_until or raised_at)


def faults(told: object) -> Iterator[Fault]:
    """What is wrong with `told`, a pack's section `alarms`."""
    if not isinstance(told, Mapping):
        yield Fault(("alarms",), "not a mapping")
        return
    chains, hours = told.get("chains"), told.get("shelve_longest_h")
    for severity in SEVERITIES:
        yield from _chain_faults(severity, chains.get(severity) if isinstance(chains, Mapping) else None)
    if type(hours) is not int or hours < 1:
        yield Fault(("alarms", "shelve_longest_h"), "must be a whole number above 0")
    if "answers" in told:
        yield from _answer_faults(told["answers"])
    codes = told.get("clear_codes")
    if not isinstance(codes, Mapping) or not codes:
        yield Fault(("alarms", "clear_codes"), "missing, or not a mapping")
        return
    for code, words in codes.items():
        if not bilingual(words):
            yield Fault(("alarms", "clear_codes", code), "needs its name in zh and en")


def _chain_faults(severity: str, rungs: Any) -> Iterator[Fault]:
    at = ("alarms", "chains", severity)
    if not isinstance(rungs, list) or not rungs:
        yield Fault(at, "missing, or not a list")
        return
    before, roles = -1, {role.value for role in Role}
    for number, rung in enumerate(rungs):
        if not isinstance(rung, Mapping):
            yield Fault((*at, number), "not a mapping")
            continue
        after, named = rung.get("after_s"), rung.get("roles")
        if type(after) is not int or after <= before or (number == 0 and after != 0):
            yield Fault((*at, number, "after_s"), "must be 0 in the first, and more than in the one before")
        else:
            before = after
        if not isinstance(named, list) or not named:
            yield Fault((*at, number, "roles"), "nobody would hear of it")
            continue
        for place, role in enumerate(named):
            if role not in roles:
                yield Fault((*at, number, "roles", place), f"{role!r} is no role")


def _answer_faults(told: object) -> Iterator[Fault]:
    at = ("alarms", "answers")
    if not isinstance(told, Mapping) or set(told) != {"severities", "within_h"}:
        yield Fault(at, "has severities and within_h")
        return
    hours, named = told["within_h"], told["severities"]
    if type(hours) is not int or not 1 <= hours <= LONGEST_ANSWER_H:
        yield Fault((*at, "within_h"), f"must be whole hours from 1 to {LONGEST_ANSWER_H}")
    if not isinstance(named, list) or not named or any(each not in SEVERITIES for each in named):
        yield Fault((*at, "severities"), f"must be some of {', '.join(SEVERITIES)}")
