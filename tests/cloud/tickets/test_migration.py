"""What the tables of tickets held before a migration of theirs is what they hold after it."""

from pathlib import Path

import psycopg

from cloud.db.embedded import EmbeddedServer
from cloud.db.migrate import FOLDER, migrate, read_migrations
from tests.cloud.conftest import START

TICKET = (
    b"INSERT INTO ticket (site, index, type, state, opened_by, opened_at, links, since, newest)"
    b" VALUES ('nj01', 5, 'equipment', 'reported', 'nj01/U-A', now(), '{}', now(), 6)"
)
NOTICE = (
    b"INSERT INTO rectification (site, ticket, index, person, ordered_by, due_at)"
    b" VALUES ('nj01', 5, 6, 'nj01/U-B', 'nj01/U-C', '2026-11-20T00:00:00Z')"
)


def test_a_notice_of_before_0041_is_one_that_nobody_told_of_yet(server: EmbeddedServer, tmp_path: Path) -> None:
    for migration in read_migrations():
        if migration.name < "0041":
            (tmp_path / migration.name).write_bytes(migration.sql)
    server.create("before_0041")
    url = server.url("before_0041")
    migrate(url, START, tmp_path)
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(
            b"INSERT INTO site (id, name_zh, name_en, origin, created_at) VALUES ('nj01', 'n', 'n', 'o', now())"
        )
        owner.execute(TICKET)
        owner.execute(NOTICE)
        before = owner.execute(b"SELECT * FROM rectification").fetchone()
    assert "0041_notice_overdue.sql" in migrate(url, START, FOLDER)
    with psycopg.connect(url) as owner:
        after = owner.execute(b"SELECT * FROM rectification").fetchone()
    assert before is not None
    assert after == (*before, None)
    server.drop("before_0041")


def test_what_was_erased_before_0046_is_of_the_site_it_came_from(server: EmbeddedServer, tmp_path: Path) -> None:
    for migration in read_migrations():
        if migration.name < "0046":
            (tmp_path / migration.name).write_bytes(migration.sql)
    server.create("before_0046")
    url = server.url("before_0046")
    migrate(url, START, tmp_path)
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(
            b"INSERT INTO site (id, name_zh, name_en, origin, created_at) VALUES ('nj01', 'n', 'n', 'o', now())"
        )
        owner.execute(
            b"INSERT INTO person (id, site, username, name, password, roles, added_at)"
            b" VALUES ('nj01/U-A', 'nj01', 'a', 'A', 'x', '{keeper}', now())"
        )
        owner.execute(
            b"INSERT INTO media (sha256, person, bytes, media_type, stored_at, erased_index)"
            b" VALUES (repeat('a', 64), 'nj01/U-A', 1, 'image/jpeg', now(), 9)"
        )
        before = owner.execute(b"SELECT * FROM media").fetchone()
    assert "0046_photos_sent.sql" in migrate(url, START, FOLDER)
    with psycopg.connect(url) as owner:
        after = owner.execute(b"SELECT * FROM media").fetchone()
        sent = owner.execute(b"SELECT * FROM photo_sent").fetchall()
    assert before is not None
    assert after == (*before, None)
    assert sent == [], "nothing was sent before"
    server.drop("before_0046")
