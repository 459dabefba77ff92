"""The queue's own tables (procrastinate), in a schema of their own beside ours.

A library's tables change with the library: its files are applied as it ships them, each once, in the order of their
names, and what was applied is remembered. So a newer version of it brings an older database up to date.
"""

from datetime import datetime
from pathlib import Path

import psycopg
from procrastinate.schema import SchemaManager
from psycopg.sql import SQL

from cloud.db.pool import Tx
from cloud.errors import MigrationError

SCHEMA = "jobs"
OPTIONS = f"-c search_path={SCHEMA} -c timezone=UTC"
"""For connections that speak to the queue: the library names its tables without a schema."""

_APPLIED = b"""
CREATE SCHEMA IF NOT EXISTS jobs;
CREATE TABLE IF NOT EXISTS jobs.applied (file text PRIMARY KEY, applied_at timestamptz NOT NULL);
"""
_GRANTS = b"""
GRANT USAGE ON SCHEMA jobs TO sealtrail_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA jobs TO sealtrail_app;
REVOKE INSERT, UPDATE, DELETE ON jobs.applied FROM sealtrail_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA jobs TO sealtrail_app;
"""


def job_files() -> list[Path]:
    """The library's migrations, in order."""
    return sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))


def add_job_schema(connection: psycopg.Connection[tuple[str, str]], now: datetime) -> None:
    """Brings the queue's tables up to date. Raises MigrationError where a file fails; those before it stay applied."""
    connection.execute(_APPLIED)
    applied = {row[0] for row in connection.execute("SELECT file FROM jobs.applied").fetchall()}
    missing = [path for path in job_files() if path.name not in applied]
    if not missing:
        return
    if not applied:
        _apply(connection, SchemaManager.get_schema().encode(), [path.name for path in missing], now)
    else:
        for path in missing:
            _apply(connection, path.read_bytes(), [path.name], now)
    connection.execute(_GRANTS)


def _apply(connection: psycopg.Connection[tuple[str, str]], sql: bytes, names: list[str], now: datetime) -> None:
    try:
        with connection.transaction():
            connection.execute(SQL("SET LOCAL search_path = jobs"))
            connection.execute(sql)
            connection.execute("INSERT INTO jobs.applied SELECT unnest(%s::text[]), %s", [names, now])
    except psycopg.Error as error:
        raise MigrationError(f"the queue's {names[-1]} failed: {error}") from error


async def check_job_schema(tx: Tx) -> None:
    """Raises MigrationError unless the queue's tables are those of the library that is installed."""
    try:
        async with tx.transaction():
            found = {row["file"] for row in await (await tx.execute(b"SELECT file FROM jobs.applied")).fetchall()}
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as error:
        raise MigrationError("the database has no queue yet") from error
    missing = [path.name for path in job_files() if path.name not in found]
    if missing:
        raise MigrationError(f"the queue misses {', '.join(missing)}")
