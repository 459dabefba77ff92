"""Who is told of a site's ledger: made, changed, given another secret, ended; each is an entry of that ledger.

What is sent is in payload.py, who sends it in sending.py.
"""

from datetime import timedelta
from typing import Any

from cloud.alarms.service import clear_alarm
from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, InvalidError, NotFoundError
from cloud.evidence.errors import ChangedError
from cloud.ledger.service import Appender, add_record, next_index
from cloud.webhooks.addresses import Gatehouse
from cloud.webhooks.models import (
    Delivery,
    DeliveryRows,
    MadeWebhook,
    NewWebhook,
    Replay,
    Replayed,
    State,
    Webhook,
    WebhookChange,
)
from cloud.webhooks.signing import secret_of
from cloud.world import World

MOST = 20
"""Living webhooks of a site: each looks through its ledger."""
REPLAY_MOST = 10_000
"""Entries looked through by one replay."""
OVERLAP = timedelta(hours=24)
"""For how long the secret before still signs beside a new one."""
PARKED = "webhook_parked"
"""The cause of the alarm that deliveries were given up; its place is the webhook."""

_sql = load_queries(__file__)


async def add(
    tx: Tx, appender: Appender, world: World, root: bytes | None, gatehouse: Gatehouse, new: NewWebhook, actor: str
) -> MadeWebhook:
    """Tells a system from the next entry on. Raises TargetRefusedError, ConflictError `too_many_webhooks` and
    `no_webhook_secret` where this cloud has no root of secrets.
    """
    gatehouse.admit(new.url)
    site, at, index = appender.site, world.now(), next_index(appender)
    living = await one(tx, _sql.living, site=site)
    if living is not None and living["webhooks"] >= MOST:
        raise ConflictError("too_many_webhooks", f"a site has at most {MOST} webhooks")
    name = world.new_id(site, "W")
    told = {"name": new.name, "url": new.url, "events": new.events, "signs": new.signs}
    await tx.execute(_sql.add, {**told, "id": name, "site": site, "actor": actor, "at": at, "index": index})
    await _record(tx, appender, world, "webhook_added", name, told, actor)
    return await _made(tx, root, site, name)


async def change(
    tx: Tx, appender: Appender, world: World, gatehouse: Gatehouse, *, webhook: str, wanted: WebhookChange, actor: str,
    seen: int | None = None,
) -> None:  # fmt: skip
    """It is something else from now on. Raises NotFoundError, ConflictError `webhook_ended`, ChangedError,
    TargetRefusedError."""
    row = await _living(tx, appender.site, webhook, seen)
    if wanted.url is not None:
        gatehouse.admit(wanted.url)
    told = wanted.model_dump(exclude_none=True)
    now = {column: told.get(column, row[column]) for column in ("name", "url", "events", "paused")}
    await tx.execute(_sql.change, {**now, "id": row["id"], "index": next_index(appender)})
    await _record(tx, appender, world, "webhook_changed", row["id"], now, actor)


async def rotate(tx: Tx, appender: Appender, world: World, root: bytes | None, webhook: str, actor: str) -> MadeWebhook:
    """Signs with another secret, for OVERLAP with the one before too. Raises NotFoundError, ConflictError."""
    row = await _living(tx, appender.site, webhook)
    values = {"id": row["id"], "at": world.now(), "index": next_index(appender)}
    await tx.execute(_sql.rotate, values)
    await _record(tx, appender, world, "webhook_rotated", row["id"], {"secret": row["secret"] + 1}, actor)
    return await _made(tx, root, appender.site, row["id"])


async def end(tx: Tx, appender: Appender, world: World, webhook: str, actor: str) -> None:
    """It is told nothing more; what waits is dropped. Raises NotFoundError, ConflictError."""
    row, at = await _living(tx, appender.site, webhook), world.now()
    await tx.execute(_sql.end_it, {"id": row["id"], "at": at, "index": next_index(appender)})
    await tx.execute(_sql.drop_waiting, {"id": row["id"]})
    await _record(tx, appender, world, "webhook_ended", row["id"], {}, actor)
    await clear_alarm(tx, appender, world, cause=PARKED, place=row["id"], at=at, actor=actor)


async def test(tx: Tx, site: str, world: World, webhook: str) -> Delivery:
    """Queues an event of no entry, which is tried once. Raises NotFoundError, ConflictError."""
    row = await _living(tx, site, webhook)
    await tx.execute(_sql.try_anew, {"id": row["id"]})
    return _delivery(await one(tx, _sql.add_test, id=row["id"], at=world.now()) or {})


