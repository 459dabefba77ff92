"""The rule pack's section `tickets`: read, and every fault of it told with its place. Pure."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from custody import ticket_routing
from custody.alarms import SEVERITIES
from custody.business_time import Calendar
from custody.errors import Fault, Path
from custody.roles import Role
from custody.rule_pack import RulePack
from custody.tickets import Clock, Persisting, TicketRules, TicketType, Tier
from custody.words import bilingual

STAGES = ("check", "reply", "evaluate")
WHO = ("open", "answer", "evaluate", "supervise")
COUNTS = ("natural", "working")

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_ROLES = tuple(role.value for role in Role)
_TIERS = tuple(tier.value for tier in Tier)


def rules_of(pack: RulePack) -> TicketRules | None:
    """What `pack` says of tickets; None where it says nothing, and none can be opened."""
    told = pack.section("tickets")
    if not told:
        return None
    return TicketRules(
        types={
            name: TicketType(zh=row["zh"], en=row["en"], lasts=_hours(row.get("hours", {})))
            for name, row in told["types"].items()
        },
        clocks={
            stage: Clock(lasts=timedelta(hours=row["hours"]), working=row["count"] == "working", basis=row["basis"])
            for stage, row in told["clocks"].items()
        },
        calendar=_calendar(told["calendar"]),
        who={what: frozenset(map(Role, told["who"][what])) for what in WHO},
        persisting={
            severity: Persisting(after=timedelta(seconds=row["after_s"]), type=row["type"])
            for severity, row in told.get("persisting", {}).items()
        },
        remind=timedelta(hours=told["remind_h"]),
        homes={Tier(tier): frozenset(map(Role, named)) for tier, named in told.get("homes", {}).items()},
        routing=ticket_routing.routes_of(told.get("routing", ())),
    )


def _hours(told: Mapping[str, int]) -> dict[str, timedelta]:
    return {stage: timedelta(hours=hours) for stage, hours in told.items()}


def _calendar(told: Mapping[str, Any]) -> Calendar:
    return Calendar(
        zone=ZoneInfo(told["zone"]),
        weekdays=frozenset(told["weekdays"]),
        shifts=tuple((time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in told["shifts"]),
        holidays=frozenset(map(date.fromisoformat, told.get("holidays", ()))),
        workdays=frozenset(map(date.fromisoformat, told.get("workdays", ()))),
    )


def faults(told: object) -> Iterator[Fault]:
    """What is wrong with `told`, a pack's section `tickets`."""
    if not isinstance(told, Mapping) or not told:
        yield Fault(("tickets",), "not a mapping, or an empty one")
        return
    yield from _type_faults(told.get("types"))
    yield from _clock_faults(told.get("clocks"))
    yield from _calendar_faults(told.get("calendar"))
    for what in WHO:
        yield from _role_faults(("tickets", "who", what), _member(told.get("who"), what))
    yield from _home_faults(told.get("homes", {}))
    answer = _member(told.get("who"), "answer")
    yield from ticket_routing.faults(told.get("routing", []), told.get("types"), answer)
    yield from _persisting_faults(told.get("persisting", {}), told.get("types"))
    if not _whole(told.get("remind_h")):
        yield Fault(("tickets", "remind_h"), "must be a whole number above 0")


def _whole(value: object) -> bool:
    return type(value) is int and value > 0


def _type_faults(types: object) -> Iterator[Fault]:
    if not isinstance(types, Mapping) or not types:
        yield Fault(("tickets", "types"), "missing, or not a mapping")
        return
    for name, row in types.items():
        at: Path = ("tickets", "types", name)
        if not _NAME.fullmatch(str(name)):
            yield Fault(at, "small letters, digits and _")
        if not bilingual(row):
            yield Fault(at, "needs its name in zh and en")
            continue
        if "template" in row and not bilingual(row["template"]):
            yield Fault((*at, "template"), "must say in zh and en what a report has to tell")
        hours = row.get("hours", {})
        for stage, value in hours.items() if isinstance(hours, Mapping) else [("", None)]:
            if stage not in STAGES or not _whole(value):
                yield Fault((*at, "hours", stage), f"needs one of {', '.join(STAGES)} and whole hours above 0")


