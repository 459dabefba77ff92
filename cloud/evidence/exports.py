"""Who took a bundle of what: each export is itself an entry about the thing."""

from cloud.db.pool import Tx
from cloud.evidence.bundles import Made, Wanted
from cloud.ledger.service import Appender, add_record
from cloud.world import World

KIND = "bundle_exported"


async def record_export(tx: Tx, appender: Appender, world: World, made: Made, wanted: Wanted, actor: str) -> int:
    """Records that `actor` was given the bundle; returns the entry.

    A site above records it in its own ledger, which files nothing under the things of another.
    """
    things = [wanted.id] if wanted.id.startswith(f"{appender.site}/") else []
    content = {
        "subject": made.subject, "sha256": made.sha256, "entries": made.entries, "redacted": wanted.redact,
        "media": wanted.media and not wanted.redact,
    }  # fmt: skip
    return await add_record(
        tx, appender, kind=KIND, at=world.now(), actor=actor, content=content, salt=world.salt(), things=things
    )
