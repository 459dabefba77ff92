"""The state file: one witness's for ever, changed by one at a time, bounded."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from proof.cosignature import cosigner
from proof.keys import SigningKey
from tests.witness.logs import KEY, LOG, ME, NAME, NOON_S
from witness.errors import StateError
from witness.state import State

NOTE = LOG.note(5)


def test_a_state_file_belongs_to_one_name_and_one_key(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with closing(State(path, create=True)) as state:
        state.belong(ME)
        assert state.owner() == ME
    for other in (cosigner("court.example/x", KEY), cosigner(NAME, SigningKey.from_seed(bytes(32)))):
        with closing(State(path, create=True)) as state, pytest.raises(StateError, match=r"is the state of court\.ex"):
            state.belong(other)
    with closing(State(path)) as state:
        assert state.owner() == ME


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(StateError):
        State(tmp_path / "missing.db")
    assert not (tmp_path / "missing.db").exists()
    with pytest.raises(StateError):
        State(tmp_path / "no" / "folder.db", create=True)
    text = tmp_path / "text"
    text.write_text("no database, but long enough to be read as a header of one" * 10)
    with pytest.raises(StateError, match="not a database"):
        State(text, create=True)
    foreign = tmp_path / "foreign.db"
    with closing(sqlite3.connect(foreign)) as db:
        db.execute("CREATE TABLE other (a)")
    with pytest.raises(StateError, match="not the state of a witness"):
        State(foreign, create=True)


def test_a_file_of_a_later_version(tmp_path: Path) -> None:
    State(tmp_path / "state.db", create=True).close()
    with closing(sqlite3.connect(tmp_path / "state.db")) as db:
        db.execute("PRAGMA user_version = 2")
    with pytest.raises(StateError, match="version 1"):
        State(tmp_path / "state.db", create=True)


def test_a_new_file_belongs_to_nobody(tmp_path: Path) -> None:
    with closing(State(tmp_path / "state.db", create=True)) as state, pytest.raises(StateError, match="no witness"):
        state.owner()


def test_only_one_is_alone_from_before_it_reads(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with closing(State(path, create=True)) as one, closing(State(path)) as two:
        with one.alone(), closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as impatient:
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                impatient.execute("BEGIN IMMEDIATE")
            one.keep(LOG.origin, NOTE, NOON_S)
            assert two.newest(LOG.origin) is None
        with two.alone():
            assert two.newest(LOG.origin) == NOTE


def keep_and_fail(state: State) -> None:
    state.keep(LOG.origin, NOTE, NOON_S)
    raise StateError("in between")


def test_what_fails_in_between_leaves_no_trace(tmp_path: Path) -> None:
    with closing(State(tmp_path / "state.db", create=True)) as state:
        with pytest.raises(StateError), state.alone():
            keep_and_fail(state)
        assert state.newest(LOG.origin) is None
        with state.alone():
            state.keep(LOG.origin, NOTE, NOON_S)
        assert state.newest(LOG.origin) == NOTE


def test_a_broken_note_in_the_state_is_said(tmp_path: Path) -> None:
    with closing(State(tmp_path / "state.db", create=True)) as state:
        with state.alone():
            state.keep(LOG.origin, "nonsense", NOON_S)
        with pytest.raises(StateError, match="broken"):
            state.all_newest()


def test_what_is_kept_stays_bounded_and_proofs_are_not_crowded_out(tmp_path: Path) -> None:
    with closing(State(tmp_path / "state.db", create=True)) as state:
        with state.alone():
            for number in range(6):
                for origin in ("a", "b"):
                    for proves in (True, False):
                        common = {"kind": f"{proves}", "status": 422, "why": "", "seen": None, "at_s": NOON_S}
                        state.accuse(
                            f"text {number}", most=4, origin=origin, proves=proves, request=b"%d" % number, **common
                        )
            assert not state.accuse("text 5", most=4, origin="a", proves=False, request=b"again", **common)
        kept = [(one.origin, bool(one.proves), int(one.request)) for one in state.accusations()]
    for origin in ("a", "b"):
        assert [number for who, proves, number in kept if who == origin and proves] == [0, 1, 2, 3]
        assert [number for who, proves, number in kept if who == origin and not proves] == [2, 3, 4, 5]
