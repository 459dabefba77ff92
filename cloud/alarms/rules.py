"""The worker that asks the rules of alarms: it reads each log in its order, once, and raises and ends what they say.

How far it read, what it remembers and the alarms that came of it change in one transaction: a restart, or a second
worker, neither misses nor doubles anything. Times of devices fill windows; silence is measured by when entries came.
"""

import heapq
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, Protocol

from psycopg.types.json import Jsonb

from cloud.alarms.rule_effects import Effects
from cloud.alarms.service import place_text
from cloud.db.pool import Pool, Tx, listening, one, rows
from cloud.db.pool import transaction as begin
from cloud.db.queries import load_queries
from cloud.rules.service import pack_in_force
from cloud.world import World
from custody.alarm_rules import PREFIX, AlarmRule, Event, Rules, rules_of
from custody.rule_pack import RulePack
from custody.rule_watch import Verdict, Watch, dismiss, read, ring, take, written

AT_ONCE = 5_000
"""Entries that are looked at in one transaction."""
ZONE_FILL, ZONE_CLASS = "zone_fill", "zone_class"
"""What the cloud itself measures: how full a zone is, in percent, whenever something may have been put or taken."""
CLEARED = "alarm_cleared"

Key = tuple[str, str]
"""A rule's code and a place."""

_sql = load_queries(__file__, "rules.sql")
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Memory:
    """What is remembered of one site, as of entry `upto`, under the rules of the pack `pack`."""

    upto: int
    pack: str
    rules: Rules
    watches: dict[Key, Watch]
    bells: list[tuple[datetime, Key]] = field(default_factory=list)
    changed: set[Key] = field(default_factory=set)

    def watch(self, rule: AlarmRule, place: str) -> Watch:
        """What `rule` remembers of `place`, which is about to change."""
        key = (rule.code, place)
        self.changed.add(key)
        return self.watches.setdefault(key, Watch())

    def set_bell(self, key: Key) -> None:
        """It rings when the watch of `key` is due."""
        due = self.watches[key].due
        if due is not None:
            heapq.heappush(self.bells, (due, key))

    def due(self, upto: datetime) -> Iterator[Key]:
        """What is due until then, in its order; a bell whose watch has another time by now is passed over."""
        while self.bells and self.bells[0][0] <= upto:
            at, key = heapq.heappop(self.bells)
            watch = self.watches.get(key)
            if watch is not None and watch.due == at:
                yield key


@dataclass(slots=True)
class RuleWorker:
    """Asks the rules at every site. `pack` are those that the cloud was founded with; `run` ends by being cancelled."""

    pool: Pool
    database_url: str
    world: World
    pack: RulePack
    every: timedelta = timedelta(seconds=1)
    """between looks while nothing happens"""
    _memory: dict[str, Memory] = field(default_factory=dict)

    async def run(self) -> None:
        """Looks whenever a log has grown, and when it is time. Raises DatabaseGoneError."""
        async with listening(self.database_url, "ledger") as connection:
            while True:
                await self.look()
                async for _ in connection.notifies(timeout=self.every.total_seconds(), stop_after=1):
                    pass

    async def look(self) -> None:
        """One look at every site: all that is there is read, all that is due rings."""
        async with begin(self.pool) as tx:
            sites = [row["site"] for row in await rows(tx, _sql.sites)]
        for site in sites:
            while await self._step(site):
                pass

    async def _step(self, site: str) -> bool:
        """Reads on at `site`; returns whether there is more."""
        memory = self._memory.pop(site, None)  # what is not committed is not remembered
        now = self.world.now()
        async with begin(self.pool) as tx:
            await tx.execute(_sql.new_cursor, {"site": site})
            row = await one(tx, _sql.cursor, site=site)
            if row is None:
                return False
            first, end = row["upto"], min(row["size"], row["upto"] + AT_ONCE)
            pack = await pack_in_force(tx, site, now, self.pack)
            if memory is None or (memory.upto, memory.pack) != (first, pack.hash):
                memory = await _remember(tx, site, first, pack)
            effects = Effects(tx, site, self.world, memory.watches)
            await read_on(tx, site, memory, effects, first, end, now)
            if end == row["size"]:
                ring_due(memory, effects, now)
            await effects.apply()
            await _keep(tx, site, memory)
            if end > first:
                await tx.execute(_sql.move_cursor, {"site": site, "upto": end})
            memory.upto = end
        self._memory[site] = memory
        return bool(end < row["size"])


async def _remember(tx: Tx, site: str, upto: int, pack: RulePack) -> Memory:
    """What is written down. Of a rule with another text only that its alarm lives counts still."""
    rules, watches = rules_of(pack), dict[Key, Watch]()
    memory = Memory(upto, pack.hash, rules, watches)
    for row in await rows(tx, _sql.watches, site=site):
        key, rule = (row["rule"], row["place"]), rules.all.get(row["rule"])
        watch = watches[key] = read(row["seen"], row["due"])
        if rule is None or rule.hash != row["text"]:
            watches[key] = Watch(living=watch.living and rule is not None, grouped=watch.grouped)
            memory.changed.add(key)
        memory.set_bell(key)
    return memory


class Hears(Protocol):
    """Whoever is told what the rules came to."""

    def add(self, rule: AlarmRule, place: str, verdict: Verdict, at: datetime, seen: Mapping[str, Any]) -> None:
        """`verdict` about `place`; `at` is when it came to be so, `seen` what showed it."""


