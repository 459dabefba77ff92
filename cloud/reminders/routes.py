"""Reminders for whoever asks, and how they want to be told. Nobody sees those of another."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from cloud.db.pool import transaction
from cloud.evidence.acting import acting
from cloud.parts import PartsIn
from cloud.people.access import Reader
from cloud.reminders import service
from cloud.reminders.models import (
    ChannelShown,
    NewChannel,
    NoticeRows,
    NoticeShown,
    Notifying,
    NotifySettings,
    Reading,
    ReadTaken,
    ReminderRows,
    Unread,
)

router = APIRouter(prefix="/reminders", tags=["reminders"])

ChannelId = Annotated[int, Path(ge=1, le=2**53)]
After = Annotated[int | None, Query(ge=0, le=2**53)]
Limit = Annotated[int, Query(ge=1, le=500)]


@router.get("", operation_id="list_reminders")
async def get_reminders(
    person: Reader,
    parts: PartsIn,
    unread: Annotated[bool, Query(description="Only those that want reading")] = False,
    after: After = None,
    limit: Limit = 100,
) -> ReminderRows:
    """Reminders for me, newest first."""
    async with transaction(parts.pool) as tx:
        return await service.reminders(tx, person, unread=unread, after=after, limit=limit)


@router.get("/unread", operation_id="count_unread_reminders")
async def get_unread(person: Reader, parts: PartsIn) -> Unread:
    """How many of mine want reading."""
    async with transaction(parts.pool) as tx:
        return Unread(unread=await service.count_unread(tx, person))


@router.post("/read", operation_id="read_reminders")
async def post_read(body: Reading, person: Reader, parts: PartsIn) -> ReadTaken:
    """I have read these; that is an entry of the ledger. What is not mine, or was read before, is passed over."""
    async with acting(parts, person) as act:
        return await service.read(act, body.ids)


@router.get("/settings", operation_id="get_notifying")
async def get_settings(person: Reader, parts: PartsIn) -> Notifying:
    """How I am told, and by which ways."""
    async with transaction(parts.pool) as tx:
        return await service.notifying(tx, person, parts.channel_kinds)


@router.put("/settings", operation_id="set_notifying")
async def put_settings(body: NotifySettings, person: Reader, parts: PartsIn) -> Notifying:
    """How I want to be told from now on."""
    async with transaction(parts.pool) as tx:
        await service.set_settings(tx, person, body)
        return await service.notifying(tx, person, parts.channel_kinds)


@router.post("/channels", operation_id="add_channel", status_code=201)
async def post_channel(body: NewChannel, person: Reader, parts: PartsIn) -> ChannelShown:
    """A way more to tell me. What it goes to is shown to nobody again, me included."""
    async with transaction(parts.pool) as tx:
        return await service.add_channel(tx, parts.world, person, body, parts.channel_kinds)


@router.delete("/channels/{channel}", operation_id="remove_channel", status_code=204)
async def delete_channel(channel: ChannelId, person: Reader, parts: PartsIn) -> None:
    """Nothing goes by it any more."""
    async with transaction(parts.pool) as tx:
        await service.remove_channel(tx, parts.world, person, channel)


@router.post("/channels/{channel}/test", operation_id="test_channel", status_code=201)
async def post_test(channel: ChannelId, person: Reader, parts: PartsIn) -> NoticeShown:
    """Sends a message to try it out; what became of it is among the notices."""
    async with transaction(parts.pool) as tx:
        return await service.test_channel(tx, parts.world, person, channel)


@router.get("/notices", operation_id="list_notices")
async def get_notices(person: Reader, parts: PartsIn, after: After = None, limit: Limit = 100) -> NoticeRows:
    """Messages to me, newest first, and what became of each."""
    async with transaction(parts.pool) as tx:
        return await service.notices(tx, person, after=after, limit=limit)
