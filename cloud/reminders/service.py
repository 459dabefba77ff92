"""What people do about their reminders: read them, and say how they want to be told. Everyone sees their own alone."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from cloud.db.pool import Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, InvalidError, NotFoundError
from cloud.evidence.acting import Acting
from cloud.people.models import Person
from cloud.reminders.models import (
    ChannelShown,
    NewChannel,
    NoticeRows,
    NoticeShown,
    Notifying,
    NotifySettings,
    ReadTaken,
    ReminderRows,
    ReminderShown,
)
from cloud.reminders.targets import check_target, hint
from cloud.world import World

READ = "reminder_read"
CHANNELS_MOST = 10
TESTS_MOST, TESTS_WITHIN = 10, timedelta(hours=1)
"""So many messages to try a way out may one person send."""

_sql = load_queries(__file__)
_NEWEST = 2**53


async def reminders(tx: Tx, person: Person, *, unread: bool, after: int | None, limit: int) -> ReminderRows:
    """Those for `person`, newest first."""
    before = _NEWEST if after is None else after
    found = await rows(tx, _sql.mine, person=person.id, before=before, unread=unread, most=limit)
    return ReminderRows(
        rows=[ReminderShown.model_validate(row) for row in found],
        next=found[-1]["id"] if len(found) == limit else None,
        unread=await count_unread(tx, person),
    )


async def count_unread(tx: Tx, person: Person) -> int:
    """How many want reading."""
    row = await one(tx, _sql.unread, person=person.id)
    return 0 if row is None else int(row["unread"])


async def read(act: Acting, ids: Sequence[int]) -> ReadTaken:
    """`act.person` has read these: one entry for all. What is not theirs, or was read before, is passed over."""
    found = await rows(act.tx, _sql.to_read, person=act.person.id, site=act.site, ids=list(ids))
    index = None
    if found:
        values = {"ids": [row["id"] for row in found], "at": act.at, "index": act.next_index}
        await act.tx.execute(_sql.read, values)
        index = await act.record(READ, {"reminders": [row["index"] for row in found]}, [row["about"] for row in found])
    return ReadTaken(index=index, unread=await count_unread(act.tx, act.person))


async def notifying(tx: Tx, person: Person, kinds: Sequence[str]) -> Notifying:
    """How `person` is told."""
    row = await one(tx, _sql.settings, person=person.id) or NotifySettings().model_dump()
    channels = [_channel(each) for each in await rows(tx, _sql.channels, person=person.id)]
    return Notifying.model_validate({**row, "channels": channels, "kinds": list(kinds)})


async def set_settings(tx: Tx, person: Person, asked: NotifySettings) -> None:
    """`person` wants to be told so from now on."""
    await tx.execute(_sql.set_settings, {**asked.model_dump(), "person": person.id})


async def add_channel(tx: Tx, world: World, person: Person, new: NewChannel, kinds: Sequence[str]) -> ChannelShown:
    """A way more. Raises InvalidError for a target that is none, or a kind that this cloud cannot use; ConflictError
    where it is there already, or there are too many.
    """
    if new.kind not in kinds:
        raise InvalidError("kind_not_set_up", f"this cloud sends nothing by {new.kind}")
    check_target(new.kind, new.target)
    await tx.execute(_sql.lock_person, {"person": person.id})
    if len(await rows(tx, _sql.channels, person=person.id)) >= CHANNELS_MOST:
        raise ConflictError("too_many_channels", f"nobody has more than {CHANNELS_MOST}")
    row = await one(tx, _sql.add_channel, person=person.id, kind=new.kind, target=new.target, at=world.now())
    if row is None:
        raise ConflictError("channel_exists", "this way is there already")
    return _channel(row)


async def remove_channel(tx: Tx, world: World, person: Person, channel: int) -> None:
    """Nothing goes by it any more; what went stays known. Raises NotFoundError."""
    if await one(tx, _sql.remove_channel, channel=channel, person=person.id, at=world.now()) is None:
        raise NotFoundError("channel", str(channel))


async def test_channel(tx: Tx, world: World, person: Person, channel: int) -> NoticeShown:
    """A message to try it out is on its way. Raises NotFoundError, ConflictError after too many."""
    now = world.now()
    await tx.execute(_sql.lock_person, {"person": person.id})
    row = await one(tx, _sql.tests_since, person=person.id, since=now - TESTS_WITHIN)
    if row is not None and row["tests"] >= TESTS_MOST:
        raise ConflictError("too_many_tests", f"{TESTS_MOST} within an hour are enough")
    made = await one(tx, _sql.test_channel, channel=channel, person=person.id, at=now)
    if made is None:
        raise NotFoundError("channel", str(channel))
    return (await notices(tx, person, only=made["id"], after=None, limit=1)).rows[0]


async def notices(tx: Tx, person: Person, *, after: int | None, limit: int, only: int | None = None) -> NoticeRows:
    """Messages to `person` and what became of them, newest first."""
    before = _NEWEST if after is None else after
    found = await rows(tx, _sql.notices, person=person.id, before=before, id=only, most=limit)
    return NoticeRows(
        rows=[NoticeShown.model_validate({**row, "hint": hint(row["kind"], row["target"])}) for row in found],
        next=found[-1]["id"] if len(found) == limit else None,
    )


def _channel(row: dict[str, Any]) -> ChannelShown:
    return ChannelShown.model_validate({**row, "hint": hint(row["kind"], row["target"])})
