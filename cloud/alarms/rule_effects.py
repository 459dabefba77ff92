"""What the rules of alarms came to in one look, carried out: alarms raised and ended, and storms told as one."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from cloud.alarms.service import Severity, clear_alarm, raise_alarm
from cloud.db.pool import Tx
from cloud.ledger.service import Appender, close_ledger, open_ledger
from cloud.world import World
from custody.alarm_rules import MOST_LIVING, AlarmRule
from custody.permits import time_text
from custody.rule_watch import Verdict, Watch

ACTOR = "rules"


@dataclass(slots=True)
class Effects:
    """Gathers verdicts, in their order; nothing is done before `apply`."""

    tx: Tx
    site: str
    world: World
    watches: Mapping[tuple[str, str], Watch]
    _verdicts: list[tuple[AlarmRule, str, Verdict, datetime, dict[str, Any]]] = field(default_factory=list)

    def add(self, rule: AlarmRule, place: str, verdict: Verdict, at: datetime, seen: Mapping[str, Any]) -> None:
        """`verdict` about `place`; `at` is when it came to be so, `seen` what showed it."""
        self._verdicts.append((rule, place, verdict, at, dict(seen)))

    async def apply(self) -> None:
        """Raises and ends the alarms. Takes the site's ledger only where there is something to tell."""
        if not self._verdicts:
            return
        appender = await open_ledger(self.tx, self.site)
        now = self.world.now()
        living, grouped = self._counts()
        for rule, place, verdict, at, seen in self._verdicts:
            watch = self.watches[rule.code, place]
            told = {"rule": rule.code, "name": dict(rule.name), "since": time_text(at), "seen": seen}
            if verdict is Verdict.RAISE:
                if not watch.grouped and living[rule.code] > MOST_LIVING:
                    watch.grouped = True
                    grouped[rule.code] += 1
                    await self._clear(appender, rule, place, now)  # its own, which it may have from before
                where = self.site if watch.grouped else place
                detail = {**told, "places": grouped[rule.code], "last": place} if watch.grouped else told
                await raise_alarm(
                    self.tx, appender, self.world, cause=rule.cause, place=where,
                    severity=cast(Severity, rule.severity), detail=detail, at=now, actor=ACTOR,
                )  # fmt: skip
            elif watch.grouped:
                watch.grouped = False
                grouped[rule.code] -= 1
                if not grouped[rule.code]:
                    await self._clear(appender, rule, self.site, now)
            else:
                await self._clear(appender, rule, place, now)
        await close_ledger(self.tx, appender)

    async def _clear(self, appender: Appender, rule: AlarmRule, place: str, now: datetime) -> None:
        await clear_alarm(self.tx, appender, self.world, cause=rule.cause, place=place, at=now, actor=ACTOR)

    def _counts(self) -> tuple[Counter[str], Counter[str]]:
        """How many places of each rule are living now, and how many are told together."""
        living = Counter(code for (code, _), watch in self.watches.items() if watch.living)
        return living, Counter(code for (code, _), watch in self.watches.items() if watch.grouped)
