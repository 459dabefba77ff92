"""What agents say of doors: who asked and was let, what was opened in no way that is known, what stands open.

A door's decision is kept under the people and things that it was about, and is not asked again here; what its contact
says has consequences: a forced door is the highest alarm, one held open an alarm until it is shut.
"""

from cloud.evidence.taken import Taken
from custody.doors import DOOR_FORCED, DOOR_SHUT
from wire.doors import DoorClosed, DoorDecided, DoorHeldOpen, DoorOpened, asked_about, session_of
from wire.messages import body_of

FORCED, HELD_OPEN = "door_forced", "door_held_open"


async def decided(taken: Taken) -> None:
    """Somebody asked to be let through."""
    body = body_of(DoorDecided, taken.fact.body)
    await taken.file_under(taken.own(asked_about(body)))


async def opened(taken: Taken) -> None:
    """Its contact says that it is open; in no way that is known, it was forced."""
    body = body_of(DoorOpened, taken.fact.body)
    if body.how == "forced":
        detail = {"station": body.station, "rule": DOOR_FORCED}
        await taken.alarm(FORCED, taken.place(body.station), "critical", detail)


async def held_open(taken: Taken) -> None:
    """It stands open for too long."""
    body = body_of(DoorHeldOpen, taken.fact.body)
    detail = {"station": body.station, "open_ms": body.open_ms, "rule": DOOR_SHUT}
    await taken.alarm(HELD_OPEN, taken.place(body.station), "major", detail)


async def closed(taken: Taken) -> None:
    """It is shut: the session is in the history of those who were let, and of what they were let for."""
    body = body_of(DoorClosed, taken.fact.body)
    await taken.file_under(taken.own(session_of(body)))
    await taken.clear(HELD_OPEN, taken.place(body.station))
