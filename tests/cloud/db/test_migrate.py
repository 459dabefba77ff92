import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from cloud.db.embedded import EmbeddedServer
from cloud.db.migrate import FOLDER, check_schema, migrate, read_migrations
from cloud.db.pool import Pool, connect, transaction
from cloud.errors import DatabaseGoneError, MigrationError, TimescaleGoneError
from tests.cloud.conftest import START, Database

ALL = [migration.name for migration in read_migrations()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two small migrations of our own."""
    (tmp_path / "0001_one.sql").write_text("CREATE TABLE one (a int)")
    (tmp_path / "0002_two.sql").write_text("CREATE TABLE two (a int); INSERT INTO two VALUES (2)")
    return tmp_path


@pytest.fixture
def empty(server: EmbeddedServer) -> Iterator[str]:
    server.create("empty")
    yield server.url("empty")
    server.drop("empty")


def test_each_is_applied_once_and_only_what_is_missing(empty: str, folder: Path) -> None:
    assert migrate(empty, START, folder) == ["0001_one.sql", "0002_two.sql"]
    (folder / "0003_three.sql").write_text("CREATE TABLE three (a int)")
    assert migrate(empty, START, folder) == ["0003_three.sql"]
    assert migrate(empty, START, folder) == []


def test_an_applied_file_that_changed_is_refused(empty: str, folder: Path) -> None:
    migrate(empty, START, folder)
    (folder / "0001_one.sql").write_text("CREATE TABLE one (a bigint)")
    with pytest.raises(MigrationError, match="changed afterwards: 0001_one"):
        migrate(empty, START, folder)


def test_a_database_newer_than_the_program_is_refused(empty: str, folder: Path) -> None:
    migrate(empty, START, folder)
    (folder / "0002_two.sql").unlink()
    with pytest.raises(MigrationError, match="newer than this program: it has 0002_two"):
        migrate(empty, START, folder)


def test_one_that_fails_leaves_nothing_behind(empty: str, folder: Path) -> None:
    (folder / "0002_two.sql").write_text("CREATE TABLE two (a int); CREATE TABLE two (a int)")
    with pytest.raises(MigrationError, match=r"0002_two\.sql failed"):
        migrate(empty, START, folder)
    with psycopg.connect(empty) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
    assert [name for (name,) in found] == ["migration", "one"]


def test_one_put_before_applied_ones_is_refused(empty: str, folder: Path) -> None:
    migrate(empty, START, folder)
    (folder / "0001_zero.sql").write_text("CREATE TABLE zero (a int)")
    with pytest.raises(MigrationError, match="0001_zero"):
        migrate(empty, START, folder)


def test_two_starts_at_once_wait_for_each_other(empty: str, folder: Path) -> None:
    with ThreadPoolExecutor(2) as threads:
        done = list(threads.map(lambda _: migrate(empty, START, folder), range(2)))
    assert sorted(map(len, done)) == [0, 2]


def test_no_database_is_one_clear_error(server: EmbeddedServer) -> None:
    with pytest.raises(DatabaseGoneError, match="does not exist"):
        migrate(server.url("nowhere"), START)


async def test_a_process_knows_whether_the_schema_is_its_own(pool: Pool, database: Database, tmp_path: Path) -> None:
    async with transaction(pool) as tx:
        await check_schema(tx)
    newer = shutil.copytree(FOLDER, tmp_path / "newer")
    (newer / "9999_next.sql").write_text("SELECT 1")
    async with transaction(pool) as tx:
        with pytest.raises(MigrationError, match="misses 9999_next"):
            await check_schema(tx, newer)


async def test_hypertables_of_a_server_that_does_not_load_timescale_are_not_taken_for_empty(database: Database) -> None:
    async with await connect(database.owner) as tx:
        await tx.execute("DROP TABLE telemetry CASCADE")
        await tx.execute("CREATE TABLE telemetry (at timestamptz)")  # what such a server makes of a hypertable
        with pytest.raises(TimescaleGoneError) as told:
            await check_schema(tx)
    assert "shared_preload_libraries" in told.value.diagnosis


async def test_an_empty_database_has_no_schema_yet(empty: str) -> None:
    async with await connect(empty) as tx:
        with pytest.raises(MigrationError, match="no schema yet"):
            await check_schema(tx)


def test_the_names_tell_the_order() -> None:
    assert len({name[:4] for name in ALL}) == len(ALL)
    assert all(name[:4].isdigit() for name in ALL)
