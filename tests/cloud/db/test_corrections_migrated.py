"""What migration 0043 makes of a ledger that has corrections and erased sealings already."""

from pathlib import Path

import psycopg
import pytest

from cloud.db.embedded import EmbeddedServer
from cloud.db.migrate import FOLDER, migrate, read_migrations
from tests.cloud.conftest import START
from tests.cloud.db.test_old_data import DUMP

PACKAGE, ITEM, SEALING = "nj01/P-YNYHVEFUAV", "nj01/I-I7KY7I6FKA", 7
CORRECTED = (
    "INSERT INTO record (site, index, kind, at, actor, salt, content) VALUES ('nj01', 900, 'custody_step', now(), 'x',"
    ' \'\\x00\', \'{"action":"correct","details":{"changes":{"name":"x"}},"things":["nj01/I-I7KY7I6FKA"]}\')'
)
ERASED = (
    "INSERT INTO erasure (site, index, entry) VALUES ('nj01', 7, 8)",
    "UPDATE record SET content = NULL, salt = NULL WHERE index = 7",
)


@pytest.mark.parametrize("erased", [False, True])
def test_newest_corrections_are_known_and_erased_seals_forgotten(
    server: EmbeddedServer, tmp_path: Path, *, erased: bool
) -> None:
    name = f"before_0043_{erased}".lower()
    for migration in read_migrations():
        if migration.name < "0043":
            (tmp_path / migration.name).write_bytes(migration.sql)
    early = tmp_path / "early"
    early.mkdir()
    for migration in read_migrations()[:4]:
        (early / migration.name).write_bytes(migration.sql)
    server.create(name)
    url = server.url(name)
    migrate(url, START, early)
    lines = [line for line in DUMP.read_text("utf-8").splitlines() if not line.startswith("\\")]
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("\n".join(lines).encode())
    migrate(url, START, tmp_path)
    with psycopg.connect(url, autocommit=True) as owner:
        (seal,) = owner.execute("SELECT seal_number FROM package").fetchone() or ("",)
        owner.execute(CORRECTED.encode())
        for change in ERASED if erased else ():
            owner.execute(change.encode())
    assert "0043_corrections.sql" in migrate(url, START, FOLDER)
    with psycopg.connect(url) as owner:
        items = owner.execute("SELECT id, corrected_index FROM item WHERE corrected_index IS NOT NULL").fetchall()
        (kept,) = owner.execute("SELECT seal_number FROM package").fetchone() or ("",)
        sought = owner.execute(b"SELECT folded || grams::text FROM search_entry WHERE thing = %s", [PACKAGE]).fetchone()
    assert items == [(ITEM, 900)]
    assert kept == ("已依法删除 / erased" if erased else seal)
    assert (f"={seal.lower()}" in str(sought)) is not erased
    server.drop(name)
