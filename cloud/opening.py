"""Opening the database and finding the sites' keys: what every command begins with, and no more than that."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from cloud import keys
from cloud.db.migrate import check_schema
from cloud.db.pool import Pool, open_pool, transaction
from cloud.errors import KeyFileError
from cloud.ledger.checkpoints import LogKeys
from cloud.settings import CloudSettings, TraceSettings
from proof.keys import SigningKey
from wire.tracing import Tracer


@asynccontextmanager
async def opened_pool(settings: CloudSettings, *, most: int = 8) -> AsyncIterator[Pool]:
    """The database, with this program's schema. Raises DatabaseGoneError, MigrationError."""
    async with open_pool(settings.database_url, most=most) as pool:
        async with transaction(pool) as tx:
            await check_schema(tx)
        yield pool


@contextmanager
def traced(settings: TraceSettings, service: str) -> Iterator[Tracer | None]:
    """A tracer while the block lasts, if the settings say where to."""
    if settings.traces_url is None:
        yield None
        return
    tracer = Tracer(settings.traces_url, service, ratio=settings.traces_ratio)
    try:
        yield tracer
    finally:
        tracer.close()


def log_keys(folder: Path) -> LogKeys:
    """The keys of the sites' logs in `folder`, each as it is when it is needed; None where it is not there."""
    known: dict[str, keys.FileSigner] = {}

    def find(site: str) -> SigningKey | None:
        try:
            if site not in known:
                known[site] = keys.FileSigner(folder, keys.log_key_name(site))
            return known[site].now()
        except KeyFileError:
            return None

    return find
