"""Every test of a driver runs in both worlds."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.edge_agent.drivers.worlds import World, on_pins, on_stage


@pytest.fixture(params=[on_pins, on_stage])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """Each of the two worlds in turn."""
    make: Callable[[Path], AbstractContextManager[World]] = request.param
    with make(tmp_path) as world:
        yield world
