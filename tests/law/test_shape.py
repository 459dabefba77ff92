"""Files stay short, ignores say why, tests neither sleep nor patch."""

import re

import pytest

from tests.law.tree import calls, hits, shown, text_of, tracked

LINES_AT_MOST = 400
# A file that no person writes or reads from top to bottom, and why.
GENERATED = {
    "cloud/console/src/api/schema.ts": "types generated from the OpenAPI document",
}
# Waiting for a process or a page that sends no event: one file polls, with a deadline, for all tests.
MAY_SLEEP = {"tests/system/waiting.py"}

REASONLESS = re.compile(r"#\s*(noqa(:\s*[A-Z0-9, ]+)?|type:\s*ignore(\[[^]]*\])?)\s*$")


def test_no_file_is_longer_than_a_sitting() -> None:
    sizes = {shown(path): text_of(path).count("\n") for path in tracked("*.py", "*.ts", "*.vue", "*.sql", "*.sh")}
    assert {name: lines for name, lines in sizes.items() if lines > LINES_AT_MOST and name not in GENERATED} == {}


def test_every_ignore_gives_its_reason() -> None:
    assert not list(hits(REASONLESS, "*.py"))


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("x = 1  # noqa", True),
        ("x = 1  # noqa: S101, E501", True),
        ("x = f()  # type: ignore[attr-defined]", True),
        ("x = f()  # type: ignore[attr-defined]  # the stub lacks it", False),
        ("x = 1  # noqa: S101 - a benchmark may", False),
    ],
)
def test_the_rule_on_ignores_knows_a_reason_when_it_sees_one(line: str, found: bool) -> None:
    assert bool(REASONLESS.search(line)) is found


def test_broad_excepts_stay_where_pyproject_allows_them() -> None:
    assert [hit for hit in hits(re.compile(r"noqa:[^#]*\bBLE"), "*.py") if not hit.startswith("tests/law/")] == []


def test_tests_wait_for_the_event_and_never_sleep() -> None:
    sleeping = [
        f"{shown(path)}:{line}"
        for path in tracked("tests/*.py")
        if shown(path) not in MAY_SLEEP
        for line, name in calls(path)
        if name in ("sleep", "time.sleep", "asyncio.sleep", "anyio.sleep")
    ]
    assert sleeping == []


def test_tests_patch_nothing() -> None:
    patching = re.compile(r"\b(monkeypatch|mocker|unittest\.mock|MagicMock)\b")
    assert [hit for hit in hits(patching, "tests/*.py") if "tests/law/" not in hit] == []
