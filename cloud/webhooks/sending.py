"""The worker that sends what webhooks are to be told: at least once, oldest first, each signed anew at every attempt.

Whatever is due stands in the tables, so a restart or a second worker misses nothing; a delivery that a worker took with
it is sent again, under the same id. Every webhook has a task of its own: one that hangs holds up nobody else.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cloud.alarms.service import clear_alarm, raise_alarm
from cloud.db.pool import Pool, Row, Tx, one, rows, transaction
from cloud.db.queries import load_queries
from cloud.errors import KeyFileError
from cloud.ledger.service import add_record, close_ledger, next_index, open_ledger
from cloud.metering import WebhookMeter
from cloud.webhooks.payload import body_of, trial_body
from cloud.webhooks.posting import Poster, Reply
from cloud.webhooks.service import OVERLAP, PARKED, message_id, queue
from cloud.webhooks.signing import Secret, secret_of, signed_headers
from cloud.world import World

ACTOR = "jobs"
GONE = 410
WINDOW = 2000
"""Entries looked through at a time."""
UNTRIED = 5000
"""Deliveries queued of one webhook that were not tried yet, at most: the ledger itself holds what comes after them."""

_S = timedelta(seconds=1)
_M, _H = 60 * _S, 3600 * _S
WAITS = (5 * _S, 30 * _S, 2 * _M, 10 * _M, 30 * _M, 2 * _H, 5 * _H, 10 * _H, 14 * _H, 20 * _H, 20 * _H)
"""Before each further attempt: three days in all, about as Standard Webhooks advises."""

_log = logging.getLogger(__name__)
_sql = load_queries(__file__, "sending.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long things are waited for."""

    look: timedelta = timedelta(seconds=1)
    waits: tuple[timedelta, ...] = WAITS
    quiet: timedelta = timedelta(minutes=5)
    """at most, after a failure, before the same target is asked at all"""
    claim: timedelta = timedelta(minutes=1)
    """after which another worker sends what one took with it; longer than an attempt may last"""
    kept: timedelta = timedelta(days=30)
    """how long it is shown what became of a delivery"""


