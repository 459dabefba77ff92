"""Faults of a whole warehouse, at random: processes die, the disk is full, cables are cut or swallow what is sent.

The order is drawn from a seed, so a run that found something can be had again.
"""

import os
import random
import resource
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from simulators.processes import Child
from simulators.warehouse import Warehouse
from tests.system.waiting import until

Progress = Callable[[], Awaitable[None]]
"""Waits until facts get their receipts again."""

FULL_BYTES = 4096
"""No file of an agent with a full disk may grow beyond it: the kernel refuses, as on a full disk."""


async def kill_database(warehouse: Warehouse) -> None:
    """SIGKILL for PostgreSQL's postmaster; `warehouse.start_database` starts a new one on the same files."""
    pid = warehouse.database_pid
    os.kill(pid, signal.SIGKILL)
    await until(lambda: not Path(f"/proc/{pid}").exists(), "the postmaster is gone")


class Faults:
    """Does harm to `warehouse` and undoes it; `recorded` waits until the agent has recorded on its own meanwhile."""

    def __init__(self, warehouse: Warehouse, seed: int, recorded: Progress) -> None:
        self.done: Counter[str] = Counter()
        self._warehouse, self._recorded = warehouse, recorded
        self._chance = random.Random(seed)
        self._harms: dict[str, Callable[[], Awaitable[None]]] = {
            "agent killed": lambda: self._kill(warehouse.edge),
            "uplink killed": lambda: self._kill(warehouse.uplink),
            "downlink killed": lambda: self._kill(warehouse.downlink),
            "broker killed": self._kill_broker,
            "database killed": self._kill_database,
            "agent's disk full": self._fill_disk,
            "cables cut": lambda: self._cables(warehouse.cut),
            "cables mute": lambda: self._cables(warehouse.mute),
        }

    async def one(self) -> str:
        """Does the next harm, which is over when this returns; its name."""
        name = self._chance.choice(sorted(self._harms))
        await self._harms[name]()
        self.done[name] += 1
        return name

    async def _kill(self, child: Child) -> None:
        await child.kill()
        await child.start()
        await child.ready()

    async def _kill_broker(self) -> None:
        await self._warehouse.broker.kill()
        await self._warehouse.broker.start()

    async def _kill_database(self) -> None:
        await kill_database(self._warehouse)
        await self._warehouse.start_database()

    async def _fill_disk(self) -> None:
        log = self._warehouse.edge.log
        said = log.stat().st_size
        with full_disk(self._warehouse.edge.pid):
            await until(lambda: b"not recorded" in log.read_bytes()[said:], "the agent finds its disk full")
        await self._recorded()

    async def _cables(self, harm: Callable[[], None]) -> None:
        harm()
        await self._recorded()
        self._warehouse.mend()


@contextmanager
def full_disk(pid: int) -> Iterator[None]:
    """The process `pid`, one of ours, meanwhile finds no room to write in."""
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (FULL_BYTES, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))
