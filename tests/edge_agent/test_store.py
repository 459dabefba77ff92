"""The agent's file over its versions."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge_agent import store
from edge_agent.errors import JournalError
from edge_agent.journal.journal import FILE, Journal, check_chain
from edge_agent.store import VERSION, Reads
from tests.edge_agent.hands import Hands, counted_bytes, fact

FIRST = (Path(store.__file__).parent / "schema.sql").read_text("utf-8")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file as the first version made it, with one fact."""
    with closing(Journal(tmp_path / "new", Hands().clock, counted_bytes())) as journal:
        journal.record(fact("one"))
    with closing(sqlite3.connect(tmp_path / FILE)) as db, closing(sqlite3.connect(tmp_path / "new" / FILE)) as new:
        db.executescript(f"PRAGMA journal_mode = WAL; {FIRST} PRAGMA user_version = 1;")
        db.executemany(store.SQL["add_fact"], new.execute("SELECT * FROM fact").fetchall())
        db.commit()
    return tmp_path


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        found: int = db.execute("PRAGMA user_version").fetchone()[0]
        return found


def test_an_older_file_is_brought_up_to_date_with_all_that_is_in_it(old: Path) -> None:
    with closing(Journal(old, Hands().clock, counted_bytes())) as journal:
        assert journal.last == 1
        journal.record(fact("two"))
        assert journal.reads.rows("witnessed", origin="x") == []
    assert version(old / FILE) == VERSION
    with closing(Journal(old, Hands().clock, counted_bytes())) as journal:
        assert check_chain(journal.reads) == 2


def test_reading_an_older_file_leaves_it_as_it_is(old: Path) -> None:
    with closing(Reads(old / FILE)) as reads:
        assert check_chain(reads) == 1
    assert version(old / FILE) == 1


def test_a_file_of_a_later_version_is_not_touched(old: Path) -> None:
    with closing(sqlite3.connect(old / FILE)) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(JournalError, match=f"of version {VERSION + 1}, not {VERSION}"):
        Journal(old, Hands().clock, counted_bytes())
    with pytest.raises(JournalError):
        Reads(old / FILE)
