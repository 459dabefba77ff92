"""What `sealtrail ledger verify` says of a test's site."""

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
