"""An update from its order to its end. Each step is read off the disk, so that a process that dies goes on there.

Fetched, checked, laid ready by the launcher; begun when nothing is open, by ending this process; then on trial: kept
once the agent is at work, has lost no device and the cloud gave a receipt, else undone by the launcher.
"""

import asyncio
import logging
import sys
import sysconfig
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge_agent.errors import JournalError, SettingsError
from edge_agent.journal.drafts import Draft
from edge_agent.journal.journal import Journal
from edge_agent.store import VERSION as JOURNAL
from edge_agent.updates.book import Book, Wish
from edge_agent.updates.fetching import Fetching, Refusal
from edge_agent.updates.home import Home, running_version
from proof import jws
from wire.kinds import FactKind
from wire.releases import ReleaseError, Update, UpdateState, misfit, read_release

LOOK_S = 0.5
INSTALL_S = 3600.0
"""How long laying it ready may take: packages are unpacked on a slow card."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What an update asks of the agent: whether something is open (a code), and which devices are lost.

    `quiet_s` is how long nothing must have been open; `trial_s` within which it has to be healthy; `again_s` before
    what a disk did not let be written is tried again.
    """

    busy: Callable[[], str | None]
    lost: Callable[[], Sequence[str]]
    publisher: jws.FindKey
    quiet_s: float
    trial_s: float
    again_s: float = 60


