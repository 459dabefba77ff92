"""What agents say of doors: who asked and was let, what was opened in no way that is known, what stands open.

The door's question is asked again here, knowing what the cloud knew at the device's time (door_judgement.py). Each
question and each opening has its row, to the end of the session. A forced door is the highest alarm, one held open an
alarm until it is shut; one that was opened for nothing is an alarm when it is shut, and so is one through which more
heads went in than passes were shown.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from cloud.alarms.service import Severity
from cloud.db.pool import Row, one, rows, storable
from cloud.db.queries import load_queries
from cloud.evidence.door_judgement import difference
from cloud.evidence.heads import compare_heads, few
from cloud.evidence.judgement import answer_of, sights_of
from cloud.evidence.sensors import note_opening
from cloud.evidence.taken import Taken
from custody.decisions import Allowed, Decision, Reason, Refused
from custody.doors import DOOR_FORCED, DOOR_PURPOSE, DOOR_SHUT, stay_of
from custody.passage import Genuineness, Sight
from custody.permits import time_text
from wire.doors import DoorClosed, DoorDecided, DoorHeldOpen, DoorOpened, DoorResumed, asked_about, session_of
from wire.heads import HeadsBody
from wire.messages import body_of

FORCED, HELD_OPEN, UNEXPLAINED = "door_forced", "door_held_open", "door_unexplained"
LONGEST_MS = 2**53
"""A longer time, which only a broken agent tells, is cut."""

_sql = load_queries(__file__, "doors.sql")


async def decided(taken: Taken) -> None:
    """Somebody asked to be let through: the same rule is asked again."""
    body = body_of(DoorDecided, taken.fact.body)
    sights, answer = sights_of(body.sights), answer_of(body)
    ours = await difference(taken, body, sights, answer)
    await taken.tx.execute(_sql.add_session, _session(taken, body, sights, answer, ours))
    await taken.file_under(taken.own(asked_about(body)))
    if ours is not None:
        detail = {"station": body.station, "agent_said": _told(answer), "cloud_says": _told(ours)}
        severity: Severity = "critical" if isinstance(answer, Allowed) else "major"
        await taken.alarm("decision_differs", taken.place(body.station), severity, detail)
    if isinstance(answer, Refused) and answer.reason in _FALSE:
        cause = _FALSE[answer.reason]
        place = answer.subject if cause == "copied_label" else taken.place(body.station)
        await taken.alarm(cause, place, "critical", {"station": body.station, "label": answer.subject})


_FALSE = {Reason.FORGED_LABEL: "forged_label", Reason.COPIED_LABEL: "copied_label"}


def _session(
    taken: Taken, body: DoorDecided, sights: list[Sight], answer: Decision, ours: Decision | None
) -> dict[str, Any]:
    refused = answer if isinstance(answer, Refused) else None
    genuine = [sight.id for sight in sights if sight.genuineness is Genuineness.GENUINE and sight.concerns_gate]
    return {
        "site": taken.site, "index": taken.index, "agent": taken.agent, "station": storable(body.station),
        "state": "refused" if refused else "allowed", "at": taken.at, "decision_seq": taken.fact.seq,
        "rule": storable(body.rule), "reason": refused and refused.reason.value,
        "subject": (storable(refused.subject) or None) if refused else None, "task": body.task and storable(body.task),
        "permit": body.permit and storable(body.permit), "things": taken.own(genuine),
        "people": taken.own(body.people), "picture": body.picture and storable(body.picture.sha256),
        "differs": ours and _told(ours),
    }  # fmt: skip


async def opened(taken: Taken) -> None:
    """Its contact says that it is open; after no decision to open it, and in no other way that is known, by force."""
    body = body_of(DoorOpened, taken.fact.body)
    where = {"agent": taken.agent, "station": storable(body.station), "index": taken.index, "at": taken.at}
    picture = body.picture and storable(body.picture.sha256)
    await taken.tx.execute(_sql.cut_short, where)
    row = {**where, "site": taken.site, "seq": taken.fact.seq, "picture": picture}
    how = body.how
    if how == "decision":
        begun = await one(taken.tx, _sql.open_allowed, **row, how=how, decision=body.decision)
        how = "forced" if begun is None else "decision"
    if how != "decision":
        await taken.tx.execute(_sql.open_unasked, {**row, "how": how})
    if how == "forced":
        detail = {"station": body.station, "rule": DOOR_FORCED, "decision": body.decision}
        await taken.alarm(FORCED, taken.place(body.station), "critical", detail)
    if how in ("decision", "exit"):
        await note_opening(taken, body.station)


async def held_open(taken: Taken) -> None:
    """It stands open for too long."""
    body = body_of(DoorHeldOpen, taken.fact.body)
    where = {"agent": taken.agent, "station": storable(body.station), "index": taken.index}
    await taken.tx.execute(_sql.hold_open, where)
    detail = {"station": body.station, "open_ms": body.open_ms, "rule": DOOR_SHUT}
    await taken.alarm(HELD_OPEN, taken.place(body.station), "major", detail)


async def closed(taken: Taken) -> None:
    """It is shut: the session is in the history of those who were let, and of what they were let for."""
    body = body_of(DoorClosed, taken.fact.body)
    await taken.file_under(taken.own(session_of(body)))
    await _shut(taken, body, min(max(body.open_ms, 0), LONGEST_MS), body.heads)


async def resumed(taken: Taken) -> None:
    """Its agent was away in the midst of a session: it goes on, was opened or shut meanwhile, or was never opened."""
    body = body_of(DoorResumed, taken.fact.body)
    await taken.file_under(taken.own(session_of(body)))
    where = {"agent": taken.agent, "station": storable(body.station), "index": taken.index, "at": taken.at}
    if body.opened is not None:
        await taken.tx.execute(_sql.resume_session, {**where, "opened": body.opened})
        if body.position == "closed":
            await _shut(taken, body, None, None)
    elif body.position == "open":
        await taken.tx.execute(_sql.cut_short, where)
        row = {**where, "seq": taken.fact.seq, "picture": None, "how": "found", "decision": body.decision}
        if await one(taken.tx, _sql.open_allowed, **row) is None:
            await taken.tx.execute(_sql.open_unasked, {**row, "site": taken.site})
        else:
            await note_opening(taken, body.station)


async def _shut(taken: Taken, body: DoorClosed | DoorResumed, open_ms: int | None, heads: HeadsBody | None) -> None:
    """Ends the session; `open_ms` is None where nobody saw when it was shut."""
    station = storable(body.station)
    went_in = None if heads is None else few(heads.in_)
    values = {
        "agent": taken.agent, "station": station, "opened": body.opened, "index": taken.index,
        "at": taken.at, "open_ms": open_ms, "moved": taken.own(body.moved),
        "people": taken.own(body.people), "heads_in": went_in, "heads_out": heads and few(heads.out),
    }  # fmt: skip
    row = await one(taken.tx, _sql.close_session, **values)
    await taken.clear(HELD_OPEN, taken.place(body.station))
    if row is not None and row["how"] in ("decision", "exit"):
        await compare_heads(taken, body.station, went_in, row["shown"], {"opened": body.opened})
    if row is not None and not await _explained(taken, station, row):
        detail = {
            "station": body.station, "how": row["how"], "opened_at": time_text(row["opened_at"]), "rule": DOOR_PURPOSE
        }  # fmt: skip
        await taken.alarm(UNEXPLAINED, taken.place(body.station), "major", detail)


async def agent_started(taken: Taken) -> None:
    """Nobody tells any more how long what stood open did so, unless the agent remembers it (`resumed`)."""
    where = {"agent": taken.agent, "station": None, "index": taken.index, "at": taken.at}
    await taken.tx.execute(_sql.cut_short, where)


async def _explained(taken: Taken, station: str, row: Row) -> bool:
    """Whether the session had something that it was for. Who goes out came in before; for passes alone it was opened
    for what was then done. Forced, found open and break-glass are looked at by themselves.
    """
    where = {"agent": taken.agent, "station": station}
    if row["how"] == "exit":
        since = row["opened_at"] - stay_of(taken.pack)
        return await _so(taken, _sql.came_in, {**where, "since": since, "until": row["opened_at"]})
    if row["how"] != "decision" or row["task"] is not None or row["permit"] is not None or row["moved"]:
        return True
    doubt = taken.moment.error or timedelta(0)
    span = {"since": row["opened_at"] - doubt, "until": taken.at + doubt}
    return await _so(taken, _sql.something_done, {**where, "site": taken.site, **span})


async def _so(taken: Taken, query: bytes, values: Mapping[str, Any]) -> bool:
    found = await rows(taken.tx, query, **values)
    return bool(found and found[0]["so"])


def _told(decision: Decision) -> str:
    """A decision in one line, for the projection and the alarm."""
    if isinstance(decision, Allowed):
        return f"allowed by {decision.rule}"
    return storable(f"refused by {decision.rule}: {decision.reason.value}, {decision.subject}")
