"""The doctor says which release runs, and whether one waits."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge_agent.doctor.finding import Lang
from edge_agent.doctor.releases import check_releases
from edge_agent.settings import EdgeSettings
from edge_agent.updates.book import Book
from proof.keys import SigningKey
from wire.releases import Update

UPDATE = Update(number=3, version="0.3.0", sha256="a" * 64, bytes=9, approved=7)


def settings(folder: Path, **more: Any) -> EdgeSettings:
    """Of an agent whose releases lie in `folder`; only what this check asks for."""
    made = EdgeSettings.model_construct(
        data_dir=folder / "data", releases=folder / "home", release_keys=(SigningKey.from_seed(b"p" * 32).public,)
    )
    return made.model_copy(update=more)


@pytest.fixture
def board(tmp_path: Path) -> Path:
    (tmp_path / "home" / "current").mkdir(parents=True)
    (tmp_path / "home" / "current" / "release.json").write_text(json.dumps({"version": "0.2.0"}))
    (tmp_path / "data" / "updates").mkdir(parents=True)
    return tmp_path


def state(folder: Path, **said: Any) -> None:
    (folder / "home" / "state.json").write_text(json.dumps(said))


def wanted(folder: Path) -> None:
    Book(folder / "data" / "updates").want(UPDATE, "token", "0.2.0")


def tried(folder: Path) -> None:
    book = Book(folder / "data" / "updates")
    book.want(UPDATE, "token", "0.2.0")
    assert book.pages.wish is not None
    book.begin(book.pages.wish, [])
    state(folder, trying={"number": 3, "version": "0.3.0", "begun": True})


def undone(folder: Path) -> None:
    state(folder, last={"number": 3, "version": "0.3.0", "outcome": "rolled_back", "problem": "lost: camera"})


def healthy(folder: Path) -> None:
    state(folder, trying={"number": 3, "version": "0.3.0", "begun": True})  # and nobody started anew since


def torn(folder: Path) -> None:
    (folder / "home" / "state.json").write_text("{")


@pytest.mark.parametrize(
    ("make", "codes", "words"),
    [
        (healthy, ["release.runs"], "0.2.0"),
        (wanted, ["release.runs", "release.wanted"], "0.3.0"),
        (tried, ["release.runs", "release.trial"], "0.3.0"),
        (undone, ["release.runs", "release.undone"], "lost: camera"),
        (torn, ["release.unread"], "state.json"),
    ],
)
def test_what_runs_and_what_waits(board: Path, make: Callable[[Path], None], codes: list[str], words: str) -> None:
    make(board)
    found = list(check_releases(settings(board)))
    assert [one.code for one in found] == codes
    assert all(words in found[-1].told(lang) for lang in Lang)


@pytest.mark.parametrize("more", [{"releases": None}, {"release_keys": ()}], ids=["no launcher", "no publisher"])
def test_one_that_takes_no_updates_says_so(board: Path, more: dict[str, Any]) -> None:
    (found,) = check_releases(settings(board, **more))
    assert found.code == "release.by_hand"
