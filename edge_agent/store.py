"""The agent's one SQLite file: how it is opened, its statements by name, and its errors in our words.

Only the journal's writer changes it; what others want changed goes there as an Effect of a fact.
"""

import re
import sqlite3
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge_agent.errors import JournalDamagedError, JournalError, JournalFullError

_HERE = Path(__file__).parent
_STEPS = tuple(
    (_HERE / name).read_text("utf-8")
    for name in (
        "schema.sql",
        "witness.sql",
        "tasks.sql",
        "rule_packs.sql",
        "journal/renewal.sql",
        "film/film.sql",
        "film/shown.sql",
        "lists.sql",
        "stations/door.sql",
        "printing.sql",
    )
)
VERSION = len(_STEPS)
"""Each step makes the file one version newer; files of agents at work stay as they were made."""

_named = re.split(r"^-- name: (\w+)\n", (_HERE / "queries.sql").read_text("utf-8"), flags=re.MULTILINE)[1:]
SQL: Mapping[str, str] = dict(zip(_named[::2], _named[1::2], strict=True))
"""The statements of queries.sql by name."""

_PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "busy_timeout = 10000", "temp_store = MEMORY")
# RLIMIT_FSIZE and quotas come as an I/O error of a write; the shared-memory file of the WAL grows too.
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_TRUNCATE}

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


@dataclass(frozen=True, slots=True)
class Effect:
    """A change made together with a fact or not at all: the statement `name` of queries.sql with its values.

    `:seq` in it is the fact's own number.
    """

    name: str
    values: Mapping[str, Any] = field(default_factory=dict)


def open_store(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """The file at `path`, made or brought up to date. Raises JournalError, JournalFullError."""
    try:
        mode = "ro" if read_only else "rwc"
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None,
                             check_same_thread=False)  # fmt: skip
        try:
            for pragma in _PRAGMAS[2:] if read_only else _PRAGMAS:
                db.execute(f"PRAGMA {pragma}")
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version > VERSION or (version == 0 and read_only):
                raise JournalError(f"{path} is a journal of version {version}, not {VERSION}")
            if version < VERSION and not read_only:
                steps = "".join(_STEPS[version:])
                db.executescript(f"BEGIN;{steps}PRAGMA user_version = {VERSION};COMMIT;")
        except BaseException:
            db.close()
            raise
    except sqlite3.Error as error:
        raise journal_error(error) from error
    return db


def journal_error(error: sqlite3.Error) -> JournalError:
    """What SQLite says, in our words."""
    code = getattr(error, "sqlite_errorcode", 0)  # errors of the sqlite3 module itself carry none
    primary = code & 0xFF
    kind = JournalFullError if code in _FULL else JournalDamagedError if primary in _DAMAGED else JournalError
    return kind(f"{getattr(error, 'sqlite_errorname', 'sqlite3')}: {error}")


class Reads:
    """The reading side, for any thread: sees what was committed, waits for no writer."""

    def __init__(self, path: Path) -> None:
        self._db = open_store(path, read_only=True)
        self._lock = threading.Lock()
        self.damaged = False

    def rows(self, name: str, **values: Any) -> list[Any]:
        """All rows of the statement `name`, as tuples. Raises JournalError."""
        with self._lock:
            try:
                return self._db.execute(SQL[name], values).fetchall()
            except sqlite3.Error as error:
                told = journal_error(error)
                self.damaged |= isinstance(told, JournalDamagedError)
                raise told from error

    def close(self) -> None:
        """No more reading."""
        with self._lock:
            self._db.close()
