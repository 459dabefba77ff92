"""The configuration that the cloud wants: looked at wholly, tried, kept where the agent is healthy, else undone.

What is in force is one small file beside the journal. A trial that nobody ended, because the process died in it, is
undone at the next start.
"""

import asyncio
import json
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from edge_agent.errors import JournalError, SettingsError
from edge_agent.journal.drafts import Draft
from edge_agent.journal.journal import Journal
from proof import jws
from proof.errors import SignatureError
from wire.errors import MessageError
from wire.joining import (
    DESIRED_TYPE,
    ConfigurationApplied,
    ConfigurationRefused,
    ConfigurationRolledBack,
    Wanted,
    content_hash,
)
from wire.kinds import FactKind
from wire.messages import body_of, to_body

FOLDER, FILE = "configuration", "state.json"
LOOK_S = 0.5
MOST_FAULTS, FAULT_CHARACTERS = 50, 300
ALLOWED = frozenset({"heartbeat_s", "keep_days", "witness_every_s"})
"""Settings that may be wanted: none that says whom to believe or where to send."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """One version: the text of its site file, and its settings."""

    version: int
    hash: str
    site_file: str
    settings: dict[str, str]


@dataclass(slots=True)
class State:
    """What is applied, what was before it, what is being tried; `lost` were lost when the trial began.

    `newest` is the newest version that was ever looked at; `untold` are facts to be told at the next start.
    """

    applied: Kept | None = None
    trying: Kept | None = None
    begun: bool = False
    lost: list[str] = field(default_factory=list)
    newest: int = 0
    untold: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


class Book:
    """The file. Raises SettingsError where it cannot be used."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FOLDER / FILE
        self.state = self._read()

    @property
    def in_force(self) -> Kept | None:
        """What the agent is to start under; None: what it was set up with."""
        return self.state.trying or self.state.applied

    def begin(self) -> None:
        """At the start of a process: a trial that was begun before and not ended is undone."""
        if self.state.trying is None:
            return
        if self.state.begun:
            self.roll_back("the agent ended while it was tried")
            return
        self.state.begun = True
        self.save()

    def offer(self, kept: Kept, lost: Sequence[str]) -> None:
        """`kept` is to be tried at the next start."""
        self.state.trying, self.state.begun, self.state.lost = kept, False, list(lost)
        self.save()

    def succeed(self) -> None:
        """What is tried is applied."""
        trying, applied = self.state.trying, self.state.applied
        if trying is not None:
            body = ConfigurationApplied(
                version=trying.version, hash=trying.hash, before=applied.version if applied else 0
            )
            self.state.untold.append((FactKind.CONFIGURATION_APPLIED, to_body(body)))
            self.state.applied, self.state.trying = trying, None
            self.save()

    def roll_back(self, problem: str) -> None:
        """What is tried is undone: what was before is in force again."""
        trying, applied = self.state.trying, self.state.applied
        if trying is not None:
            body = ConfigurationRolledBack(
                version=trying.version, hash=trying.hash, to=applied.version if applied else 0,
                problem=problem[:FAULT_CHARACTERS],
            )  # fmt: skip
            self.state.untold.append((FactKind.CONFIGURATION_ROLLED_BACK, to_body(body)))
            self.state.trying = None
            self.save()

    def save(self) -> None:
        """Whole or not at all."""
        fresh = self._path.with_name(f".{FILE}.new")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with fresh.open("w", encoding="utf-8") as file:
                json.dump(asdict(self.state), file, ensure_ascii=False)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path)
        except OSError as error:
            raise SettingsError([f"{self._path}: {error.strerror}"]) from error

    def _read(self) -> State:
        if not self._path.exists():
            return State()
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=State)
        except (OSError, msgspec.DecodeError) as error:
            raise SettingsError([f"{self._path}: cannot be read: {error}"]) from error


class Configuration:
    """What is wanted of an agent at work. `check` names all faults of a configuration, `lost` the devices lost now."""

    def __init__(
        self,
        agent: str,
        book: Book,
        journal: Journal,
        find_key: jws.FindKey,
        check: Callable[[Kept], Sequence[str]],
        lost: Callable[[], Sequence[str]],
        trial_s: float,
    ) -> None:
        self._agent, self._book, self._journal, self._find_key = agent, book, journal, find_key
        self._check, self._lost, self._trial_s = check, lost, trial_s
        self._from = journal.last
        self.ready = asyncio.Event()
        """Set by the agent once it is at work."""
        self.again = asyncio.Event()
        """Set where the agent is to start anew."""

    async def work(self) -> None:
        """Ends a trial, one way or the other; returns when the agent is to start anew."""
        await asyncio.to_thread(self._tell)
        if self._book.state.trying is not None:
            problem = await self._try()
            if problem is None:
                self._book.succeed()
                await asyncio.to_thread(self._tell)
            else:
                _log.error("the new configuration is undone: %s", problem)
                self._book.roll_back(problem)
                self.again.set()
        await self.again.wait()

    async def _try(self) -> str | None:
        """None when the agent is healthy in time, else what is not."""
        problem = "it was never ready"
        try:
            async with asyncio.timeout(self._trial_s):
                await self.ready.wait()
                while True:
                    unwell = self._unwell()
                    if unwell is None:
                        return None
                    problem = unwell
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            return problem

    def _unwell(self) -> str | None:
        more = sorted(set(self._lost()) - set(self._book.state.lost))
        if more:
            return f"lost: {', '.join(more)}"
        return None if self._journal.receipted > self._from else "the cloud gave no receipt"

    def _tell(self) -> None:
        """Facts are told once they are on disk; again where the process died between."""
        state = self._book.state
        try:
            for kind, body in state.untold:
                self._journal.record(Draft(kind=FactKind(kind), device="agent", body=body))
        except JournalError as error:
            _log.error("what became of a configuration is told later: %s", error)
            return
        if state.untold:
            state.untold = []
            self._book.save()

    def on_desired(self, payload: bytes) -> bool:
        """Takes what is retained; blocks until it was looked at; returns whether the agent is to start anew.

        Raises ProofError, MessageError for what is not by the cloud, not for this agent, or older than what was seen.
        """
        wanted = body_of(Wanted, jws.verify(payload.decode("ascii", "replace"), self._find_key, DESIRED_TYPE))
        state = self._book.state
        if wanted.agent != self._agent:
            raise SignatureError(f"a configuration for {wanted.agent}")
        if wanted.v != 1 or wanted.hash != content_hash(wanted.site_file, wanted.settings):
            raise MessageError("a configuration whose hash is another's")
        if wanted.version < state.newest:
            raise SignatureError(f"configuration {wanted.version}, after {state.newest} was seen")
        if wanted.version == state.newest:
            return False
        kept = Kept(wanted.version, wanted.hash, wanted.site_file, dict(wanted.settings))
        state.newest = kept.version
        faults = [f"{name}: may not be set from afar" for name in sorted(kept.settings.keys() - ALLOWED)]
        faults += self._check(kept)
        if faults:
            self._refuse(kept, faults)
            return False
        self._book.offer(kept, self._lost())
        return True

    def _refuse(self, kept: Kept, faults: Sequence[str]) -> None:
        told = [fault[:FAULT_CHARACTERS] for fault in faults[:MOST_FAULTS]]
        body = ConfigurationRefused(version=kept.version, hash=kept.hash, faults=told)
        self._book.state.untold.append((FactKind.CONFIGURATION_REFUSED, to_body(body)))
        self._book.save()
        self._tell()
