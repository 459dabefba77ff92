"""Permits: the rule is asked, the entry is made, the permit is signed and ordered to its agent, in one transaction."""

from datetime import timedelta

from psycopg.types.json import Jsonb

from cloud.db.pool import one
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, InvalidError, NotFoundError
from cloud.evidence.acting import Acting
from cloud.evidence.contents import contents_of
from cloud.evidence.models import Done, NewPermit
from cloud.evidence.revoking import revoke
from cloud.evidence.steps import asked_for, judge
from custody.decisions import Refused
from custody.permits import PERMIT_TYPE, Permit, PermitThing
from custody.things import Action, Kind
from proof import jws
from wire.kinds import OrderKind

_sql = load_queries(__file__)
_acts = load_queries(__file__, "acts.sql")


async def issue_permit(act: Acting, new: NewPermit) -> str | Refused:
    """A permit for things whose state lets them pass that way, ordered to its agent; returns its id.

    Raises NotFoundError, InvalidError (`permit_times`, `too_few_people`), ConflictError `not_labelled`.
    """
    if await one(act.tx, _sql.living_agent, agent=new.agent, site=act.site) is None:
        raise NotFoundError("agent", new.agent)
    asked = await asked_for(act.tx, act.site, act.pack, Action.passing(new.direction), new.things, {})
    things = asked.rows
    people = _people(act, new)
    _check_times(act, new)
    for thing in things:
        if thing["issue"] is None:
            raise ConflictError("not_labelled", f"{thing['id']} has no label yet, so no gate can know it")
    answer = judge(asked, [], act.at, at_gate=True)
    if isinstance(answer, Refused):
        return answer
    other = await one(act.tx, _acts.open_acts_on, things=asked.things)
    if other is not None:
        raise ConflictError("act_open", f"{other['thing']} waits for hands: {other['action']}, {other['id']}")
    inside = await contents_of(act.tx, act.site, asked.things)
    permit = Permit(
        id=act.new_id("L"),
        site=act.site,
        agent=new.agent,
        stations=tuple(dict.fromkeys(new.stations)),
        direction=new.direction,
        things=tuple(
            PermitThing(Kind(one["kind"]), one["id"], one["issue"], inside.get(one["id"], ())) for one in things
        ),
        people_required=people,
        rule_pack=act.pack.hash,
        not_before=new.not_before,
        not_after=new.not_after,
        entry=act.next_index,
    )
    await _grant(act, permit)
    return permit.id


async def _grant(act: Acting, permit: Permit) -> None:
    payload = permit.payload()
    signed = jws.sign(payload, act.cloud_key, PERMIT_TYPE)
    ids = [thing.id for thing in permit.things]
    await act.record("permit_granted", {"permit": payload}, [permit.id, *ids])
    order = await act.order(permit.agent, OrderKind.PERMIT, {"permit": signed})
    row = {
        "id": permit.id,
        "site": permit.site,
        "agent": permit.agent,
        "direction": permit.direction.value,
        "not_before": permit.not_before,
        "not_after": permit.not_after,
        "payload": Jsonb(payload),
        "jws": signed,
        "granted_by": act.person.id,
        "index": permit.entry,
        "order_id": order,
    }
    await act.tx.execute(_sql.add_permit, row)
    await act.tx.execute(_sql.add_permit_things, {"permit": permit.id, "things": ids})
    await act.tx.execute(_sql.set_newest_entry, {"things": ids, "index": permit.entry})


def _people(act: Acting, new: NewPermit) -> int:
    least = act.pack.people_required[new.direction]
    if new.people_required is not None and new.people_required < least:
        raise InvalidError("too_few_people", f"the rules ask for {least} people going {new.direction}")
    return new.people_required or least


def _check_times(act: Acting, new: NewPermit) -> None:
    longest = act.pack.permit_longest
    if new.not_after <= new.not_before:
        raise InvalidError("permit_times", "the permit ends before it begins")
    if new.not_after <= act.at:
        raise InvalidError("permit_times", "the permit is over already")
    if new.not_after - new.not_before > longest:
        raise InvalidError("permit_times", f"no permit lasts longer than {longest // timedelta(hours=1)} hours")


async def revoke_permit(act: Acting, permit: str, reason: str) -> Done:
    """The permit no longer holds once its agent has heard. Raises NotFoundError, ConflictError `revoked`."""
    row = await one(act.tx, _sql.permit_to_revoke, permit=permit, site=act.site)
    if row is None:
        raise NotFoundError("permit", permit)
    if row["revoked_at"] is not None:
        raise ConflictError("revoked", f"{permit} was revoked already")
    index, things = await revoke(act, permit, row["agent"], reason)
    return Done(index=index, things=[permit, *things])
