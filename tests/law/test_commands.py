"""What the papers tell people to type exists."""

import re

import sealtrail
from tests.law.tree import ROOT, hits, text_of, tracked

TARGETS = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.M))


def test_every_make_command_in_the_papers_is_a_target() -> None:
    papers = [text_of(path) for path in tracked("*.md")]
    inline = {name for text in papers for name in re.findall(r"`make ([a-z-]+)", text)}
    blocks = "".join(block for text in papers for block in re.findall(r"^```.*?^```", text, re.M | re.S))
    assert inline
    assert inline.union(re.findall(r"^\s*(?:\$ )?make ([a-z-]+)", blocks, re.M)) - TARGETS == set()


def test_every_part_of_the_command_in_the_papers_exists() -> None:
    parts = {part for path in tracked("*.md") for part in re.findall(r"(?:^|`)sealtrail ([a-z]+)", text_of(path), re.M)}
    assert parts
    assert parts - set(sealtrail.PARTS) == set()


def test_ci_runs_the_readmes_test_command_and_the_checks() -> None:
    run = (ROOT / ".ci" / "run").read_text("utf-8")
    assert re.findall(r"^make ([a-z-]+)", run, re.M) == ["test", "check"]
    assert "make test" in (ROOT / "README.md").read_text("utf-8")


def test_ci_installs_nothing_by_hand() -> None:
    assert not list(hits(re.compile(r"\b(pip|uv|apt|apt-get|npm)\b"), ".ci/run"))


def test_the_mission_names_tests_and_commands_that_exist() -> None:
    rows = [line for line in (ROOT / "docs" / "mission.md").read_text("utf-8").splitlines() if line.startswith("| ")]
    claims = [claim for row in rows for claim in re.findall(r"`((?:tests|benchmarks)/[^`]+)`", row)]
    assert claims
    assert [claim for claim in claims if not claim_holds(claim)] == []


def claim_holds(claim: str) -> bool:
    """`tests/x/test_y.py` is a file, and `tests/x/test_y.py::test_z` a function in it."""
    file, _, function = claim.partition("::")
    path = ROOT / file
    return path.exists() and (not function or f"def {function}(" in path.read_text("utf-8"))
