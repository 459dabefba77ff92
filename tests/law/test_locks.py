"""The lock files: every version with hashes, and the tests run on what people run."""

import re

from tests.law.tree import ROOT, tracked

PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)(?:\[[^]]*\])?==(?P<version>\S+)(?P<rest>.*)$")


def pins(lock: str) -> dict[str, str]:
    """Package and marker → version; a requirement without a hash is an error here."""
    found: dict[str, str] = {}
    for block in re.split(r"\n(?=[a-z0-9])", (ROOT / lock).read_text("utf-8")):
        match = PIN.match(block.splitlines()[0])
        if match:
            assert "--hash=sha256:" in block, f"{match['name']} has no hash in {lock}"
            found[match["name"] + match["rest"].rstrip(" \\")] = match["version"]
    return found


def test_tests_run_on_the_versions_that_people_run() -> None:
    runtime, dev = pins("requirements.lock"), pins("requirements-dev.lock")
    assert len(runtime) > 20
    assert runtime.items() <= dev.items()


def test_the_installer_is_the_one_in_the_lock() -> None:
    assert pins("requirements-bootstrap.lock").items() <= pins("requirements-dev.lock").items()


def test_no_lock_file_names_an_address() -> None:
    locks = tracked("*.lock", "*package-lock.json")
    assert len(locks) > 3
    assert [path.name for path in locks if re.search(r"https?://", path.read_text("utf-8"))] == []
