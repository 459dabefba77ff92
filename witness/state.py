"""What a witness remembers: one SQLite file, changed in transactions that are on disk before they return.

Rollback journal, not WAL: the file is whole by itself, so a copy of it is never silently older than it looks.
"""

import hashlib
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proof.checkpoint import Checkpoint
from proof.errors import ProofError
from proof.keys import VerifyKey
from proof.note import COSIGNATURE, NoteVerifier, read_note
from witness.errors import StateError

VERSION = 1
MOST_KEPT = 200
"""Accusations kept of one log: the first so many proofs, and the newest so many of what proves nothing by itself."""

_HERE = Path(__file__).parent
_SCHEMA = (_HERE / "schema.sql").read_text("utf-8")
_named = re.split(r"^-- name: (\w+)\n", (_HERE / "queries.sql").read_text("utf-8"), flags=re.MULTILINE)[1:]
_SQL: Mapping[str, str] = dict(zip(_named[::2], _named[1::2], strict=True))
# EXTRA is FULL that also syncs the folder when a commit unlinks the journal: no answered commit comes undone.
_PRAGMAS = ("journal_mode = DELETE", "synchronous = EXTRA", "busy_timeout = 10000", "trusted_schema = OFF")


@dataclass(frozen=True, slots=True)
class Accusation:
    """A request with a log's genuine signature that speaks against it. `proves`: by itself, to anybody.

    `request` is its whole body, `seen` the note that was the newest then, `at_s` the witness's POSIX time.
    """

    number: int
    origin: str
    kind: str
    proves: int
    status: int
    why: str
    request: bytes
    seen: str | None
    at_s: int


class State:
    """The state file at `path`. One thread uses it; other processes may use the same file."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """Opens it, or makes a new one. Raises StateError; nobody's yet until `belong`."""
        try:
            mode = "rwc" if create else "rw"
            self._db = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise StateError(f"{path}: {error}") from error
        self._path = path
        try:
            self._prepare(create)
        except BaseException:
            self._db.close()
            raise

    def _prepare(self, create: bool) -> None:
        with self._in_our_words():
            for pragma in _PRAGMAS:
                self._db.execute(f"PRAGMA {pragma}")
        with self.alone() if create else self._in_our_words():
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            (objects,) = self._db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            if create and version == objects == 0:
                for statement in _SCHEMA.split(";\n"):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {VERSION}")
            elif version != VERSION:
                raise StateError(f"{self._path} is not the state of a witness, version {VERSION}")

    def belong(self, witness: NoteVerifier) -> None:
        """Makes a new file that of `witness`, name and key. Raises StateError when it is another's."""
        with self.alone():
            if not self._rows("me"):
                self._db.execute(_SQL["be"], {"name": witness.name, "key": witness.key.raw})
        if self.owner() != witness:
            raise StateError(f"{self._path} is the state of {self.owner().vkey}, not of {witness.vkey}")

    def owner(self) -> NoteVerifier:
        """Whose state it is. Raises StateError."""
        rows = self._rows("me")
        if not rows:
            raise StateError(f"{self._path} belongs to no witness yet")
        return NoteVerifier(rows[0][0], VerifyKey.from_raw(rows[0][1]), COSIGNATURE)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else writes between reading and keeping; kept on disk when it returns. Raises StateError."""
        with self._in_our_words():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    def newest(self, origin: str) -> str | None:
        """The newest note of log `origin`, with the log's signature and ours."""
        return self._note("newest", origin=origin)

    def newest_by_hash(self, origin_sha256: str) -> str | None:
        """The same, asked for by the lowercase hex SHA-256 of the origin."""
        return self._note("newest_by_hash", origin_sha256=origin_sha256)

    def all_newest(self) -> list[tuple[Checkpoint, int]]:
        """Every log's newest checkpoint and when it was cosigned (POSIX s). Raises StateError."""
        return [(read_kept(note), at_s) for note, at_s in self._rows("all_newest")]

    def keep(self, origin: str, note: str, at_s: int) -> None:
        """From now on `note` is the newest of log `origin`. Only inside `alone`."""
        digest = hashlib.sha256(origin.encode()).hexdigest()
        self._db.execute(_SQL["keep"], {"origin": origin, "origin_sha256": digest, "note": note, "cosigned_at_s": at_s})

    def accuse(self, text: str, *, most: int = MOST_KEPT, **columns: Any) -> bool:
        """Keeps an accusation about the checkpoint `text`; False when it is kept already. Only inside `alone`."""
        digest = hashlib.sha256(text.encode()).hexdigest()
        values = columns | {"text_sha256": digest, "most": most}
        new = self._db.execute(_SQL["accuse"], values).rowcount > 0
        if new:
            self._db.execute(_SQL["forget"], {"origin": columns["origin"], "most": most})
        return new

    def accusations(self) -> list[Accusation]:
        """All that is kept against any log, oldest first. Raises StateError."""
        return [Accusation(*row) for row in self._rows("accusations")]

    def close(self) -> None:
        """No more of it."""
        self._db.close()

    def _note(self, query: str, **values: str) -> str | None:
        rows = self._rows(query, **values)
        return str(rows[0][0]) if rows else None

    def _rows(self, query: str, **values: str) -> list[Any]:
        with self._in_our_words():
            return self._db.execute(_SQL[query], values).fetchall()

    @contextmanager
    def _in_our_words(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            name = getattr(error, "sqlite_errorname", "sqlite3")  # errors of the module itself carry none
            raise StateError(f"{self._path}: {name}: {error}") from error


def read_kept(note: str) -> Checkpoint:
    """The checkpoint in a note of the state. Raises StateError: what was kept was well-formed then."""
    try:
        return Checkpoint.from_text(read_note(note.encode()).text)
    except ProofError as error:
        raise StateError(f"a note in the state is broken: {error}") from error
