"""What people do about alarms: take notice, assign, comment, set aside, clear; and an alarm with its whole life."""

from typing import Annotated

from fastapi import APIRouter, Path

from cloud.alarms import life
from cloud.alarms.models import AlarmStep, AlarmWhole, Cleared, Clearing, Handled
from cloud.alarms.service import clear_by_person
from cloud.db.pool import transaction
from cloud.fleet.service import resume
from cloud.ledger.service import close_ledger, open_ledger
from cloud.parts import PartsIn
from cloud.people.access import ReadSite, acting
from cloud.people.models import Person
from cloud.people.roles import Right
from cloud.rules.service import pack_in_force

router = APIRouter(tags=["live"])

AlarmId = Annotated[int, Path(ge=1, le=2**53)]


@router.get("/alarms/{alarm}", operation_id="get_alarm")
async def get_alarm(alarm: AlarmId, site: ReadSite, parts: PartsIn) -> AlarmWhole:
    """An alarm, who heard of it and hears of it next, and all that became of it."""
    async with transaction(parts.pool) as tx:
        return await life.whole(tx, await pack_in_force(tx, site, parts.world.now(), parts.pack), site, alarm)


@router.post("/alarms/{alarm}/steps", operation_id="handle_alarm", status_code=201)
async def post_step(
    alarm: AlarmId, body: AlarmStep, person: Annotated[Person, acting(Right.HANDLE_ALARM)], parts: PartsIn
) -> Handled:
    """Takes notice of a living alarm of my site, assigns it, says what is known of it, or sets it aside for a while."""
    async with transaction(parts.pool) as tx:
        pack = await pack_in_force(tx, person.site, parts.world.now(), parts.pack)
        appender = await open_ledger(tx, person.site)
        index = await life.handle(tx, appender, parts.world, pack, alarm=alarm, person=person.id, step=body)
        await close_ledger(tx, appender)
    return Handled(id=alarm, index=index)


@router.post("/alarms/{alarm}/clear", operation_id="clear_alarm")
async def post_clear(
    alarm: AlarmId,
    body: Clearing,
    person: Annotated[Person, acting(Right.CLEAR_ALARM)],
    parts: PartsIn,
) -> Cleared:
    """Clears a living alarm of my site; of one that was over by itself it says what it was. One that speaks against the
    records themselves is only proposed to be cleared; it is when a second person asks for the same. An agent that told
    two versions of a fact is then ordered to go on where the ledger ends, and tells what else it had.
    """
    async with transaction(parts.pool) as tx:
        pack = await pack_in_force(tx, person.site, parts.world.now(), parts.pack)
        appender = await open_ledger(tx, person.site)
        cleared = await clear_by_person(tx, appender, parts.world, pack, alarm=alarm, person=person.id, clearing=body)
        if cleared.cleared and cleared.cause == "equivocation":
            await resume(tx, parts.world, parts.cloud_key, cleared.place)
        await close_ledger(tx, appender)
    return cleared