@dataclass(slots=True)
class Sender:
    """Looks, queues and sends. `root` reads the root of all secrets (KeyFileError)."""

    pool: Pool
    world: World
    root: Callable[[], bytes]
    poster: Poster
    pace: Pace = field(default_factory=Pace)
    meter: WebhookMeter = field(default_factory=WebhookMeter)
    untried: int = UNTRIED
    _busy: set[str] = field(default_factory=set)
    _forgot: datetime | None = None

    async def run(self) -> None:
        """Works until it is cancelled. Raises DatabaseGoneError in a group."""
        self._busy.clear()
        async with asyncio.TaskGroup() as tasks:
            while True:
                for webhook in await self.look():
                    self._busy.add(webhook)
                    tasks.create_task(self.drain(webhook))
                await asyncio.sleep(self.pace.look.total_seconds())

    async def look(self) -> list[str]:
        """Queues what the ledgers brought, settles alarms; returns the webhooks that are to be sent something now."""
        at = self.world.now()
        async with transaction(self.pool) as tx:
            behind = [row["id"] for row in await rows(tx, _sql.behind)]
            unsettled = await rows(tx, _sql.unsettled)
        for webhook in behind:
            await self._feed(webhook)
        for row in unsettled:
            await self._settle(row["site"], row["id"])
        async with transaction(self.pool) as tx:
            if self._forgot is None or at - self._forgot > _H:
                await tx.execute(_sql.forget, {"before": at - self.pace.kept})
                self._forgot = at
            due = await rows(tx, _sql.due, at=at)
        return [row["id"] for row in due if row["id"] not in self._busy]

    async def _feed(self, webhook: str) -> None:
        """Queues the next entries of its kinds, and says how far it looked, in one transaction.

        Of a target that is slow, away or paused no more pile up than there is room for.
        """
        async with transaction(self.pool) as tx:
            row = await one(tx, _sql.to_feed, id=webhook, most=self.untried)
            if row is not None and (room := self.untried - row["untried"]) > 0:
                upto = min(row["newest"], row["upto"] + min(WINDOW, room))
                await queue(tx, self.world, row, row["upto"], upto)
                await tx.execute(_sql.looked, {"id": webhook, "upto": upto})

    async def drain(self, webhook: str) -> None:
        """Sends one webhook all that is due to it, one after the other."""
        try:
            root = self.root()
            async with self.poster.open() as post:
                row = await self._next(webhook)
                while row is not None:
                    row["body"] = await self._body(row)
                    with self.meter.seconds.time():
                        reply = await post(row["url"], row["body"], self._headers(row, root))
                    self.meter.attempts.labels("taken" if reply.taken else "failed").inc()
                    row = await self._next(webhook, (row, reply))
        except KeyFileError as error:
            _log.error("%s is not told anything: %s", webhook, error)
        finally:
            self._busy.discard(webhook)

    async def _next(self, webhook: str, before: tuple[Row, Reply] | None = None) -> Row | None:
        """Takes what is due next; in the same transaction it is kept what came of the attempt `before`."""
        async with transaction(self.pool) as tx:
            if before is not None:
                await self._note(tx, *before)
            at = self.world.now()
            return await one(tx, _sql.claim, id=webhook, at=at, until=at + self.pace.claim)

    async def _body(self, row: Row) -> bytes:
        if row["index"] is None:
            return trial_body(row["site"], row["webhook"], row["queued_at"])
        async with transaction(self.pool) as tx:
            return await body_of(tx, row["site"], row["index"], row["type"])

    def _headers(self, row: Row, root: bytes) -> dict[str, str]:
        at = self.world.now()
        secrets = [secret_of(root, row["webhook"], row["secret"], row["signs"])]
        if row["rotated_at"] is not None and at < row["rotated_at"] + OVERLAP:
            before: Secret = secret_of(root, row["webhook"], row["secret"] - 1, row["signs"])
            secrets.append(before)
        message = message_id(row["webhook"], row["number"], row["index"])
        return signed_headers(secrets, message, int(at.timestamp()), row["body"])

    async def _note(self, tx: Tx, row: Row, reply: Reply) -> None:
        """What came of an attempt."""
        at, webhook = self.world.now(), row["webhook"]
        state, next_at = "done", None
        if reply.taken:
            await tx.execute(_sql.arrived, {"id": webhook, "at": at})
        else:
            state, next_at = self._after_failure(row, reply, at)
            _log.warning("%s was not told of %s: %s", webhook, row["index"], reply.told or reply.status)
            counted = await one(tx, _sql.failures, id=webhook) or {"failures": 0}
            wait = self.pace.waits[min(counted["failures"], len(self.pace.waits) - 1)]
            quiet = None if row["index"] is None else at + min(wait, self.pace.quiet)
            told = {"id": webhook, "at": at, "quiet_until": quiet, "gone": reply.status == GONE}
            await tx.execute(_sql.failed, told)
        values = {"number": row["number"], "state": state, "status": reply.status, "told": reply.told}
        await tx.execute(_sql.settle, {**values, "next_at": next_at})

    def _after_failure(self, row: Row, reply: Reply, at: datetime) -> tuple[str, datetime | None]:
        if row["index"] is None:
            return "failed", None
        if row["attempts"] > len(self.pace.waits) or reply.status == GONE:
            return "parked", None
        wait = self.pace.waits[row["attempts"] - 1]
        return "waiting", at + wait + wait * (self.world.random(1)[0] / 2560)  # up to a tenth more: not all at once

    async def _settle(self, site: str, webhook: str) -> None:
        """Tells of parked deliveries by an alarm, until there are none; pauses who answered that it wants no more."""
        async with transaction(self.pool) as tx:
            appender = await open_ledger(tx, site)
            row, at = await one(tx, _sql.standing, id=webhook), self.world.now()
            if row is None:
                return
            if row["gone"] and not row["paused"]:
                await tx.execute(_sql.stop, {"id": webhook, "index": next_index(appender)})
                content = {"about": webhook, "name": row["name"], "url": row["url"], "events": row["events"]}
                await add_record(
                    tx, appender, kind="webhook_changed", at=at, actor=ACTOR, content={**content, "paused": True},
                    salt=self.world.salt(), things=[webhook],
                )  # fmt: skip
            if row["alarmed"] != bool(row["parked"]):
                await tx.execute(_sql.alarmed, {"id": webhook, "alarmed": not row["alarmed"]})
                if row["parked"]:
                    await raise_alarm(
                        tx, appender, self.world, cause=PARKED, place=webhook, severity="warning",
                        detail={"parked": row["parked"], "gone": row["gone"]}, at=at, actor=ACTOR,
                    )  # fmt: skip
                else:
                    await clear_alarm(tx, appender, self.world, cause=PARKED, place=webhook, at=at, actor=ACTOR)
            await close_ledger(tx, appender)
