"""Migrations: forward only, each once, in the order of their names, one transaction each.

What was applied is remembered with the hash of its file: an applied file that changed afterwards is refused, so is
a database that knows a migration this program does not.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg

from cloud.db.job_schema import add_job_schema
from cloud.db.pool import GONE, Tx
from cloud.errors import DatabaseGoneError, MigrationError, TimescaleGoneError

FOLDER = Path(__file__).parent / "migrations"

_LOCK = 0x5EA17A11  # any number, the same in every process that migrates this database

_TABLE = b"""
CREATE TABLE IF NOT EXISTS migration (
    name        text PRIMARY KEY,
    sha256      text NOT NULL,
    applied_at  timestamptz NOT NULL
)
"""

SWITCH = "0034_telemetry.sql"
"""Here readings come into hypertables, where the server has TimescaleDB."""
_UNREAD = "the readings are in hypertables, and the server does not load TimescaleDB"
_NOT_LOADED = b"NOT EXISTS (SELECT FROM pg_settings WHERE name = 'timescaledb.disable_load')"
"""Its loader defines that setting, and anyone may see so."""
_NOT_LOADED_YET = b"SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb' AND " + _NOT_LOADED
_HYPERTABLES_UNREAD = (
    b"SELECT 1 FROM pg_class WHERE oid = to_regclass('telemetry') AND relkind = 'r' AND " + _NOT_LOADED
)


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its name, its SQL and the hash of it."""

    name: str
    sql: bytes

    @property
    def sha256(self) -> str:
        """Hex SHA-256 of the file."""
        return hashlib.sha256(self.sql).hexdigest()


def read_migrations(folder: Path = FOLDER) -> list[Migration]:
    """All migrations in `folder`, in order."""
    return [Migration(path.name, path.read_bytes()) for path in sorted(folder.glob("*.sql"))]


def migrate(owner_url: str, now: datetime, folder: Path = FOLDER) -> list[str]:
    """Applies what is missing and returns its names. Two at once wait for each other.

    Raises MigrationError for a changed or unknown migration or one that fails, DatabaseGoneError, TimescaleGoneError.
    """
    wanted = read_migrations(folder)
    try:
        with psycopg.connect(owner_url, autocommit=True, connect_timeout=5) as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
            connection.execute(_TABLE)
            applied: dict[str, str] = dict(connection.execute("SELECT name, sha256 FROM migration").fetchall())
            missing = _missing(wanted, applied)
            if missing:
                _check_timescale(connection, missing)
            for migration in missing:
                _apply(connection, migration, now)
            if folder == FOLDER:  # the queue's tables are for the application's role, which ours make
                add_job_schema(connection, now)
    except GONE as error:
        raise DatabaseGoneError(f"no connection to the database: {error}") from error
    return [migration.name for migration in missing]


async def check_schema(tx: Tx, folder: Path = FOLDER) -> None:
    """Raises MigrationError unless the database has exactly this program's migrations; TimescaleGoneError where its
    hypertables cannot be read.
    """
    try:
        found = await (await tx.execute("SELECT name, sha256 FROM migration")).fetchall()
    except psycopg.errors.UndefinedTable as error:
        raise MigrationError("the database has no schema yet") from error
    missing = _missing(read_migrations(folder), {row["name"]: row["sha256"] for row in found})
    if missing:
        raise MigrationError(f"the database misses {', '.join(m.name for m in missing)}")
    if await (await tx.execute(_HYPERTABLES_UNREAD)).fetchone():
        raise TimescaleGoneError(_UNREAD)


def _missing(wanted: list[Migration], applied: dict[str, str]) -> list[Migration]:
    unknown = sorted(set(applied) - {migration.name for migration in wanted})
    if unknown:
        raise MigrationError(f"the database is newer than this program: it has {', '.join(unknown)}")
    changed = [m.name for m in wanted if applied.get(m.name, m.sha256) != m.sha256]
    if changed:
        raise MigrationError(f"applied migrations were changed afterwards: {', '.join(changed)}")
    missing = [migration for migration in wanted if migration.name not in applied]
    late = [migration.name for migration in missing if applied and migration.name < max(applied)]
    if late:
        raise MigrationError(f"migrations were put before applied ones: {', '.join(late)}")
    return missing


def _check_timescale(connection: psycopg.Connection[tuple[str, str]], missing: list[Migration]) -> None:
    if any(migration.name == SWITCH for migration in missing) and connection.execute(_NOT_LOADED_YET).fetchone():
        raise TimescaleGoneError("TimescaleDB is installed on this server, and not loaded")
    if connection.execute(_HYPERTABLES_UNREAD).fetchone():
        raise TimescaleGoneError(_UNREAD)


def _apply(connection: psycopg.Connection[tuple[str, str]], migration: Migration, now: datetime) -> None:
    try:
        with connection.transaction():
            connection.execute(migration.sql)
            connection.execute("INSERT INTO migration VALUES (%s, %s, %s)", [migration.name, migration.sha256, now])
    except psycopg.ProgrammingError as error:
        raise MigrationError(f"{migration.name} failed: {error}") from error
