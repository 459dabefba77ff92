"""The worker that takes a log's checkpoints to those outside: witnesses cosign them, agents hear of them, and samples
are drawn by them. It also has `watching.py` look after what only time brings about, the rules of alarms asked,
people reminded of what will be due, and webhooks told.

A witness's refusal says that the log was cut off, rewritten or forked: the highest alarm there is, and only two
people together clear it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import httpx

from cloud.alarms.rules import RuleWorker
from cloud.alarms.service import Severity, clear_alarm, raise_alarm
from cloud.db.pool import Pool, Row, transaction
from cloud.errors import BrokenRecordsError, DatabaseGoneError, first_of
from cloud.ledger.checkpoints import published_note
from cloud.ledger.cosigning import Agreed, Denied, Silent, ask, is_fresh, keep, lacks_witnesses, logs
from cloud.ledger.key_history import Birth, lives, record_end, record_missing
from cloud.ledger.service import close_ledger, open_ledger
from cloud.ledger.stamping import Authority, StampError, ask_stamp, keep_stamp, unstamped
from cloud.reminders.delivering import Delivering
from cloud.reminders.worker import Reminding
from cloud.stock_takes.opening import draw_due, sites_to_draw
from cloud.watching import Watching
from cloud.webhooks.sending import Sender
from cloud.world import World
from proof.policy import Policy
from wire.errors import LinkError
from wire.link import Connect
from wire.topics import checkpoint_topic

ACTOR = "jobs"
REFUSED = "checkpoint_refused"
TOO_FEW = "too_few_witnesses"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often things are looked at."""

    look: timedelta = timedelta(seconds=1)
    """between looks for a new checkpoint"""
    fresh: timedelta = timedelta(hours=1)
    """after which a witness says again what it said of a log that has not grown"""
    silent: timedelta = timedelta(seconds=10)
    """before a witness that did not answer is asked again"""
    denied: timedelta = timedelta(minutes=1)
    """before a witness that refused is asked again"""
    stamp: timedelta = timedelta(minutes=10)
    """between two time stamps"""
    quorum: timedelta = timedelta(minutes=1)
    """within which a checkpoint has enough cosignatures, before it is an alarm"""


