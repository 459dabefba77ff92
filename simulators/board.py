"""A board: what systemd does with sealtrail-edge.service and sealtrail-update.path, around the real launcher.

Releases are source trees here, run by the Python and the packages of whoever simulates; on a board each has its own
packages and is run by those. All else is as there: the launcher, its files, the agent as a process of its own.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from simulators.processes import Child, OnEvent

LAUNCHER = Path(__file__).parents[1] / "firmware_scripts" / "pi" / "launcher.py"
RESTART_S = 0.2
LOOK_S = 0.1
FIRST = "installed"
"""Name of the release that the installer laid out."""


class Board:
    """A board whose releases lie in `home`; `env` are the agent's settings, `on_event` hears what the agent prints."""

    def __init__(self, home: Path, env: Mapping[str, str], log: Path, on_event: OnEvent) -> None:
        self._home, self._log, self._on_event = home, log, on_event
        self.notes = Path(env["SEALTRAIL_EDGE_DATA_DIR"]) / "updates"
        self._env = {
            **env, "SEALTRAIL_EDGE_RELEASES": str(home), "SEALTRAIL_RELEASES_HOME": str(home),
            "SEALTRAIL_RELEASES_TREES": "1",
        }  # fmt: skip
        self._on: set[asyncio.Task[None]] = set()
        self._children: set[Child] = set()
        self.starts = 0
        """How often the agent was started."""

    def lay_out(self, tree: Path, version: str) -> None:
        """The first release: `tree` itself, as the installer would have copied it."""
        first = self._home / "releases" / FIRST
        first.mkdir(parents=True)
        (first / "tree").symlink_to(tree)
        (first / "release.json").write_text(json.dumps({"version": version}), "utf-8")
        (first / "whole").touch()
        (self._home / "current").symlink_to(f"releases/{FIRST}")

    @property
    def current(self) -> str:
        """The name of the release that is to run."""
        return (self._home / "current").resolve().name

    async def power_on(self) -> None:
        """From now on the agent runs, again and again."""
        self._on = {asyncio.create_task(self._service()), asyncio.create_task(self._path())}

    async def power_cut(self) -> None:
        """Everything ends at once."""
        await self._end(kill=True)

    async def shut_down(self) -> None:
        """The agent may end in its own way."""
        await self._end(kill=False)

    async def _end(self, *, kill: bool) -> None:
        for task in self._on:
            task.cancel()
        await asyncio.gather(*self._on, return_exceptions=True)
        self._on = set()
        for child in list(self._children):
            await (child.kill() if kill else child.stop())
        self._children = set()

    async def _service(self) -> None:
        """ExecStartPre, ExecStart, Restart=always."""
        while True:
            await self._launch("begin")
            self.starts += 1
            await self._launch("run")
            await asyncio.sleep(RESTART_S)

    async def _path(self) -> None:
        """PathChanged: the launcher installs what the agent has fetched."""
        seen = self._stamp()
        while True:
            await asyncio.sleep(LOOK_S)
            if (now := self._stamp()) != seen:
                seen = now
                await self._launch("stage")

    def _stamp(self) -> int:
        with suppress(FileNotFoundError):
            return (self.notes / "ready").stat().st_mtime_ns
        return 0

    async def _launch(self, command: str) -> None:
        on_event = self._on_event if command == "run" else None
        child = Child(f"launcher {command}", [sys.executable, "-I", str(LAUNCHER), command], log=self._log,
                      env=self._env, on_event=on_event)  # fmt: skip
        self._children.add(child)
        await child.start()
        await child.ended()
        self._children.discard(child)
