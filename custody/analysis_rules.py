"""The rule pack's section `analysis`: from when on something is said to stand out, and why. Pure.

A kind that the pack does not name is not looked for. Numbers are whole; `basis` says in both languages why they are so.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from custody.errors import Fault, Path
from custody.roles import Role
from custody.rule_pack import RulePack
from custody.things import State
from custody.words import bilingual

SECTION = "analysis"
Bounds = tuple[int, int]

_SHARE, _CHANCE, _DAYS = (1, 100), (1, 50_000), (1, 3_650)
NUMBERS: Mapping[str, Mapping[str, Bounds]] = {
    "dwell": {"spread": (2, 20), "at_least_h": (1, 8_760)},
    "ageing": {"older_than_days": _DAYS},
    "approval_speed": {"faster_than_s": (1, 3_600), "share_pct": _SHARE},
    "same_pair": {"chance_ppm": _CHANCE},
    "after_hours": {"margin_min": (0, 720), "share_pct": _SHARE, "chance_ppm": _CHANCE},
    "discrepancy": {"share_pct": _SHARE, "chance_ppm": _CHANCE},
    "saturation": {"within_days": _DAYS},
    "devices": {"up_pct": (1, 100)},
    "hot_spots": {"chance_ppm": _CHANCE},
    "lead_time": {"share_pct": _SHARE, "within_days": _DAYS},
    "late_capture": {"later_than_s": (1, 31_536_000), "share_pct": _SHARE},
    "thin_content": {"share_pct": _SHARE},
    "no_tracking": {"silent_days": _DAYS},
}
"""What each kind has besides `weight`, `sample_at_least` and `basis`. `chance_ppm`: at most so often, in a million
looks, would chance alone be told as a finding.
"""
LISTS: Mapping[str, tuple[str, frozenset[str]]] = {
    "dwell": ("stages", frozenset(state.value for state in State)),
    "approval_speed": ("by", frozenset(role.value for role in Role)),
    "same_pair": ("by", frozenset(role.value for role in Role)),
}
"""Kinds that have a list, its name and what may stand in it."""
_ALWAYS: Mapping[str, Bounds] = {"weight": (1, 10), "sample_at_least": (1, 100_000)}
LONGEST_DAYS = 3_650


@dataclass(frozen=True, slots=True)
class Threshold:
    """From when on a kind stands out. `told`: its numbers and lists; `sample_at_least`: fewer cases are no finding."""

    kind: str
    weight: int
    sample_at_least: int
    basis: Mapping[str, str]
    told: Mapping[str, Any]

    def number(self, name: str) -> int:
        """One of its numbers."""
        return int(self.told[name])

    @property
    def share(self) -> float:
        """`share_pct` of 1."""
        return self.number("share_pct") / 100

    @property
    def chance(self) -> float:
        """`chance_ppm` of 1."""
        return self.number("chance_ppm") / 1_000_000


@dataclass(frozen=True, slots=True)
class AnalysisRules:
    """What is looked for, in at most how long a period at once."""

    longest: timedelta
    kinds: Mapping[str, Threshold]


def rules_of(pack: RulePack) -> AnalysisRules | None:
    """What `pack` says of analysis; None where it says nothing."""
    told = pack.section(SECTION)
    if not told:
        return None
    kinds = {
        kind: Threshold(kind, row["weight"], row["sample_at_least"], row["basis"], row)
        for kind, row in told["kinds"].items()
    }
    return AnalysisRules(timedelta(days=told["longest_days"]), kinds)


def faults(told: object) -> Iterator[Fault]:
    """What is wrong with `told`, a pack's section `analysis`."""
    if not isinstance(told, Mapping) or not isinstance(told.get("kinds"), Mapping):
        yield Fault((SECTION,), "must be a mapping with `longest_days` and `kinds`")
        return
    yield from _number_faults(told, {"longest_days": (1, LONGEST_DAYS)}, (SECTION,))
    for kind, row in told["kinds"].items():
        at: Path = (SECTION, "kinds", kind)
        if kind not in NUMBERS:
            yield Fault(at, f"is none of {', '.join(NUMBERS)}")
        elif not isinstance(row, Mapping):
            yield Fault(at, "not a mapping")
        else:
            yield from _kind_faults(kind, row, at)


def _kind_faults(kind: str, row: Mapping[str, Any], at: Path) -> Iterator[Fault]:
    yield from _number_faults(row, {**_ALWAYS, **NUMBERS[kind]}, at)
    if not bilingual(row.get("basis")):
        yield Fault((*at, "basis"), "must say in zh and en on what it rests")
    if kind in LISTS:
        name, known = LISTS[kind]
        listed = row.get(name)
        if not isinstance(listed, list) or not listed:
            yield Fault((*at, name), "missing, or not a list")
        else:
            for number, each in enumerate(listed):
                if each not in known:
                    yield Fault((*at, name, number), f"{each!r} is none of {', '.join(sorted(known))}")
    if kind == "lead_time":
        yield from _breach_faults(row.get("breaches"), (*at, "breaches"))
    mine = {*_ALWAYS, *NUMBERS[kind], "basis", "breaches" if kind == "lead_time" else LISTS.get(kind, ("basis",))[0]}
    for name in row:
        if name not in mine:
            yield Fault((*at, name), f"is none of {', '.join(sorted(mine))}")


def _number_faults(row: Mapping[str, Any], numbers: Mapping[str, Bounds], at: Path) -> Iterator[Fault]:
    for name, (low, high) in numbers.items():
        if type(row.get(name)) is not int or not low <= row[name] <= high:
            yield Fault((*at, name), f"must be a whole number from {low} to {high}")


def _breach_faults(breaches: object, at: Path) -> Iterator[Fault]:
    """`{breach: cause, warned_by: [causes], told_by: [kinds of records about the same place]}`."""
    if not isinstance(breaches, list) or not breaches:
        yield Fault(at, "missing, or not a list")
        return
    for number, row in enumerate(breaches):
        here: Path = (*at, number)
        if not isinstance(row, Mapping) or not isinstance(row.get("breach"), str):
            yield Fault(here, "needs the cause of an alarm as `breach`")
            continue
        named = [row.get(name, []) for name in ("warned_by", "told_by")]
        if not all(isinstance(each, list) and all(isinstance(one, str) for one in each) for each in named):
            yield Fault(here, "`warned_by` and `told_by` are lists of causes of alarms and of kinds of records")
        elif not any(named):
            yield Fault(here, "nothing could warn of it")