class Updates:
    """`work` returns when the process is to end, so that the launcher begins or undoes what is wanted."""

    def __init__(self, home: Home, book: Book, journal: Journal, fetching: Fetching, around: Around) -> None:
        self._home, self._book, self._journal, self._fetching, self._around = home, book, journal, fetching, around
        self._from = journal.last
        self._version = running_version(home.releases)
        self._state: UpdateState | None = None
        self._news: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.ready = asyncio.Event()
        """Set by the agent once it is at work."""
        self.leaving = False
        """Whether the process is to end for the launcher's sake."""

    def state(self) -> UpdateState | None:
        """How far the one that is wanted has come."""
        return self._state

    def want(self, update: Update, token: str) -> str | None:
        """Takes an order, from any thread; or says why not. One that is known is no news."""
        newest = self._book.pages.newest
        if update.number < newest:
            return f"update {update.number}, after {newest} was seen"
        if update.number > newest:
            self._book.want(update, token, self._version)
            if self._loop is not None and self._news is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._news.set)
        return None

    async def work(self) -> None:
        """Tries what runs on trial, then does what is wanted, one after the other. A disk that cannot be written is no
        reason for the agent to end: it is tried again.
        """
        self._loop, self._news = asyncio.get_running_loop(), asyncio.Event()
        while not self.leaving:
            try:
                await self._work(self._news)
            except (SettingsError, OSError) as error:
                _log.error("updates wait: %s", error)
                await asyncio.sleep(self._around.again_s)

    async def _work(self, news: asyncio.Event) -> None:
        await self._tell()
        trial = self._book.pages.trial
        if trial is not None and not await self._come_back(trial):
            self.leaving = True
            return
        while True:
            news.clear()
            wish = self._book.pages.wish
            if wish is None:
                self._state = None
                await news.wait()
            elif await self._go_on(wish):
                self.leaving = True
                return
            await self._tell()

    async def _come_back(self, trial: Wish) -> bool:
        """After the launcher was asked to begin `trial`: whether this process may go on."""
        said, number = self._home.said(), trial.update.number
        if said.trying.begun and said.trying.number == number:
            return await self._try(trial)
        if said.last.number == number:
            self._end(trial, said.last.outcome, said.last.problem)
            await self._tell()
        else:
            self._book.put_back()
        return True

    async def _go_on(self, wish: Wish) -> bool:
        """The next step of `wish`; whether the process is to end."""
        said, number = self._home.said(), wish.update.number
        if self._home.runs() == wish.update.sha256[:12]:
            self._refuse(wish, Refusal("runs_already", "this very release runs here"))
        elif said.staged.number == number:
            self._book.tell(wish, FactKind.UPDATE_STAGED)
            await self._tell()
            return await self._wait_and_ask(wish)
        elif said.fault.number == number:
            self._refuse(wish, Refusal("not_installed", said.fault.problem))
        else:
            refusal = await self._fetch(wish) or await self._lay_ready(wish)
            if refusal is not None:
                self._refuse(wish, refusal)
        return False

    def _end(self, wish: Wish, outcome: str, problem: str) -> None:
        back = outcome == "rolled_back"
        kind = FactKind.UPDATE_ROLLED_BACK if back else FactKind.UPDATE_APPLIED
        self._book.tell(wish, kind, "unhealthy" if back else "", problem, end=True)
        self._forget()

    def _refuse(self, wish: Wish, refusal: Refusal) -> None:
        _log.error("update to %s refused: %s", wish.update.version, refusal.reason)
        self._book.tell(wish, FactKind.UPDATE_REFUSED, refusal.code, refusal.reason, end=True)
        self._forget()

    def _forget(self) -> None:
        """What was fetched for it is of no use any more, and the room is for evidence."""
        if self._book.pages.wish is None:
            self._fetching.whole.unlink(missing_ok=True)

    def _show(self, wish: Wish, state: str, pct: int = 0) -> None:
        shown = {"number": wish.update.number, "version": wish.update.version, "state": state, "pct": pct}
        self._state = UpdateState(**shown)  # type: ignore[arg-type]  # `state` is one of ours

    def _unwanted(self, wish: Wish) -> Callable[[], bool]:
        return lambda: self._book.pages.wish is not wish

    async def _fetch(self, wish: Wish) -> Refusal | None:
        self._show(wish, "fetching")

        def came(number: int) -> None:
            self._show(wish, "fetching", number * 100 // wish.update.bytes)

        return await self._fetching.fetch(wish, came, self._unwanted(wish))

    async def _lay_ready(self, wish: Wish) -> Refusal | None:
        """Looks at it wholly, then waits for the launcher."""
        if self._book.pages.wish is not wish:
            return None
        self._show(wish, "staging")
        if problem := await asyncio.to_thread(self._look, wish):
            return problem
        number = wish.update.number
        self._home.lay_ready(number, wish.token)
        try:
            async with asyncio.timeout(INSTALL_S):
                while self._book.pages.wish is wish:
                    said = self._home.said()
                    if number in (said.staged.number, said.fault.number):
                        return None
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            return Refusal("not_installed", "nobody installed it; is the unit sealtrail-update.path at work?")
        return None

    def _look(self, wish: Wish) -> Refusal | None:
        try:
            manifest = read_release(self._fetching.whole, self._around.publisher)
        except ReleaseError as error:
            return Refusal("release", str(error))
        if manifest.version != wish.update.version:
            return Refusal("release", f"it is version {manifest.version}")
        python, platform = f"{sys.version_info.major}.{sys.version_info.minor}", sysconfig.get_platform()
        found = misfit(manifest, running=self._version, python=python, platform=platform.replace("-", "_"),
                       journal=JOURNAL)  # fmt: skip
        return Refusal(*found) if found else None

    async def _wait_and_ask(self, wish: Wish) -> bool:
        """Waits until nothing is open, and was not for a while; says once why it waits."""
        self._show(wish, "waiting", 100)
        loop = asyncio.get_running_loop()
        quiet_since = loop.time()
        while self._book.pages.wish is wish:
            busy = self._around.busy()
            if busy is not None:
                quiet_since = loop.time()
                if FactKind.UPDATE_WAITING.value not in wish.told:
                    self._book.tell(wish, FactKind.UPDATE_WAITING, busy)
                    await self._tell()
            elif loop.time() - quiet_since >= self._around.quiet_s:
                self._book.begin(wish, self._around.lost())
                self._home.ask(wish.update.number)
                return True
            await asyncio.sleep(min(LOOK_S, max(self._around.quiet_s, 0.05)))
        return False

    async def _try(self, wish: Wish) -> bool:
        """Whether it is healthy in time."""
        self._show(wish, "trying", 100)
        problem = "it was never ready"
        try:
            async with asyncio.timeout(self._around.trial_s):
                await self.ready.wait()
                while unwell := self._unwell(wish):
                    problem = unwell
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            _log.error("version %s is undone: %s", wish.update.version, problem)
            self._home.tell_health(wish.update.number, problem)
            return False
        self._home.tell_health(wish.update.number, None)
        self._end(wish, "applied", "")
        await self._tell()
        return True

    def _unwell(self, wish: Wish) -> str | None:
        more = sorted(set(self._around.lost()) - set(wish.lost))
        if more:
            return f"lost: {', '.join(more)}"
        return None if self._journal.receipted > self._from else "the cloud gave no receipt"

    async def _tell(self) -> None:
        await asyncio.to_thread(self._record)

    def _record(self) -> None:
        """Facts are told once they are on disk; again where the process died between."""
        for kind, body in list(self._book.pages.untold):
            try:
                self._journal.record(Draft(kind=FactKind(kind), device="agent", body=body))
            except JournalError as error:
                _log.error("what became of an update is told later: %s", error)
                return
            self._book.told(1)
