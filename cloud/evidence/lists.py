"""Pick-to-light and put-to-light for a whole list (J18): all its slots lit together, in walking order, until confirmed.

A list is only light: whoever moves anything needs a task, a permit or an act as without it. The racks decide and count
by themselves once they have it, also without a network; here is shown what they told.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from cloud.db.pool import Row, Tx, one, rows, storable
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, InvalidError, NotFoundError
from cloud.evidence.acting import Acting
from cloud.evidence.list_models import ListedShown, ListRows, ListShown, NewList
from cloud.evidence.models import Done
from cloud.evidence.taken import Taken
from custody.permits import time_text
from wire.kinds import OrderKind
from wire.messages import body_of
from wire.racks import COLOURS, MOST_LISTED, ListSlotDone, ListWay

_sql = load_queries(__file__, "lists.sql")

_NEWEST = 2**62

Wanted = tuple[ListWay, dict[str, list[str]]]
"""What is done, and slot → things."""


async def start_list(act: Acting, new: NewList) -> str:
    """Has the slots lit; returns the list's id.

    Raises NotFoundError, InvalidError `nothing_to_light`, `mixed_ways` or `list_too_long`, ConflictError
    `too_many_lists`.
    """
    way, wanted = await _wanted(act.tx, act.site, new)
    walk = await rows(act.tx, _sql.in_walking_order, site=act.site, slots=sorted(wanted))
    if not any(row["agent"] for row in walk):
        raise InvalidError("nothing_to_light", "none of this lies in, or goes into, a slot that has a light")
    if len(walk) > MOST_LISTED:
        raise InvalidError("list_too_long", f"{len(walk)} slots; {MOST_LISTED} is the most in one list")
    busy = {row["colour"] for row in await rows(act.tx, _sql.busy_colours, site=act.site, at=act.at)}
    colour = next((one for one in COLOURS if one not in busy), None)
    if colour is None:
        raise ConflictError("too_many_lists", f"{len(COLOURS)} lists are lit; one has to end first")
    name, until = act.new_id("G"), act.at + timedelta(minutes=new.minutes)
    row = {"id": name, "site": act.site, "way": way, "colour": colour, "until": until, "by": act.person.id}
    await act.tx.execute(_sql.add_list, {**row, "index": act.next_index})
    listed = [{"slot": one["slot"], "agent": one["agent"], "things": wanted[one["slot"]]} for one in walk]
    content = {"list": name, "way": way, "colour": colour, "until": time_text(until), "slots": listed}
    things = [thing for one in listed for thing in one["things"]]
    await act.record("list_started", content, [name, *(one["slot"] for one in listed), *things])
    orders = await _order(act, content, listed)
    for number, each in enumerate(listed):
        values = {**each, "list": name, "site": act.site, "position": number, "order": orders.get(each["agent"])}
        await act.tx.execute(_sql.add_list_slot, values)
    return name


async def _order(act: Acting, content: Mapping[str, Any], listed: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """One order for each agent, about its own slots; agent → order."""
    orders = {}
    for agent in sorted({each["agent"] for each in listed if each["agent"]}):
        own = [{"slot": each["slot"], "things": each["things"]} for each in listed if each["agent"] == agent]
        body = {"list_id": content["list"], **{name: content[name] for name in ("way", "colour", "until")}}
        orders[agent] = await act.order(agent, OrderKind.LIGHT_LIST, {**body, "slots": own})
    return orders


async def _wanted(tx: Tx, site: str, new: NewList) -> Wanted:
    if new.zone is not None:
        found = await rows(tx, _sql.zone_slots, site=site, zone=new.zone)
        if not found:
            raise NotFoundError("zone", new.zone)
        return "look", {row["slot"]: [] for row in found}  # who counts is not told what should be there
    if new.tasks is not None:
        return await _of_tasks(tx, site, new.tasks)
    if new.act is not None:
        row = await one(tx, _sql.act_asked, act=new.act, site=site)
        if row is None:
            raise NotFoundError("act", new.act)
        if row["slot"] is not None:
            return "put", {row["slot"]: row["things"]}
        return "pick", await _lying(tx, site, row["things"])
    return "pick", await _lying(tx, site, new.things or ())


async def _of_tasks(tx: Tx, site: str, tasks: Sequence[str]) -> Wanted:
    found = await rows(tx, _sql.tasks_asked, site=site, tasks=list(tasks))
    for missing in set(tasks) - {row["id"] for row in found}:
        raise NotFoundError("open task", missing)
    puts = [row["payload"] for row in found if row["payload"].get("slot") is not None]
    if puts and len(puts) < len(found):
        raise InvalidError("mixed_ways", "some of these tasks lead into a slot and some do not: two lists")
    things = {payload["id"]: [thing["id"] for thing in payload["things"]] for payload in puts}
    if puts:
        wanted: dict[str, list[str]] = {}
        for payload in puts:
            wanted.setdefault(payload["slot"], []).extend(things[payload["id"]])
        return "put", wanted
    every = [thing["id"] for row in found for thing in row["payload"]["things"]]
    return "pick", await _lying(tx, site, every)


async def _lying(tx: Tx, site: str, things: Iterable[str]) -> dict[str, list[str]]:
    wanted: dict[str, list[str]] = {}
    for row in await rows(tx, _sql.where_things_lie, site=site, things=list(dict.fromkeys(things))):
        wanted.setdefault(row["slot"], []).append(row["thing"])
    return wanted


async def stop_list(act: Acting, name: str) -> Done:
    """Its lights go out once its racks have heard. Raises NotFoundError, ConflictError `list_over`."""
    row = await one(act.tx, _sql.list_to_stop, list=name, site=act.site)
    if row is None:
        raise NotFoundError("list", name)
    if row["stopped_index"] is not None or row["until"] <= act.at:
        raise ConflictError("list_over", f"{name} is over")
    index = await act.record("list_stopped", {"list": name}, [name])
    await act.tx.execute(_sql.stop_list, {"list": name, "index": index})
    for found in await rows(act.tx, _sql.agents_of, list=name):
        await act.order(found["agent"], OrderKind.STOP_LIST, {"list_id": name})
    return Done(index=index, things=[name])


async def slot_done(taken: Taken) -> None:
    """A rack confirms a slot of a list, by its sensor or by what was scanned there."""
    body = body_of(ListSlotDone, taken.fact.body)
    await taken.file_under(taken.own([body.list_id, body.slot]))
    values = {"list": storable(body.list_id), "slot": storable(body.slot), "site": taken.site, "agent": taken.agent}
    await taken.tx.execute(_sql.set_done, {**values, "index": taken.index, "by": body.by})


async def lists(
    tx: Tx, site: str, at: datetime, *, name: str | None = None, after: int | None = None, limit: int = 20
) -> ListRows:
    """Lists, newest first."""
    found = await rows(tx, _sql.lists, site=site, id=name, before=_NEWEST if after is None else after, most=limit)
    slots: dict[str, list[Row]] = {}
    for row in await rows(tx, _sql.slots_of, lists=[row["id"] for row in found]):
        slots.setdefault(row["list"], []).append(row)
    shown = [_shown(row, slots.get(row["id"], []), at) for row in found]
    return ListRows(rows=shown, next=shown[-1].index if len(shown) == limit else None)


async def list_of(tx: Tx, site: str, at: datetime, name: str) -> ListShown:
    """One list. Raises NotFoundError."""
    found = (await lists(tx, site, at, name=name, limit=1)).rows
    if not found:
        raise NotFoundError("list", name)
    return found[0]


def _shown(row: Row, slots: Sequence[Row], at: datetime) -> ListShown:
    over = row["stopped_index"] is not None or row["until"] <= at
    listed = [_slot(each, over=over) for each in slots]
    left = sum(each.state in ("waiting", "lit") for each in listed)
    open_ = any(each.state == "over" for each in listed)
    state = "stopped" if row["stopped_index"] is not None else "expired" if over and open_ else "lit"
    told = {**row, "state": "done" if state == "lit" and left == 0 else state, "left": left, "slots": listed}
    return ListShown.model_validate(told)


def _slot(row: Row, *, over: bool) -> ListedShown:
    answer = row["answer"] or ""
    unlit = row["agent"] is None or answer.startswith("refused")
    state = "unlit" if unlit else "over" if over else "lit" if answer == "done" else "waiting"
    told = {**row, "state": "confirmed" if row["done_index"] is not None else state, "by": row["done_by"]}
    return ListedShown.model_validate({**told, "misplaced": row["misplaced_index"] is not None})
