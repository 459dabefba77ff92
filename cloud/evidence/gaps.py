"""Facts that are missing: asked for at once, an alarm when they do not come, cleared when they do."""

from datetime import timedelta
from itertools import groupby

from cloud.alarms.service import clear_alarm, raise_alarm
from cloud.db.pool import Tx, one, rows
from cloud.db.queries import load_queries
from cloud.evidence.taken import ACTOR
from cloud.fleet.service import push_order
from cloud.fleet.streams import Stream
from cloud.ledger.service import Appender, close_ledger, open_ledger
from cloud.world import World
from proof.keys import Signer
from wire.kinds import OrderKind

_sql = load_queries(__file__, "facts.sql")


async def ask_again(tx: Tx, world: World, key: Signer, stream: Stream) -> None:
    """Orders the agent to send again from what is missing; once for each missing seq."""
    if stream.asked_from == stream.next_seq:
        return
    stream.asked_from, stream.asked_at = stream.next_seq, world.now()
    body = {"from": stream.next_seq}
    await push_order(tx, world, key, agent=stream.agent, kind=OrderKind.RESEND.value, body=body, at=stream.asked_at)


async def note_progress(tx: Tx, appender: Appender, world: World, stream: Stream) -> None:
    """The stream went on: what was asked for has come, its alarm is cleared."""
    if stream.asked_from is None or stream.next_seq <= stream.asked_from:
        return
    stream.asked_from = stream.asked_at = None
    await clear_alarm(tx, appender, world, cause="gap", place=stream.agent, at=world.now(), actor=ACTOR)


async def alarm_gaps(tx: Tx, world: World, lasting: timedelta) -> int:
    """Raises an alarm for each gap that is still there `lasting` after it was asked for; returns how many."""
    found = await rows(tx, _sql.lasting_gaps, before=world.now() - lasting)
    raised = 0
    for site, gaps in groupby(found, key=lambda row: row["site"]):
        appender = await open_ledger(tx, site)
        for gap in gaps:
            there = await one(tx, _sql.gap_is_there, agent=gap["agent"], asked_from=gap["asked_from"])
            if there is not None and there["there"]:  # nobody can fill it while the ledger is locked
                raised += await raise_alarm(
                    tx, appender, world, cause="gap", place=gap["agent"], severity="major",
                    detail={"missing_from": gap["asked_from"]}, at=world.now(), actor=ACTOR,
                )  # fmt: skip
        await close_ledger(tx, appender)
    return raised
