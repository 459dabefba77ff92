"""Processes of our own: started in a group of their own, heard line by line, ended by their id and no other way."""

import asyncio
import json
import os
import signal
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from simulators.errors import StartError

OnEvent = Callable[[dict[str, Any]], None]
"""Called with each JSON object that a process prints as a line."""


class Child:
    """One program as a process of its own; what it prints goes to `log`, and its JSON lines also to `on_event`.

    `said_to_it` is what it reads from its standard input.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        on_event: OnEvent | None = None,
        said_to_it: str = "",
    ) -> None:
        self.name = name
        self.log = log
        self._command = list(command)
        # Settings of the shell that started us are none of its business: it gets exactly those it is given.
        around = {key: value for key, value in os.environ.items() if not key.startswith("SEALTRAIL_")}
        self._env = {**around, "PYTHONUNBUFFERED": "1", **(env or {})}
        self._said_to_it = said_to_it.encode()
        self._on_event = on_event
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._last: deque[str] = deque(maxlen=5)

    @property
    def running(self) -> bool:
        """Whether it lives."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """Its process id. Raises StartError before the first start."""
        if self._process is None:
            raise StartError(f"{self.name} was never started", str(self.log))
        return self._process.pid

    async def start(self) -> None:
        """Starts it, or starts it anew after its end."""
        self._ready.clear()
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            env=self._env,
            stdin=asyncio.subprocess.PIPE if self._said_to_it else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for who started us: we end our children, in our order
            limit=1 << 20,
        )
        if self._process.stdout is not None:
            self._reader = asyncio.create_task(self._listen(self._process.stdout))
        if self._process.stdin is not None:
            self._process.stdin.write(self._said_to_it)
            self._process.stdin.close()

    async def ready(self, timeout_s: float = 120) -> None:
        """Returns when it has printed `{"event": "ready"}`. Raises StartError when it ends, or stays silent."""
        said = asyncio.create_task(self._ready.wait())
        ended = asyncio.create_task(self.ended())
        await asyncio.wait({said, ended}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        for task in (said, ended):
            task.cancel()
        if not self._ready.is_set():
            raise self.failure("ended" if not self.running else f"was not ready within {timeout_s:g} s")

    @property
    def last_words(self) -> str:
        """The last line it printed."""
        return self._last[-1][:300] if self._last else "it said nothing"

    def failure(self, what: str) -> StartError:
        """The error that says `what` became of it, with its last words."""
        return StartError(f"{self.name} {what}: {self.last_words} (its log: {self.log})", str(self.log))

    async def ended(self) -> int:
        """Waits for its end; its exit status."""
        if self._process is None:
            return 0
        status = await self._process.wait()
        if self._reader is not None:
            await asyncio.shield(self._reader)
        return status

    async def kill(self) -> None:
        """SIGKILL, as a power cut would; returns when it is gone."""
        self._signal(signal.SIGKILL)
        await self.ended()

    async def stop(self, grace_s: float = 30) -> None:
        """SIGTERM, and SIGKILL when it has not ended after `grace_s`."""
        self._signal(signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(grace_s):
                await self.ended()
                return
        await self.kill()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def _listen(self, said: asyncio.StreamReader) -> None:
        with _append(self.log) as log:
            async for line in said:
                log.write(line)
                text = line.decode("utf-8", "replace").strip()
                if any(map(str.isalnum, text)):  # not the frame that a command line draws around its words
                    self._last.append(text.strip("│ "))
                if text.startswith("{"):
                    self._hear(text)

    def _hear(self, text: str) -> None:
        try:
            said = json.loads(text)
        except ValueError:
            return
        if said.get("event") == "ready":
            self._ready.set()
        if self._on_event is not None:
            self._on_event(said)


def _append(path: Path) -> Any:
    """A log without a buffer: what was said before a kill is in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("ab", buffering=0)
