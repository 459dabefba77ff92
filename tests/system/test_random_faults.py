"""The short form of tests/faults/test_random_faults.py: a few faults of a fixed order."""

from pathlib import Path

import pytest

from tests.system.world import harmed


@pytest.mark.timeout(1200)
async def test_a_dozen_faults_lose_and_double_nothing(tmp_path: Path) -> None:
    await harmed(tmp_path, seed=5, faults=12, say=lambda text: None)
