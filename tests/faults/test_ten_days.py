"""Ten days without a network: a hundred thousand facts wait on the agent's disk, and go up in order when it is back."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest

from edge_agent.journal.drafts import Draft
from edge_agent.journal.journal import Journal
from simulators.broker import free_port
from simulators.tally import receipted
from simulators.warehouse import Warehouse
from tests.edge_agent.hands import Hands
from tests.system.waiting import until
from tests.system.world import count, none_lost_none_doubled

FACTS, DAYS, LIMIT_S = 100_000, 10, 30
"""What the limit is said of, and for how many days that is one fact every nine seconds."""


def ten_days(folder: Path) -> None:
    """What an agent recorded meanwhile."""
    hands = Hands()
    hands.step(-DAYS * 86_400)
    with closing(Journal(folder, hands.clock, os.urandom)) as journal:
        waiting = []
        for number in range(FACTS):
            hands.pass_(DAYS * 86_400 / FACTS)
            waiting.append(journal.submit(Draft(kind="counted", device="agent", body={"number": number})))
        waiting[-1].result()


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Iterator[list[str]]:
    """Lines that are shown when the test is over."""
    lines: list[str] = []
    yield lines
    with capsys.disabled():
        sys.stdout.write("".join(f"\n{line}" for line in lines) + "\n")


@pytest.mark.timeout(900)
async def test_ten_days_drain_in_order(tmp_path: Path, said: list[str]) -> None:
    async with AsyncExitStack() as stack:
        warehouse = Warehouse(tmp_path, free_port(), stack, lambda event: None)
        await warehouse.start_services()
        await warehouse.start_cloud([])
        ten_days(warehouse.journal.parent)
        begun = time.monotonic()
        await warehouse.start_edge(1)
        await until(lambda: receipted(warehouse.journal) >= FACTS, "all of it is in the ledger", 600)
        said.append(f"{FACTS:,} facts of {DAYS} days drained in {time.monotonic() - begun:.1f} s (limit {LIMIT_S} s)")
        assert (await count(warehouse)).in_order
        await none_lost_none_doubled(warehouse, FACTS)
