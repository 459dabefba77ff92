"""Records only grow, whoever asks: the application's role has no right to change them, a trigger refuses the owner."""

import itertools
from typing import LiteralString

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from benchmarks.telling import Teller
from cloud.db.pool import Pool
from cloud.world import World
from tests.cloud.conftest import Database
from tests.cloud.receiving import Receiving

RECORDS = [
    "ledger_entry", "checkpoint", "fact", "record", "quarantine", "label", "rule_pack",
    "statement", "cosignature", "checkpoint_stamp", "erasure",
]  # fmt: skip
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
        owner.execute("INSERT INTO cosignature SELECT site, size, 'w', now(), 'line' FROM checkpoint LIMIT 1")
        owner.execute("INSERT INTO checkpoint_stamp SELECT site, size, now(), 'token' FROM checkpoint LIMIT 1")
        owner.execute("INSERT INTO erasure SELECT f.site, f.index, r.index FROM fact f, record r LIMIT 1")
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


OTHER_CHANGES: list[LiteralString] = [
    "SET content = NULL",
    "SET content = NULL, salt = '\\x00'",
    "SET content = 'x', salt = NULL",
    "SET content = NULL, salt = NULL, kind = 'x'",
]


def test_an_erasure_takes_content_and_salt_together_and_nothing_else(filled: Database) -> None:
    erased: LiteralString = " WHERE index IN (SELECT index FROM erasure)"
    with psycopg.connect(filled.owner, autocommit=True) as owner:
        for change in OTHER_CHANGES:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                owner.execute(SQL("UPDATE fact {}{}").format(SQL(change), SQL(erased)))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):  # the others are in no erasure
            owner.execute("UPDATE fact SET content = NULL, salt = NULL")
    with psycopg.connect(filled.app) as app:
        assert app.execute(SQL("UPDATE fact SET content = NULL, salt = NULL{}").format(SQL(erased))).rowcount == 1
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("UPDATE fact SET kind = 'x'")


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
