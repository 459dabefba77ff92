"""What `sealtrail ledger verify` says of a test's site, also once somebody changed its tables."""

from collections.abc import Iterable, Mapping

import psycopg
from psycopg.sql import SQL, Identifier

from cloud.db.pool import transaction
from cloud.ledger.check import LedgerCheck, verify_site
from cloud.ledger.checkpoints import sign_checkpoints
from cloud.ledger.derived import Derived
from cloud.ledger.walk import Trust, Walk
from cloud.media.store import read
from proof.keys import SigningKey
from tests.cloud.api import Office

LOG_KEY = SigningKey.from_seed(b"g" * 32)


async def verified(office: Office, site: str = "nj01") -> LedgerCheck:
    """The site's tables compared with its ledger."""
    parts = office.parts
    async with transaction(parts.pool) as tx:
        await sign_checkpoints(tx, parts.world, lambda _: LOG_KEY)
    async with transaction(parts.pool) as tx:
        return await verify_site(
            tx, Trust(LOG_KEY.public), Walk(site, Derived(site)),
            read_still=lambda sha256: read(parts.media, sha256), on_progress=lambda *_: None, save=lambda _: None,
        )  # fmt: skip


async def holds(office: Office, site: str = "nj01") -> None:
    """Every table of the site says what its ledger says."""
    found = await verified(office, site)
    assert found.ok, found


async def each_is_found(office: Office, tables: Iterable[str], ways: Mapping[str, tuple[str, str, str]]) -> None:
    """Each way of tampering (its fault, where it is named, and the statement) is found; `tables` are put back as they
    were after each.
    """
    kept = [Identifier(table) for table in tables]
    await holds(office)
    for way, (fault, row, statement) in ways.items():
        with psycopg.connect(office.owner_url, autocommit=True) as owner:
            owner.execute("CREATE SCHEMA kept")
            for table in kept:
                owner.execute(SQL("CREATE TABLE kept.{} AS TABLE {}").format(table, table))
            assert owner.execute(statement.encode()).rowcount > 0, way
        found = await verified(office)
        assert (found.ok, found.fault) == (False, fault), (way, found)
        assert (found.row or "").startswith(row), (way, found)
        with psycopg.connect(office.owner_url, autocommit=True) as owner:
            for table in kept:
                owner.execute(SQL("DELETE FROM {}").format(table))
                owner.execute(SQL("INSERT INTO {} SELECT * FROM kept.{}").format(table, table))
            owner.execute("DROP SCHEMA kept CASCADE")
    await holds(office)
