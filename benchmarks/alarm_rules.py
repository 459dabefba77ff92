"""Asking the rules of alarms: events a second with ten rules and with a thousand, of which as many concern an event.

Beside it, the same events through rules that are all asked about each: what a worker without an index would do.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table

from custody.alarm_rules import SECTION, AlarmRule, Event, Rules, rules_of
from custody.pack_reader import parse_rule_pack
from custody.rule_watch import Watch, take
from wire.rule_packs import load_rule_pack

EVENTS, ROUNDS = 20_000, 7
START = datetime(2026, 11, 26, tzinfo=UTC)
MOST_SLOWER = 1.25
"""By which a thousand rules may cost more than ten: the cost grows with the events that concern them."""


def run() -> None:
    """Print the table."""
    table = Table(title=f"Asking the rules of alarms about {EVENTS:,} readings of 10 sensors", title_justify="left")
    for column in ("rules", "events a second", "beside"):
        table.add_column(column)
    sets = {count: _rules(count) for count in (10, 1000)}
    rates = [{count: _rate(rules) for count, rules in sets.items()} for _ in range(ROUNDS)]  # by turns: others work too
    few, many = (max(rate[count] for rate in rates) for count in sets)
    table.add_row("10", f"{few:,.0f}", "")
    holds = "holds" if many * MOST_SLOWER >= few else "DOES NOT HOLD"
    table.add_row("1,000", f"{many:,.0f}", f"limit: at most {MOST_SLOWER} times the cost of ten: {holds}")
    asked = _rate(sets[1000], lambda _: sets[1000].all.values())
    table.add_row("1,000, each asked", f"{asked:,.0f}", f"the index is {many / asked:,.0f} times as fast")
    Console().print(table)


def _rules(count: int) -> Rules:
    one = {"name": {"zh": "热", "en": "Hot"}, "severity": "warning", "when": "threshold", "field": "value",
           "at_least": 30, "over": 28, "by": ["device"]}  # fmt: skip
    told = {
        f"hot_{number}": {**one, "sees": {"kind": "reading", "measures": "temperature", "device": f"room.{number}"}}
        for number in range(count)
    }
    return rules_of(parse_rule_pack({**load_rule_pack().content, SECTION: told}))


def _rate(rules: Rules, concerned: Callable[[Event], Any] | None = None) -> float:
    ask: Callable[[Event], Any] = concerned or rules.concerned
    events = [
        Event("reading", at := START + timedelta(seconds=number), at, {
            "agent": "nj01.room", "device": f"room.{number % 10}", "measures": "temperature", "value": 20 + number % 12,
        })
        for number in range(EVENTS if concerned is None else EVENTS // 20)
    ]  # fmt: skip
    return _once(events, ask)


def _once(events: list[Event], ask: Callable[[Event], Any]) -> float:
    watches: dict[tuple[str, str], Watch] = {}
    begun = time.perf_counter()
    for event in events:
        rule: AlarmRule
        for rule in ask(event):
            place = rule.place_of(event)
            if place is not None:
                take(rule, watches.setdefault((rule.code, place), Watch()), event)
    return len(events) / (time.perf_counter() - begun)
