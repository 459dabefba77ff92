"""Messages go out by a queue (procrastinate) on the same database. Each try and what came of it is kept.

The table `notice` says what is to go out; a job only carries it. A job that was lost with its worker is put in again:
a message may go out twice when a worker is killed between sending and noting, and never not at all. Each kind of way
has its own places at the counter, and each way one of them: one that hangs holds up nobody else.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from procrastinate import App, BaseRetryStrategy, JobContext, PsycopgConnector, RetryDecision
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job

from cloud.db.job_schema import OPTIONS, check_job_schema
from cloud.db.pool import GONE, Pool, Row, Tx, one, rows, transaction
from cloud.db.queries import load_queries
from cloud.errors import DatabaseGoneError
from cloud.reminders.channels import Ways
from cloud.reminders.errors import ChannelError
from cloud.reminders.models import ChannelKind
from cloud.reminders.words import TRY, Told, message
from cloud.rules.service import pack_in_force
from cloud.world import World
from custody.permits import time_text
from custody.reminder_rules import Subject, rules_of
from custody.rule_pack import RulePack

TASK = "deliver"
KINDS: tuple[ChannelKind, ...] = ("wecom", "dingtalk", "feishu", "mail", "webhook")
AT_ONCE = 4
"""Messages of one kind on their way at the same time."""
AGAIN = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
"""After how long a message that was not taken is tried again, each time; then it has failed."""

_log = logging.getLogger(__name__)
_sql = load_queries(__file__)


@dataclass(slots=True)
class _Again(BaseRetryStrategy):
    after: tuple[timedelta, ...]

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Later each time; a message whose worker was stopped at once, by the next."""
        if isinstance(exception, ChannelError):
            wait = self.after[min(job.attempts, len(self.after) - 1)]
            return RetryDecision(retry_in={"seconds": int(wait.total_seconds())})
        return RetryDecision() if isinstance(exception, asyncio.CancelledError) else None


