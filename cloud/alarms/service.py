"""Raising and clearing alarms. Each raising and clearing is a ledger entry; a further occurrence is only counted.

What is done about one in between is in life.py.

Causes: quarantine, wrong_signature, gap, equivocation, decision_differs, copied_label, forged_label, illegal_step,
malformed_fact, agent_offline, agents_offline, recording_blocked, crossed_without_decision, checkpoint_refused,
order_distrusted, stock_difference, record_without_goods, goods_without_record, break_glass, exception_review_overdue,
act_stuck, loan_overdue, case_clock, certificate_overdue, claim_contested, configuration_failed, update_failed,
step_without_task, weight_drift, seal_broken, handover_differs, item_missing, space_short, journal_renewed,
fact_salvaged, clock_set_back, door_forced, door_held_open, door_unexplained, tailgating, contents_differ,
item_unpacked, not_filmed, video_lost, segment_damaged, segment_differs, film_no_room, camera_frozen, camera_covered,
camera_moved, camera_out_of_focus, camera_too_dark, disk_filling, film_unplayable, film_filling, seal_case_tilted,
power_lost, battery_low, alarm_panel, sensor_chattering, scale_out_of_true, ticket_overdue, rectification_overdue,
answer_overdue, misplaced, presence_without_task, webhook_parked, readings_differ; and `rule.<code>` of each rule of
alarms.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from psycopg.types.json import Jsonb

from cloud.alarms.models import Cleared, Clearing
from cloud.db.pool import Tx, one, storable
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, InvalidError, NotFoundError
from cloud.ledger.service import Appender, add_record, next_index
from cloud.world import World
from custody.alarms import clear_codes
from custody.rule_pack import RulePack

PLACE_CHARACTERS = 200
"""A longer place, which only a broken agent names, is cut: it has to fit into an index."""

TWO_PERSONS = frozenset({"checkpoint_refused", "equivocation", "readings_differ"})
"""Causes that speak against the records themselves: nobody clears one alone."""

OVERDUE = "answer_overdue"
"""Nobody said in time what an alarm was; its place is that alarm's name."""

Severity = Literal["info", "warning", "major", "critical"]

_sql = load_queries(__file__)


def name_of(site: str, index: int) -> str:
    """What the entries of the alarm that the entry `index` raised are filed under."""
    return f"{site}/A-{index}"


async def raise_alarm(
    tx: Tx,
    appender: Appender,
    world: World,
    *,
    cause: str,
    place: str,
    severity: Severity,
    detail: Mapping[str, Any],
    at: datetime,
    actor: str = "cloud",
) -> bool:
    """Raises the alarm `cause` at `place` (an agent, a station, a thing) of the appender's site.

    When one is living already it is counted once more. Returns whether it is a new one. `detail` may be any JSON.
    """
    place = place_text(place)
    key = {"site": appender.site, "cause": cause, "place": place}
    values = {**key, "detail": Jsonb(_storable(detail)), "at": at}
    if await one(tx, _sql.again, **values) is not None:
        return False
    await one(tx, _sql.raise_, **values, severity=severity, index=next_index(appender))
    content = {"cause": cause, "place": place, "severity": severity, "detail": dict(detail)}
    await add_record(
        tx, appender, kind="alarm_raised", at=at, actor=actor, content=content, salt=world.salt(), things=()
    )
    return True


async def clear_alarm(
    tx: Tx, appender: Appender, world: World, *, cause: str, place: str, at: datetime, actor: str = "cloud",
    told: Mapping[str, Any] | None = None,
) -> bool:  # fmt: skip
    """Clears the living alarm `cause` at `place`; returns whether there was one. Its entry says what is `told` too."""
    place = place_text(place)
    row = await one(tx, _sql.clear, site=appender.site, cause=cause, place=place, at=at)
    if row is None:
        return False
    name = name_of(appender.site, row["index"])
    content = {"about": name, "cause": cause, "place": place, **(told or {})}
    await add_record(
        tx, appender, kind="alarm_cleared", at=at, actor=actor, content=content, salt=world.salt(), things=[name]
    )
    return True


async def clear_by_person(
    tx: Tx, appender: Appender, world: World, pack: RulePack, *, alarm: int, person: str, clearing: Clearing
) -> Cleared:
    """What `person` asks for: the alarm is over, or for a cause of TWO_PERSONS the first of two has said so.

    Of one that was over by itself it is said what it was.

    Raises NotFoundError, ConflictError where it is over already or the same person asks twice, InvalidError
    `unknown_code` for a cause that the rule pack does not know.
    """
    codes = clear_codes(pack)
    if codes is not None and clearing.cause_code not in codes:
        raise InvalidError("unknown_code", f"{clearing.cause_code!r} is none of {', '.join(codes)}")
    row = await one(tx, _sql.find, id=alarm, site=appender.site)
    if row is None:
        raise NotFoundError("alarm", str(alarm))
    if row["cleared_by"] is not None:
        raise ConflictError("cleared_already", f"the alarm {alarm} is over since {row['cleared_at']}")
    first, at = row["clear_proposed_by"], world.now()
    if first == person:
        raise ConflictError("second_person_needed", f"{person} proposed it; somebody else has to agree")
    over = row["cause"] not in TWO_PERSONS or first is not None
    name = name_of(appender.site, row["index"])
    content = {
        "about": name, "cause": row["cause"], "place": row["place"], "alarm": row["index"], **clearing.model_dump()
    }  # fmt: skip
    if over and first is not None:
        content["proposed_by"] = first
    values = {"id": alarm, "person": person, "at": at, "code": clearing.cause_code}
    await tx.execute(_sql.clear_one if over else _sql.propose, values)
    ended = "alarm_cleared" if row["cleared_at"] is None else "alarm_answered"
    kind = ended if over else "alarm_clear_proposed"
    index = await add_record(
        tx, appender, kind=kind, at=at, actor=person, content=content, salt=world.salt(), things=[name]
    )
    if kind == "alarm_answered":
        await clear_alarm(tx, appender, world, cause=OVERDUE, place=name, at=at)
    return Cleared(
        id=alarm,
        cause=row["cause"],
        place=row["place"],
        cleared=over,
        proposed_by=first if over else person,
        index=index,
    )


def place_text(place: str) -> str:
    """`place` as it is kept."""
    return storable(place)[:PLACE_CHARACTERS]


def _storable(value: Any) -> Any:
    """`value` as jsonb can hold it: without NUL characters, at any depth."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        return {storable(str(key)): _storable(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(member) for member in value]
    return value
