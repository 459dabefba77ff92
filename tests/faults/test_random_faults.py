"""Five hundred faults drawn at random, one after the other, while facts flow: none lost, none doubled, all in order.

SEALTRAIL_FAULTS_SEED repeats a run; SEALTRAIL_FAULTS says how many instead. The seed is printed.
"""

import os
import sys
from pathlib import Path

import pytest

from tests.system.world import harmed

FAULTS = int(os.environ.get("SEALTRAIL_FAULTS", "500"))


@pytest.mark.timeout(2 * 3600)
async def test_every_recorded_fact_is_in_the_ledger_once_and_in_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = int(os.environ.get("SEALTRAIL_FAULTS_SEED", str(int.from_bytes(os.urandom(4), "big"))))

    def say(text: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()

    say(f"\nseed {seed}, {FAULTS} faults")
    await harmed(tmp_path, seed, FAULTS, say)
