"""A witness in a process of its own, made to be killed: it cosigns whatever the log at its address has become."""

import asyncio
import sys
from pathlib import Path

import httpx

from edge_agent.clock import SystemClock
from edge_agent.journal.journal import Journal
from edge_agent.witness import EdgeWitness, site_of_log
from proof.keys import SigningKey
from proof.note import NoteVerifier
from tests.edge_agent.hands import counted_bytes
from tests.edge_agent.scene import AGENT

WITNESS_KEY = SigningKey.from_seed(b"w" * 32)


async def witness_for_ever(folder: Path, url: str, log: NoteVerifier) -> None:
    clock = SystemClock("b" * 32)
    journal = Journal(folder, clock, counted_bytes())
    witness = EdgeWitness(AGENT, WITNESS_KEY, (log,), journal, clock, url, 0)
    written, loop = asyncio.Event(), asyncio.get_running_loop()

    def wake() -> None:
        loop.call_soon_threadsafe(written.set)

    journal.watch(wake)
    async with asyncio.TaskGroup() as group, httpx.AsyncClient(trust_env=False, timeout=240) as client:
        group.create_task(witness.work())
        while True:
            answer = await client.get(f"{url}/log/{site_of_log(log)}/checkpoint")
            witness.hear(site_of_log(log), answer.content)
            await written.wait()
            written.clear()


if __name__ == "__main__":
    asyncio.run(witness_for_ever(Path(sys.argv[1]), sys.argv[2], NoteVerifier.from_vkey(sys.argv[3])))
