"""What the rules of a pack would have told of a site's past, before anybody puts them in force. Changes nothing."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cloud.alarms.rules import AT_ONCE, Memory, read_on, ring_due
from cloud.db.pool import Tx, one
from cloud.db.queries import load_queries
from cloud.errors import NotFoundError
from custody.alarm_rules import AlarmRule, rules_of
from custody.rule_pack import RulePack
from custody.rule_watch import Verdict

_sql = load_queries(__file__, "rules.sql")


@dataclass(slots=True)
class Trial:
    """How often each rule would have raised an alarm, by its code and then by place; `entries` were looked at."""

    entries: int = 0
    raised: dict[str, Counter[str]] = field(default_factory=dict)
    _living: set[tuple[str, str]] = field(default_factory=set)

    def add(self, rule: AlarmRule, place: str, verdict: Verdict, at: datetime, seen: Mapping[str, Any]) -> None:
        """One more alarm; while it lives further occurrences are the same one."""
        del at, seen
        if verdict is Verdict.CLEAR:
            self._living.discard((rule.code, place))
        elif (rule.code, place) not in self._living:
            self._living.add((rule.code, place))
            self.raised.setdefault(rule.code, Counter())[place] += 1


async def try_rules(tx: Tx, site: str, pack: RulePack, since: datetime, now: datetime) -> Trial:
    """Reads the log of `site` from `since` on. Raises NotFoundError."""
    row = await one(tx, _sql.first_since, site=site, since=since)
    if row is None:
        raise NotFoundError("site", site)
    trial, memory = Trial(row["size"] - row["first"]), Memory(row["first"], pack.hash, rules_of(pack), {})
    for first in range(row["first"], row["size"], AT_ONCE):
        await read_on(tx, site, memory, trial, first, min(first + AT_ONCE, row["size"]), now)
    ring_due(memory, trial, now)
    return trial
