"""Records only grow, whoever asks: the application's role has no right to change them, a trigger refuses the owner."""

import itertools

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from benchmarks.telling import Teller
from cloud.db.pool import Pool
from cloud.world import World
from tests.cloud.conftest import Database
from tests.cloud.receiving import Receiving

RECORDS = ["ledger_entry", "checkpoint", "fact", "record", "quarantine", "label", "rule_pack"]
CHANGES = [SQL("UPDATE {} SET {} = {}"), SQL("DELETE FROM {}"), SQL("TRUNCATE {} CASCADE")]


@pytest.fixture
async def filled(pool: Pool, world: World, site: str, database: Database) -> Database:
    """At least one row in every table of records."""
    receiving, teller = Receiving(pool, world, site), Teller("nj01.gate-a")
    await receiving.know(teller)
    teller.chatter(3)
    await receiving.take(teller, teller.batch(1, 3), b"noise")
    await receiving.check()
    with psycopg.connect(database.owner) as owner:
        owner.execute("INSERT INTO label VALUES ('nj01/I-1', 1, 'item', 'nj01', 'ST1:', now(), 0)")
        owner.execute("INSERT INTO rule_pack VALUES ('h', 'n', '1', '{}', now())")
    return database


@pytest.mark.parametrize("table", RECORDS)
async def test_nobody_changes_a_record(filled: Database, table: str) -> None:
    for url, change in itertools.product((filled.app, filled.owner), CHANGES):
        with psycopg.connect(url) as connection:
            found = connection.execute(SQL("SELECT * FROM {} LIMIT 1").format(Identifier(table)))
            assert found.description is not None
            assert found.fetchone() is not None
            column = Identifier(found.description[-1].name)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(change.format(Identifier(table), column, column))


def test_the_application_cannot_rewrite_what_was_migrated_or_switch_the_trigger_off(database: Database) -> None:
    for statement in (
        b"UPDATE migration SET sha256 = ''",
        b"DELETE FROM migration",
        b"ALTER TABLE fact DISABLE TRIGGER keep",
        b"DROP TRIGGER keep ON fact",
        b"DROP TABLE fact CASCADE",
        b"SET session_replication_role = replica",
    ):
        with psycopg.connect(database.app) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)