async def read_on(tx: Tx, site: str, memory: Memory, effects: Hears, first: int, end: int, now: datetime) -> None:
    """Asks the rules about the entries from `first` to before `end`, in their order; what is due meanwhile rings."""
    kinds = [*memory.rules.kinds, CLEARED]
    found = await rows(tx, _sql.entries, site=site, first=first, end=end, kinds=kinds) if end > first else []
    arrivals = await rows(tx, _sql.arrivals, site=site, first=first, most=AT_ONCE) if found else []
    zones = await _slot_zones(tx, site, memory.rules) if found else {}
    number = 0
    for row in found:
        while number < len(arrivals) and arrivals[number]["size"] <= row["index"]:
            number += 1
        arrived = min(arrivals[number]["at"] if number < len(arrivals) else now, now)
        told = _told(row)
        if row["kind"] == CLEARED:
            _dismissed(site, memory, told)
            continue
        told |= zones.get(told.get("slot"), {})
        ring_due(memory, effects, arrived)
        _take(memory, effects, Event(row["kind"], row["at"], arrived, told), row["index"])
    if ZONE_FILL in memory.rules.kinds and end > first:
        for event in await _fills(tx, site, first, end, now):
            _take(memory, effects, event, None)


def _take(memory: Memory, effects: Hears, event: Event, index: int | None) -> None:
    for rule in memory.rules.concerned(event):
        named = rule.place_of(event)
        if named is None:
            continue
        place = place_text(named)
        watch = memory.watch(rule, place)
        for verdict in take(rule, watch, event):
            effects.add(rule, place, verdict, event.at, {"entry": index, **_seen(rule, event)})
        memory.set_bell((rule.code, place))


def ring_due(memory: Memory, effects: Hears, upto: datetime) -> None:
    """What is due until then rings."""
    for code, place in memory.due(upto):
        rule = memory.rules.all.get(code)
        if rule is None:
            continue
        watch = memory.watch(rule, place)
        at = watch.due or upto
        for verdict in ring(rule, watch, upto):
            effects.add(rule, place, verdict, at, {rule.field: watch.marks[-1][1]} if watch.marks else {})
        memory.set_bell((code, place))


def _dismissed(site: str, memory: Memory, told: Mapping[str, Any]) -> None:
    """A person ended an alarm: at its place, or that of the whole site where several were told as one."""
    cause, about = str(told.get("cause")), told.get("place")
    rule = memory.rules.all.get(cause.removeprefix(PREFIX)) if cause.startswith(PREFIX) else None
    if rule is None or "cause_code" not in told:
        return
    for (code, place), watch in list(memory.watches.items()):
        if code == rule.code and (place == about or (watch.grouped and about == site)):
            dismiss(rule, memory.watch(rule, place))


async def _keep(tx: Tx, site: str, memory: Memory) -> None:
    for code, place in sorted(memory.changed):
        watch, rule = memory.watches[code, place], memory.rules.all.get(code)
        key = {"site": site, "rule": code, "place": place}
        if watch.idle or rule is None:
            del memory.watches[code, place]
            await tx.execute(_sql.drop_watch, key)
        else:
            row = {**key, "text": rule.hash, "seen": Jsonb(written(watch)), "due": watch.due}
            await tx.execute(_sql.set_watch, row)
    memory.changed.clear()


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a fact or a record says, flat, with who says it."""
    content = json.loads(row["content"])
    if row["agent"] is None:
        return {**content, "actor": row["actor"]}
    body, clock = content.get("body"), content.get("clock")
    told = dict(body) if isinstance(body, dict) else {}
    error_ms = clock.get("error_ms") if isinstance(clock, dict) else None
    return {**told, "agent": row["agent"], "device": content.get("device"), "clock_error_ms": error_ms}


def _seen(rule: AlarmRule, event: Event) -> dict[str, Any]:
    names = dict.fromkeys([rule.field, *rule.by, *(name for each in rule.patterns for name in each.says)])
    return {name: event.told[name] for name in names if name in event.told}


async def _slot_zones(tx: Tx, site: str, rules: Rules) -> dict[Any, dict[str, str]]:
    """The zone of each slot, where a rule asks for it."""
    if not any(ZONE_CLASS in pattern.says for rule in rules.all.values() for pattern in rule.patterns):
        return {}
    found = await rows(tx, _sql.slot_zones, site=site)
    return {row["id"]: {"zone": row["zone"], ZONE_CLASS: row["zone_class"]} for row in found}


async def _fills(tx: Tx, site: str, first: int, end: int, now: datetime) -> Sequence[Event]:
    moved = await one(tx, _sql.any_moved, site=site, first=first, end=end)
    if moved is None or not moved["moved"]:
        return []
    return [
        Event(ZONE_FILL, now, now, {
            "zone": row["zone"], "name": row["name"], ZONE_CLASS: row["zone_class"],
            "percent": percent(row["used"], row["capacity"]),
        })
        for row in await rows(tx, _sql.fills, site=site)
    ]  # fmt: skip


def percent(used: int, capacity: int) -> float:
    """How full, so that a whole percent is exactly that: 9 of 10 are 90.0, and never a little less."""
    return float(Fraction(100 * used, capacity)) if capacity else 0.0