@dataclass(slots=True)
class Jobs:
    """The worker. `run` ends only by being cancelled; `ready` is set once it publishes."""

    pool: Pool
    world: World
    connect: Connect
    http: httpx.AsyncClient
    policy: Policy | None
    authority: Authority | None = None
    pace: Pace = field(default_factory=Pace)
    watching: Watching | None = None
    rules: RuleWorker | None = None
    reminding: Reminding | None = None
    delivering: Delivering | None = None
    webhooks: Sender | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    _not_before: dict[tuple[str, str], float] = field(default_factory=dict)
    _lacking: dict[str, bool] = field(default_factory=dict)

    async def run(self) -> None:
        """Publishes, asks every witness by itself, and judges, until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._always(self._publish))
            tasks.create_task(self._always(self._draw))
            if self.watching is not None:
                tasks.create_task(self._always(self.watching.run))
            if self.rules is not None:
                tasks.create_task(self._always(self.rules.run))
            if self.reminding is not None:
                tasks.create_task(self._always(self.reminding.run))
            if self.delivering is not None:
                tasks.create_task(self._always(self.delivering.run))
            if self.webhooks is not None:
                tasks.create_task(self._always(self.webhooks.run))
            if self.authority is not None:
                tasks.create_task(self._always(self._stamping(self.authority)))
            if self.policy is not None:
                tasks.create_task(self._judging(self.policy))
                for name in self.policy.urls:
                    tasks.create_task(self._always(self._attending(self.policy, name)))

    async def _publish(self) -> None:
        """One connection to the broker: every checkpoint that is new, or has a cosignature more."""
        said: dict[str, str] = {}
        async with self.connect() as link:
            self.ready.set()
            while True:
                for log in await self._logs():
                    async with transaction(self.pool) as tx:
                        note = await published_note(tx, log["id"])
                    if note is not None and said.get(log["id"]) != note:
                        await link.publish(checkpoint_topic(log["id"]), note.encode(), retain=True)
                        said[log["id"]] = note
                await asyncio.sleep(self.pace.look.total_seconds())

    async def _draw(self) -> None:
        """The samples of stock-takes, each by the first checkpoint that covers its opening."""
        while True:
            async with transaction(self.pool) as tx:
                sites = await sites_to_draw(tx)
            for site in sites:
                async with transaction(self.pool) as tx:
                    appender = await open_ledger(tx, site)
                    await draw_due(tx, appender, self.world, self.world.now())
                    await close_ledger(tx, appender)
            await asyncio.sleep(self.pace.look.total_seconds())

    def _attending(self, policy: Policy, name: str) -> Callable[[], Awaitable[None]]:
        async def attend() -> None:
            while True:
                for log in await self._logs(policy):
                    await self._visit(log["id"], policy, name)
                await asyncio.sleep(self.pace.look.total_seconds())

        return attend

    async def _visit(self, site: str, policy: Policy, name: str) -> None:
        """Asks the witness `name` about `site`, if it is time to."""
        witness, now = policy.witnesses[name], asyncio.get_running_loop().time()
        async with transaction(self.pool) as tx:
            fresh = await is_fresh(tx, site, witness, self.world.now() - self.pace.fresh)
        if fresh or now < self._not_before.get((site, name), 0):
            return
        answer = await ask(self.http, self.pool, site=site, witness=witness, url=policy.urls[name])
        if isinstance(answer, Agreed):
            async with transaction(self.pool) as tx:
                await keep(tx, site, witness, answer)
        elif isinstance(answer, Denied):
            self._not_before[site, name] = now + self.pace.denied.total_seconds()
            _log.error("%s refuses the log of %s: %d %s", witness.name, site, answer.status, answer.why)
            detail = {"witness": witness.name, "size": answer.size, "status": answer.status, "why": answer.why}
            await self._alarm(site, REFUSED, witness.name, "critical", detail)
        elif isinstance(answer, Silent):
            self._not_before[site, name] = now + self.pace.silent.total_seconds()
            _log.warning("%s does not cosign the log of %s: %s", witness.name, site, answer.why)

    def _stamping(self, authority: Authority) -> Callable[[], Awaitable[None]]:
        async def stamp() -> None:
            while True:
                for log in await self._logs():
                    site = log["id"]
                    async with transaction(self.pool) as tx:
                        row = await unstamped(tx, site, self.world.now() - self.pace.stamp)
                    if row is not None:
                        at, token = await ask_stamp(self.http, authority, row["note"].encode())
                        async with transaction(self.pool) as tx:
                            await keep_stamp(tx, site, row["size"], at, token)
                await asyncio.sleep(self.pace.look.total_seconds())

        return stamp

    async def _judging(self, policy: Policy) -> None:
        await self._surely(lambda: self._introduce(policy))
        await self._always(lambda: self._judge(policy))

    async def _introduce(self, policy: Policy) -> None:
        """The log of each site tells whose cosignatures count from now on."""
        births: list[Birth] = [("witness", witness.name, witness.key) for witness in policy.witnesses.values()]
        named = {(owner, key.kid) for _, owner, key in births}
        for log in await self._logs(policy):
            async with transaction(self.pool) as tx:
                appender = await open_ledger(tx, log["id"])
                await record_missing(tx, appender, self.world, births, ACTOR)
                for life in await lives(tx, log["id"]):
                    owner, kid = life["owner"], life["kid"]
                    if life["role"] == "witness" and life["ended"] is None and (owner, kid) not in named:
                        await record_end(
                            tx, appender, self.world, role="witness", owner=owner, kid=kid, why="rotated", actor=ACTOR
                        )
                await close_ledger(tx, appender)

    async def _judge(self, policy: Policy) -> None:
        """An alarm while checkpoints stay without a quorum; told of when it begins and when it ends."""
        while True:
            for log in await self._logs(policy):
                site = log["id"]
                async with transaction(self.pool) as tx:
                    lacking = await lacks_witnesses(tx, site, policy, self.world.now() - self.pace.quorum)
                if lacking and not self._lacking.get(site):
                    await self._alarm(site, TOO_FEW, log["origin"], "major", {"quorum": policy.quorum})
                elif not lacking and self._lacking.get(site, True):
                    await self._clear(site, TOO_FEW, log["origin"])
                self._lacking[site] = lacking
            await asyncio.sleep(self.pace.look.total_seconds())

    async def _alarm(self, site: str, cause: str, place: str, severity: Severity, detail: dict[str, object]) -> None:
        async with transaction(self.pool) as tx:
            appender = await open_ledger(tx, site)
            await raise_alarm(
                tx, appender, self.world, cause=cause, place=place, severity=severity, detail=detail,
                at=self.world.now(), actor=ACTOR,
            )  # fmt: skip
            await close_ledger(tx, appender)

    async def _clear(self, site: str, cause: str, place: str) -> None:
        async with transaction(self.pool) as tx:
            appender = await open_ledger(tx, site)
            await clear_alarm(tx, appender, self.world, cause=cause, place=place, at=self.world.now(), actor=ACTOR)
            await close_ledger(tx, appender)

    async def _logs(self, policy: Policy | None = None) -> list[Row]:
        """The logs here; with `policy` those that it names, or all where it names none."""
        async with transaction(self.pool) as tx:
            here = await logs(tx)
        named = {log.name for log in policy.logs} if policy else set()
        return [log for log in here if not named or log["origin"] in named]

    async def _always(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await self._surely(work)

    async def _surely(self, work: Callable[[], Awaitable[None]]) -> None:
        """Does `work` until it was done; what goes away meanwhile is waited for."""
        while True:
            try:
                return await work()
            except* (DatabaseGoneError, LinkError, BrokenRecordsError, StampError) as errors:
                _log.warning("%s; trying again", first_of(errors))
            await asyncio.sleep(self.pace.silent.total_seconds())