def _clock_faults(clocks: object) -> Iterator[Fault]:
    for stage in STAGES:
        at: Path = ("tickets", "clocks", stage)
        row = clocks.get(stage) if isinstance(clocks, Mapping) else None
        if not isinstance(row, Mapping):
            yield Fault(at, "missing, or not a mapping")
            continue
        if not _whole(row.get("hours")):
            yield Fault((*at, "hours"), "must be a whole number above 0")
        if row.get("count") not in COUNTS:
            yield Fault((*at, "count"), f"must be one of {', '.join(COUNTS)}")
        if not bilingual(row.get("basis")):
            yield Fault((*at, "basis"), "must say in zh and en on what it rests")


def _calendar_faults(told: object) -> Iterator[Fault]:
    at: Path = ("tickets", "calendar")
    if not isinstance(told, Mapping):
        yield Fault(at, "missing, or not a mapping")
        return
    try:
        ZoneInfo(str(told.get("zone")))
    except (LookupError, OSError, ValueError):
        yield Fault((*at, "zone"), f"{told.get('zone')!r} is no time zone")
    days = told.get("weekdays")
    if not isinstance(days, list) or not days or any(type(day) is not int or not 1 <= day <= 7 for day in days):
        yield Fault((*at, "weekdays"), "must be a list of numbers from 1 (Monday) to 7")
    yield from _shift_faults(told.get("shifts"))
    for name in ("holidays", "workdays"):
        listed = told.get(name, [])
        for number, day in enumerate(listed if isinstance(listed, list) else [None]):
            if not _is_day(day):
                yield Fault((*at, name, number), f"{day!r} is no date such as 2027-01-01")


def _is_day(text: object) -> bool:
    try:
        return isinstance(text, str) and bool(_DAY.fullmatch(text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _shift_faults(shifts: object) -> Iterator[Fault]:
    at: Path = ("tickets", "calendar", "shifts")
    if not isinstance(shifts, list) or not shifts:
        yield Fault(at, "missing, or not a list")
        return
    before = ""
    for number, shift in enumerate(shifts):
        fits = isinstance(shift, list) and len(shift) == 2 and all(_TIME.fullmatch(str(each)) for each in shift)
        if not fits or not before <= shift[0] < shift[1]:
            yield Fault((*at, number), "two times such as 09:00 and 17:30, after those of the one before")
        else:
            before = shift[1]


def _member(told: object, name: str) -> object:
    return told.get(name) if isinstance(told, Mapping) else None


def _role_faults(at: Path, named: object) -> Iterator[Fault]:
    if not isinstance(named, list) or not named:
        yield Fault(at, "nobody could")
        return
    for place, role in enumerate(named):
        if role not in _ROLES:
            yield Fault((*at, place), f"{role!r} is no role")


def _home_faults(told: object) -> Iterator[Fault]:
    at: Path = ("tickets", "homes")
    if not isinstance(told, Mapping):
        yield Fault(at, "not a mapping")
        return
    for tier, named in told.items():
        if tier not in _TIERS:
            yield Fault((*at, tier), f"is none of {', '.join(_TIERS)}")
        else:
            yield from _role_faults((*at, tier), named)


def _persisting_faults(told: object, types: object) -> Iterator[Fault]:
    at: Path = ("tickets", "persisting")
    if not isinstance(told, Mapping):
        yield Fault(at, "not a mapping")
        return
    for severity, row in told.items():
        if severity not in SEVERITIES:
            yield Fault((*at, severity), f"is none of {', '.join(SEVERITIES)}")
        elif not isinstance(row, Mapping) or not _whole(row.get("after_s")):
            yield Fault((*at, severity, "after_s"), "must be a whole number above 0")
        elif not isinstance(types, Mapping) or row.get("type") not in types:
            yield Fault((*at, severity, "type"), f"{row.get('type')!r} is no type of ticket")
