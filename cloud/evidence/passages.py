"""What follows from a fact once it is in the ledger. Facts are never refused here: what is odd raises an alarm."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from cloud.alarms.service import Severity
from cloud.db.pool import one, storable
from cloud.db.queries import load_queries
from cloud.evidence import (
    clips,
    doors,
    exceptions,
    heads,
    joined,
    journals,
    lists,
    misplaced,
    presence,
    print_jobs,
    rooms,
    updated,
)
from cloud.evidence.contents import compare_contents
from cloud.evidence.judgement import decision_of, difference, permits_used, sights_of
from cloud.evidence.movements import abandoned, crossed
from cloud.evidence.reported import step_decided
from cloud.evidence.sensors import note_passage, slot_changed, weight_measured
from cloud.evidence.sent_packs import Sender, note_packs, note_taken, send_lacking
from cloud.evidence.taken import Taken
from cloud.evidence.witnessing import checkpoint_refused, cosigned, order_distrusted
from custody.decisions import Allowed, Decision, Reason, Refused
from custody.passage import Genuineness, Sight
from custody.things import Direction
from wire.errors import MessageError
from wire.kinds import FactKind, OrderKind
from wire.messages import AgentStarted, OrderAnswered, PassageDecided, body_of

_sql = load_queries(__file__, "passages.sql")


async def record_fact(taken: Taken) -> None:
    """Does what the kind of the fact asks for; a body that is not of its kind is kept and raises an alarm."""
    handler = HANDLERS.get(taken.fact.kind)
    if handler is None:
        return
    try:
        await handler(taken)
    except MessageError as error:
        detail = {"kind": taken.fact.kind, "problem": str(error)[:500]}
        await taken.alarm("malformed_fact", taken.agent, "major", detail)


async def _decided(taken: Taken) -> None:
    """A gate decided: the same rule is asked again, permits are spent, false labels raise alarms."""
    body = body_of(PassageDecided, taken.fact.body)
    sights, decided = sights_of(body.sights), decision_of(body)
    ours = await difference(taken, body, sights, decided)
    async with taken.tx.pipeline():  # one round trip for all of them
        things = await _add_passage(taken, body, sights, decided, ours)
        for use in decided.uses if isinstance(decided, Allowed) else ():
            values = {"agent": taken.agent, "permit": storable(use.permit), "thing": storable(use.thing)}
            await taken.tx.execute(_sql.spend, {**values, "index": taken.index})
    if isinstance(decided, Allowed):
        await note_passage(taken, body.station, Direction(body.direction), things)
        await compare_contents(taken, decided.uses, await permits_used(taken, decided.uses))
    if ours is not None:
        detail = {"station": body.station, "agent_said": _told(decided), "cloud_says": _told(ours)}
        severity: Severity = "critical" if isinstance(decided, Allowed) else "major"
        await taken.alarm("decision_differs", taken.place(body.station), severity, detail)
    await _judge_labels(taken, body, decided)


async def _add_passage(
    taken: Taken, body: PassageDecided, sights: Sequence[Sight], decided: Decision, ours: Decision | None
) -> list[str]:
    """Adds its row; returns the things of this site that were in sight."""
    refused = decided if isinstance(decided, Refused) else None
    genuine = [sight for sight in sights if sight.genuineness is Genuineness.GENUINE]
    things = taken.own(sight.id for sight in genuine if sight.concerns_gate)
    people = taken.own(body.people)
    row: dict[str, Any] = {
        "site": taken.site,
        "index": taken.index,
        "agent": taken.agent,
        "seq": taken.fact.seq,
        "station": storable(body.station),
        "direction": body.direction,
        "outcome": body.outcome,
        "reason": refused and refused.reason.value,
        "rule": storable(decided.rule),
        "subject": storable(refused.subject if refused else "") or None,
        "things": things,
        "people": people,
        "at": taken.at,
        "taken_at": taken.taken_at,
        "picture": body.picture and storable(body.picture.sha256),
        "differs": ours and _told(ours),
    }
    await taken.tx.execute(_sql.add_passage, row)
    concerned = taken.own([*things, *people, *(use.permit for use in body.uses)])
    await taken.tx.execute(_sql.add_thing_entries, {"site": taken.site, "index": taken.index, "things": concerned})
    return things


async def _judge_labels(taken: Taken, body: PassageDecided, decided: Decision) -> None:
    if not isinstance(decided, Refused):
        return
    detail = {"station": body.station, "label": decided.subject}
    if decided.reason is Reason.FORGED_LABEL:
        await taken.alarm("forged_label", taken.place(body.station), "critical", detail)
    elif decided.reason is Reason.COPIED_LABEL:
        await taken.alarm("copied_label", decided.subject, "critical", detail)
    elif decided.reason is Reason.PACKED:
        await taken.alarm("item_unpacked", decided.subject, "critical", detail)


async def _order_answered(taken: Taken) -> None:
    """The agent did what it was asked to, or says why not."""
    body = body_of(OrderAnswered, taken.fact.body)
    answer = body.outcome if body.problem is None else f"{body.outcome}: {body.problem}"
    values = {"order": storable(body.order), "agent": taken.agent, "index": taken.index, "answer": storable(answer)}
    answered = await one(taken.tx, _sql.answer_order, **values)
    if answered is None:
        return
    if answered["kind"] == OrderKind.RULE_PACK and body.outcome == "done":
        await note_taken(taken.tx, taken.agent, answered["about"])
    if answered["kind"] == OrderKind.PRINT_LABELS:
        await print_jobs.answered(taken, body)
    if body.outcome == "refused":
        detail = {"order": body.order, "kind": answered["kind"], "problem": body.problem}
        await taken.alarm("order_refused", taken.agent, "major", detail)


async def _device_lost(taken: Taken) -> None:
    await taken.alarm("device_lost", taken.place(taken.fact.device), "major", {"body": taken.fact.body})


async def _device_back(taken: Taken) -> None:
    await taken.clear("device_lost", taken.place(taken.fact.device))


async def _clock_stepped(taken: Taken) -> None:
    """The clock was set. Forward is what a board without a battery does at every start; back is never in order."""
    by_ms = taken.fact.body.get("by_ms")
    if isinstance(by_ms, int) and by_ms < 0:
        await taken.alarm("clock_set_back", taken.agent, "major", {"by_ms": by_ms})


async def _recording_blocked(taken: Taken) -> None:
    """The agent could not record for a while, so its gates were held."""
    await taken.alarm("recording_blocked", taken.agent, "critical", {"body": taken.fact.body})


async def _agent_started(taken: Taken) -> None:
    """What it held open ended with it; it has the rules that it tells, and is sent those that it lacks."""
    await exceptions.agent_started(taken)
    await doors.agent_started(taken)
    body = body_of(AgentStarted, taken.fact.body)
    if packs := body.rule_packs or list(filter(None, [body.rule_pack])):
        await note_packs(taken.tx, taken.agent, packs)
        await send_lacking(Sender(taken.tx, taken.world, taken.key, taken.site, taken.taken_at), taken.agent)


HANDLERS: dict[str, Callable[[Taken], Awaitable[None]]] = {
    FactKind.PASSAGE_DECIDED: _decided,
    FactKind.PASSAGE_CROSSED: crossed,
    FactKind.PASSAGE_ABANDONED: abandoned,
    FactKind.ORDER_ANSWERED: _order_answered,
    FactKind.DEVICE_LOST: _device_lost,
    FactKind.DEVICE_BACK: _device_back,
    FactKind.CLOCK_STEPPED: _clock_stepped,
    FactKind.RECORDING_BLOCKED: _recording_blocked,
    FactKind.ORDER_DISTRUSTED: order_distrusted,
    FactKind.COSIGNED: cosigned,
    FactKind.CHECKPOINT_REFUSED: checkpoint_refused,
    FactKind.STEP_DECIDED: step_decided,
    FactKind.SLOT_CHANGED: slot_changed,
    FactKind.WEIGHT_MEASURED: weight_measured,
    FactKind.BREAK_GLASS_OPENED: exceptions.opened,
    FactKind.BREAK_GLASS_CLIP: exceptions.clip,
    FactKind.BREAK_GLASS_CLOSED: exceptions.closed,
    FactKind.AGENT_STARTED: _agent_started,
    FactKind.DOOR_DECIDED: doors.decided,
    FactKind.DOOR_OPENED: doors.opened,
    FactKind.DOOR_HELD_OPEN: doors.held_open,
    FactKind.DOOR_CLOSED: doors.closed,
    FactKind.DOOR_RESUMED: doors.resumed,
    FactKind.HEADS_COUNTED: heads.counted,
    FactKind.PASSAGE_FOLLOWED: heads.followed,
    FactKind.CLIP_SEGMENT: clips.segment_kept,
    FactKind.CLIP_CLOSED: clips.closed,
    FactKind.VIDEO_LOST: clips.video_lost,
    FactKind.VIDEO_BACK: clips.video_back,
    FactKind.SEGMENT_DAMAGED: clips.segment_damaged,
    FactKind.CAMERA_IMPAIRED: clips.camera_impaired,
    FactKind.CAMERA_CLEAR: clips.camera_clear,
    FactKind.DISK_FILLING: clips.disk_filling,
    FactKind.FILM_PROBED: clips.film_probed,
    FactKind.READING: rooms.reading,
    FactKind.READINGS_THINNED: rooms.readings_thinned,
    FactKind.CONTACT_CHANGED: rooms.contact_changed,
    FactKind.CONTACT_CHATTERED: rooms.contact_chattered,
    FactKind.SCALE_DOUBTED: rooms.scale_doubted,
    FactKind.SCALE_TRUSTED: rooms.scale_trusted,
    FactKind.LABELS_PRINTED: print_jobs.labels_printed,
    FactKind.PRINTER_CHANGED: print_jobs.printer_changed,
    FactKind.LIST_SLOT_DONE: lists.slot_done,
    FactKind.SLOT_MISPLACED: misplaced.misplaced,
    FactKind.MISPLACEMENT_ENDED: misplaced.ended,
    FactKind.MOTION_SEEN: clips.motion_seen,
    FactKind.PRESENCE_SEEN: presence.seen,
    FactKind.PRESENCE_ENDED: presence.ended,
    FactKind.SPACE_SHORT: journals.space_short,
    FactKind.SPACE_BACK: journals.space_back,
    FactKind.JOURNAL_RENEWED: journals.journal_renewed,
    FactKind.FACT_SALVAGED: journals.fact_salvaged,
    FactKind.CERTIFICATE_ROTATED: joined.certificate_rotated,
    FactKind.CONFIGURATION_APPLIED: joined.configuration_applied,
    FactKind.CONFIGURATION_REFUSED: joined.configuration_refused,
    FactKind.CONFIGURATION_ROLLED_BACK: joined.configuration_rolled_back,
    FactKind.UPDATE_WAITING: updated.told,
    FactKind.UPDATE_STAGED: updated.told,
    FactKind.UPDATE_REFUSED: updated.told,
    FactKind.UPDATE_APPLIED: updated.applied,
    FactKind.UPDATE_ROLLED_BACK: updated.rolled_back,
}
"""The kinds that have consequences; facts of every other kind are kept as they are."""


def _told(decision: Decision) -> str:
    """A decision in one line, for the projection and the alarm."""
    if isinstance(decision, Allowed):
        return f"allowed by {decision.rule}: {', '.join(f'{u.thing} under {u.permit}' for u in decision.uses)}"
    return storable(f"refused by {decision.rule}: {decision.reason.value}, {decision.subject}")