@dataclass(slots=True)
class Delivering:
    """The worker's part that sends. `link` is where the console shows a person's reminders, if anybody said."""

    pool: Pool
    database_url: str
    world: World
    pack: RulePack
    ways: Ways
    link: str | None = None
    again: tuple[timedelta, ...] = AGAIN
    every: timedelta = timedelta(seconds=1)
    """between looks for new messages"""
    left: timedelta = timedelta(minutes=1)
    """after which whoever carries a message lost it: several times what ways have, for a busy machine is no lost one"""
    _queue: App = field(init=False)
    _since: dict[tuple[int | None, int], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        options = {"options": OPTIONS, "connect_timeout": 5}
        self._queue = App(
            connector=PsycopgConnector(conninfo=self.database_url, kwargs=options, min_size=1, max_size=4, name=TASK)
        )
        self._queue.task(name=TASK, retry=_Again(self.again), pass_context=True)(self._deliver)

    async def run(self) -> None:
        """Sends until it is cancelled. Raises DatabaseGoneError, MigrationError."""
        async with transaction(self.pool) as tx:
            await check_job_schema(tx)
        async with _gone(), self._queue.open_async(), asyncio.TaskGroup() as tasks:
            for kind in KINDS:
                tasks.create_task(self._serve(kind))
            while True:
                await self._put_in()
                await asyncio.sleep(self.every.total_seconds())

    async def _serve(self, kind: ChannelKind) -> None:
        """Carries messages of one kind. Raises DatabaseGoneError also where the library ends its worker by itself."""
        await self._queue.run_worker_async(
            queues=[kind], name=kind, concurrency=AT_ONCE, listen_notify=False, delete_jobs="always",
            fetch_job_polling_interval=self.every.total_seconds(), install_signal_handlers=False,
            shutdown_graceful_timeout=1,
        )  # fmt: skip
        raise DatabaseGoneError(f"the queue's worker for {kind} ended")

    async def _put_in(self) -> None:
        """The next message of every channel has a job; those whose worker is gone are taken up again."""
        async with transaction(self.pool) as tx:
            wanted = await rows(tx, _sql.pending_notices)
        if not wanted:
            return
        jobs = self._queue.job_manager
        doing = list(await jobs.list_jobs_async(task=TASK, status="doing"))
        await self._take_up(doing)
        under_way = {job.task_kwargs["notice"] for job in doing}
        under_way |= {job.task_kwargs["notice"] for job in await jobs.list_jobs_async(task=TASK, status="todo")}
        for row in wanted:
            if row["id"] not in under_way:
                lock = f"notice {row['id']}"
                task = self._queue.configure_task(
                    TASK, queue=row["kind"], lock=f"channel {row['channel']}", queueing_lock=lock, allow_unknown=False
                )
                try:
                    await task.defer_async(notice=row["id"])
                except AlreadyEnqueued:
                    _log.info("%s is on its way by another worker", lock)

    async def _take_up(self, doing: Sequence[Job]) -> None:
        """A job that lasts so long lost its worker, or its worker could not say that it was done because the database
        was away: it would hold up its way for ever, and is put in again.
        """
        now = asyncio.get_running_loop().time()
        self._since = {(job.id, job.attempts): self._since.get((job.id, job.attempts), now) for job in doing}
        for job in doing:
            if now - self._since[job.id, job.attempts] > self.left.total_seconds():
                _log.warning("message %s was left by its worker; it is taken up again", job.task_kwargs["notice"])
                await self._queue.job_manager.retry_job(job)

    async def _deliver(self, context: JobContext, notice: int) -> None:
        """Sends one message, and keeps what came of it. Raises ChannelError where it is to be tried again."""
        async with transaction(self.pool) as tx:
            row = await one(tx, _sql.notice, notice=notice)
            if row is None or row["state"] != "pending":
                return
            said = await self._said(tx, row)
            if said is None or row["removed_at"] is not None or row["disabled_at"] is not None:
                await tx.execute(_sql.end_notice, {"notice": notice, "state": "dropped", "at": self.world.now()})
                return
        title, text, more = said
        problem: ChannelError | None = None
        try:
            await self.ways.send(row["kind"], row["target"], title, text, more)
        except ChannelError as error:
            problem = error
        over = problem is None or problem.final or row["tries"] >= len(self.again)
        async with transaction(self.pool) as tx:
            at = self.world.now()
            await tx.execute(_sql.add_try, {"notice": notice, "at": at, "problem": problem and str(problem)})
            if over:
                state = "sent" if problem is None else "failed"
                await tx.execute(_sql.end_notice, {"notice": notice, "state": state, "at": at})
        if problem is not None and not over:
            raise problem

    async def _said(self, tx: Tx, row: Row) -> tuple[str, str, dict[str, Any]] | None:
        """Title, text, and what a program gets besides; None where nothing is left to be told."""
        if row["test"]:
            return (*TRY[row["language"]], {"type": "test"})
        left = [
            each for each in await rows(tx, _sql.told, notice=row["id"]) if not (each["ended_at"] or each["read_at"])
        ]
        if not left:
            return None
        pack = await pack_in_force(tx, left[0]["site"], self.world.now(), self.pack)
        rules = rules_of(pack)
        told = []
        for each in left:
            rule = None if rules is None else rules.subjects.get(Subject(each["subject"]))
            name = {"zh": each["subject"], "en": each["subject"]} if rule is None else rule.name
            told.append(Told(name, each["about"], each["label"], each["due_at"]))
        title, text = message(row["language"], told, ZoneInfo(row["zone"]), self.link)
        same = ("site", "subject", "about", "label")
        listed = [{**{name: each[name] for name in same}, "due_at": time_text(each["due_at"])} for each in left]
        return title, text, {"type": "reminders", "reminders": listed}


@asynccontextmanager
async def _gone() -> AsyncIterator[None]:
    try:
        yield
    except* (ConnectorException, *GONE) as errors:
        raise DatabaseGoneError(f"the queue's database is gone: {errors.exceptions[0]}") from errors
