"""Opening the database and finding the sites' keys: what every command begins with, and no more than that."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cloud import keys
from cloud.db.migrate import check_schema
from cloud.db.pool import Pool, open_pool, transaction
from cloud.errors import KeyFileError
from cloud.ledger.checkpoints import LogKeys
from cloud.settings import CloudSettings
from proof.keys import SigningKey


@asynccontextmanager
async def opened_pool(settings: CloudSettings, *, most: int = 8) -> AsyncIterator[Pool]:
    """The database, with this program's schema. Raises DatabaseGoneError, MigrationError."""
    async with open_pool(settings.database_url, most=most) as pool:
        async with transaction(pool) as tx:
            await check_schema(tx)
        yield pool


def log_keys(folder: Path) -> LogKeys:
    """The keys of the sites' logs in `folder`, each read when it is first needed."""
    known: dict[str, SigningKey] = {}

    def find(site: str) -> SigningKey | None:
        if site not in known:
            try:
                known[site] = keys.read_key(folder, keys.log_key_name(site))
            except KeyFileError:
                return None
        return known[site]

    return find
