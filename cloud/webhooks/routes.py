"""Webhooks over HTTP. They are an administrator's: an address may hold what others should not read."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Response

from cloud.db.pool import transaction
from cloud.ledger.service import close_ledger, open_ledger
from cloud.parts import Parts, PartsIn
from cloud.people.access import ReadSite, acting
from cloud.people.models import Person
from cloud.people.roles import Right
from cloud.webhooks import service
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
    WebhookRows,
)

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

Manager = Annotated[Person, acting(Right.MANAGE_WEBHOOKS)]
Name = Annotated[
    str, Path(pattern=r"^W-[A-Z2-7]{10}$", description="Its id without the site", examples=["W-AB12CD34EF"])
]
IfMatch = Annotated[str | None, Header(alias="If-Match", pattern=r'^"\d{1,16}"$', description="ETag of the webhook")]


def _gatehouse(parts: Parts) -> Gatehouse:
    return Gatehouse(parts.webhook_hosts)


@router.post("", operation_id="add_webhook", status_code=201)
async def post_webhook(body: NewWebhook, person: Manager, parts: PartsIn) -> MadeWebhook:
    """Tells another system what my site's ledger tells from now on. Its secret is shown this once."""
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, person.site)
        made = await service.add(
            tx, appender, parts.world, parts.webhook_root, _gatehouse(parts), body, person.id
        )  # fmt: skip
        await close_ledger(tx, appender)
    return made


@router.get("", operation_id="list_webhooks")
async def get_webhooks(site: ReadSite, person: Manager, parts: PartsIn) -> WebhookRows:
    """The systems that are told of a site's ledger, and how that goes."""
    async with transaction(parts.pool) as tx:
        return WebhookRows(rows=await service.webhooks(tx, parts.webhook_root, site))


@router.get("/{name}", operation_id="get_webhook")
async def get_webhook(name: Name, site: ReadSite, person: Manager, parts: PartsIn, response: Response) -> Webhook:
    """One webhook; its ETag is the newest entry about it."""
    async with transaction(parts.pool) as tx:
        found = await service.webhook(tx, parts.webhook_root, site, f"{site}/{name}")
    response.headers["ETag"] = f'"{found.newest}"'
    return found


@router.post("/{name}/changes", operation_id="change_webhook")
async def post_change(
    name: Name, body: WebhookChange, person: Manager, parts: PartsIn, if_match: IfMatch = None
) -> Webhook:
    """Gives a webhook of my site another name, address or kinds of events, or pauses it. It is tried anew at once."""
    seen = None if if_match is None else int(if_match.strip('"'))
    webhook = f"{person.site}/{name}"
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, person.site)
        await service.change(
            tx, appender, parts.world, _gatehouse(parts), webhook=webhook, wanted=body, actor=person.id, seen=seen
        )
        await close_ledger(tx, appender)
        return await service.webhook(tx, parts.webhook_root, person.site, webhook)


@router.post("/{name}/secret", operation_id="rotate_webhook", status_code=201)
async def post_secret(name: Name, person: Manager, parts: PartsIn) -> MadeWebhook:
    """Makes another secret, shown this once. For a day both sign, so that the other side can change over."""
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, person.site)
        made = await service.rotate(
            tx, appender, parts.world, parts.webhook_root, f"{person.site}/{name}", person.id
        )  # fmt: skip
        await close_ledger(tx, appender)
    return made


@router.post("/{name}/end", operation_id="end_webhook")
async def post_end(name: Name, person: Manager, parts: PartsIn) -> Webhook:
    """Tells a webhook of my site nothing more, for good; what waits for it is dropped."""
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, person.site)
        await service.end(tx, appender, parts.world, f"{person.site}/{name}", person.id)
        await close_ledger(tx, appender)
        return await service.webhook(tx, parts.webhook_root, person.site, f"{person.site}/{name}")


@router.post("/{name}/test", operation_id="test_webhook", status_code=201)
async def post_test(name: Name, person: Manager, parts: PartsIn) -> Delivery:
    """Sends an event `webhook.test` that tells nothing; it is tried once."""
    async with transaction(parts.pool) as tx:
        return await service.test(tx, person.site, parts.world, f"{person.site}/{name}")


@router.post("/{name}/replays", operation_id="replay_webhook", status_code=201)
async def post_replay(name: Name, body: Replay, person: Manager, parts: PartsIn) -> Replayed:
    """Sends ledger entries again, one or a range, whatever became of them, each under the id it had."""
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, person.site)
        done = await service.replay(
            tx, appender, parts.world, webhook=f"{person.site}/{name}", wanted=body, actor=person.id
        )  # fmt: skip
        await close_ledger(tx, appender)
    return done


@router.get("/{name}/deliveries", operation_id="list_webhook_deliveries")
async def get_deliveries(
    name: Name,
    site: ReadSite,
    person: Manager,
    parts: PartsIn,
    state: State | None = None,
    before: Annotated[int | None, Query(ge=0, le=2**53, description="Where the page before ended")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> DeliveryRows:
    """What was sent to a webhook or waits, newest first; what arrived is kept for 30 days."""
    async with transaction(parts.pool) as tx:
        return await service.deliveries(tx, site, f"{site}/{name}", before=before, state=state, limit=limit)
