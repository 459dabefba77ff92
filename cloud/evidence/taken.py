"""A fact that was taken into the ledger, with what its consequences need."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cloud.alarms.service import Severity, clear_alarm, raise_alarm
from cloud.db.pool import Tx
from cloud.db.queries import load_queries
from cloud.ledger.service import Appender
from cloud.world import World
from custody.rule_pack import RulePack
from custody.things import Moment
from proof.keys import Signer
from wire.labels import valid_id
from wire.messages import Fact

ACTOR = "uplink"

_sql = load_queries(__file__, "facts.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """`fact` of `agent`, entry `index`. `at` is the device's time, `taken_at` the cloud's.

    `pack` is in force now; `key` signs orders.
    """

    tx: Tx
    appender: Appender
    world: World
    pack: RulePack
    key: Signer
    agent: str
    fact: Fact
    at: datetime
    taken_at: datetime
    index: int

    @property
    def site(self) -> str:
        """The site it belongs to."""
        return self.appender.site

    @property
    def moment(self) -> Moment:
        """The device's time with what it said of its error."""
        error = self.fact.clock.error_ms
        return Moment(self.at, None if error is None or error < 0 else timedelta(milliseconds=min(error, 10**11)))

    def place(self, station: str) -> str:
        """Where an alarm about `station`, or a device, is: those of two agents may share a name."""
        return f"{self.agent}:{station}"

    def own(self, things: Iterable[str]) -> list[str]:
        """Those of `things` that are ids and of this site, each once: nobody speaks for another site's things."""
        prefix = f"{self.site}/"
        return [thing for thing in dict.fromkeys(things) if thing.startswith(prefix) and valid_id(thing)]

    async def file_under(self, things: Iterable[str]) -> None:
        """The fact is about `things`: it is in their history."""
        await self.tx.execute(_sql.file_under, {"site": self.site, "index": self.index, "things": list(things)})

    async def alarm(self, cause: str, place: str, severity: Severity, detail: Mapping[str, Any]) -> None:
        """Raises the alarm `cause` about this fact."""
        about = {"agent": self.agent, "seq": self.fact.seq, "entry": self.index, **detail}
        await raise_alarm(
            self.tx, self.appender, self.world, cause=cause, place=place, severity=severity, detail=about,
            at=self.taken_at, actor=ACTOR,
        )  # fmt: skip

    async def clear(self, cause: str, place: str) -> None:
        """Clears the alarm `cause` at `place`."""
        await clear_alarm(self.tx, self.appender, self.world, cause=cause, place=place, at=self.taken_at, actor=ACTOR)