async def replay(
    tx: Tx, appender: Appender, world: World, *, webhook: str, wanted: Replay, actor: str
) -> Replayed:  # fmt: skip
    """Queues entries again, whatever became of them. Raises NotFoundError, ConflictError, InvalidError."""
    row = await _living(tx, appender.site, webhook)
    if not 0 <= wanted.last - wanted.first < REPLAY_MOST:
        raise InvalidError("bad_range", f"a range has its end behind its beginning and at most {REPLAY_MOST} entries")
    queued = await queue(tx, world, row, wanted.first - 1, wanted.last, again=True)
    index = next_index(appender)
    await tx.execute(_sql.replayed, {"id": row["id"], "index": index})
    await _record(tx, appender, world, "webhook_replayed", row["id"], wanted.model_dump(), actor)
    return Replayed(deliveries=queued, index=index)


async def queue(tx: Tx, world: World, row: Row, after: int, upto: int, *, again: bool = False) -> int:
    """Queues the entries of a webhook's kinds above `after` up to `upto`; those of before only if `again`."""
    patterns = [event.replace("_", r"\_").replace("*", "%") for event in row["events"]]
    values = {"id": row["id"], "site": row["site"], "after": after, "upto": upto, "at": world.now(), "again": again}
    return (await tx.execute(_sql.queue, {**values, "patterns": patterns})).rowcount


async def webhooks(tx: Tx, root: bytes | None, site: str) -> list[Webhook]:
    """The living webhooks of a site."""
    return [_webhook(root, row) for row in await rows(tx, _sql.shown, site=site, id=None)]


async def webhook(tx: Tx, root: bytes | None, site: str, name: str) -> Webhook:
    """One webhook, also an ended one. Raises NotFoundError."""
    row = await one(tx, _sql.shown, site=site, id=name)
    if row is None:
        raise NotFoundError("webhook", name)
    return _webhook(root, row)


async def deliveries(
    tx: Tx, site: str, name: str, *, before: int | None, state: State | None, limit: int
) -> DeliveryRows:  # fmt: skip
    """What was and is to be sent to a webhook, newest first. Raises NotFoundError."""
    if await one(tx, _sql.shown, site=site, id=name) is None:
        raise NotFoundError("webhook", name)
    where = {"id": name, "before": 2**62 if before is None else before, "state": state, "most": limit}
    found = [_delivery(row) for row in await rows(tx, _sql.deliveries, **where)]
    return DeliveryRows(rows=found, next=found[-1].number if len(found) == limit else None)


def message_id(webhook: str, number: int, index: int | None) -> str:
    """The header `webhook-id` of a delivery: the same at every attempt and in every replay."""
    short = webhook.rpartition("/")[2]
    return f"{short}-test-{number}" if index is None else f"{short}-{index}"


async def _living(tx: Tx, site: str, webhook: str, seen: int | None = None) -> Row:
    row = await one(tx, _sql.find, id=webhook, site=site)
    if row is None:
        raise NotFoundError("webhook", webhook)
    if row["ended_at"] is not None:
        raise ConflictError("webhook_ended", f"{webhook} is told nothing any more")
    if seen is not None and seen != row["newest"]:
        raise ChangedError(f"{webhook} was changed by entry {row['newest']}")
    return row


async def _record(
    tx: Tx, appender: Appender, world: World, kind: str, webhook: str, told: dict[str, Any], actor: str
) -> None:  # fmt: skip
    await add_record(
        tx, appender, kind=kind, at=world.now(), actor=actor, content={"about": webhook, **told}, salt=world.salt(),
        things=[webhook],
    )  # fmt: skip


async def _made(tx: Tx, root: bytes | None, site: str, name: str) -> MadeWebhook:
    if root is None:
        raise ConflictError("no_webhook_secret", "no secret can be made here: run `sealtrail cloud keygen` first")
    row = await one(tx, _sql.shown, site=site, id=name) or {}
    secret = secret_of(root, name, row["secret"], row["signs"])
    return MadeWebhook(webhook=_webhook(root, row), secret=secret.text if row["signs"] == "v1" else None)


def _webhook(root: bytes | None, row: Row) -> Webhook:
    public = None
    if root is not None and row["signs"] == "v1a":
        public = secret_of(root, row["id"], row["secret"], "v1a").public_text
    return Webhook.model_validate({**row, "public_key": public})


def _delivery(row: Row) -> Delivery:
    told = {**row, "message": message_id(row["webhook"], row["number"], row["index"])}
    if row["state"] != "waiting":
        told["next_at"] = None
    return Delivery.model_validate(told)
