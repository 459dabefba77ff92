"""The long faults run by `make faults`, which names this folder alone; `make test` has a short form in tests/system."""

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not all("faults" in argument for argument in config.args):
        for item in items:
            if "tests/faults/" in item.nodeid:
                item.add_marker(pytest.mark.skip(reason="minutes long: `make faults` runs it"))
