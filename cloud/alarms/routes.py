"""Clearing alarms by people."""

from typing import Annotated

from fastapi import APIRouter, Path

from cloud.alarms.models import Cleared, Clearing
from cloud.alarms.service import clear_by_person
from cloud.db.pool import transaction
from cloud.fleet.service import resume
from cloud.ledger.service import close_ledger, open_ledger
from cloud.parts import PartsIn
from cloud.people.access import acting
from cloud.people.models import Person
from cloud.people.roles import Right

router = APIRouter(tags=["live"])


@router.post("/alarms/{alarm}/clear", operation_id="clear_alarm")
async def post_clear(
    alarm: Annotated[int, Path(ge=1, le=2**53)],
    body: Clearing,
    person: Annotated[Person, acting(Right.CLEAR_ALARM)],
    parts: PartsIn,
) -> Cleared:
    """Clears a living alarm of my site. One that speaks against the records themselves is only proposed to be
    cleared; it is when a second person asks for the same. An agent that told two versions of a fact is then ordered to
    go on where the ledger ends, and tells what else it had.
    """
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, person.site)
        cleared = await clear_by_person(tx, appender, parts.world, alarm=alarm, person=person.id, clearing=body)
        if cleared.cleared and cleared.cause == "equivocation":
            await resume(tx, parts.world, parts.cloud_key, cleared.place)
        await close_ledger(tx, appender)
    return cleared
