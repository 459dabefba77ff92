"""Legal holds: what is held must not leave, nor a package it is in, nor what is in it (the view `held`).

Every agent of the site holds the same list; whatever changes it is followed by orders for the difference.
"""

from collections.abc import Sequence

from cloud.db.pool import one, rows
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, NotFoundError
from cloud.evidence.acting import Acting
from cloud.evidence.models import Done
from wire.kinds import OrderKind

_sql = load_queries(__file__)


async def place_hold(act: Acting, things: Sequence[str], reason: str) -> Done:
    """`things` must not leave. Raises NotFoundError, ConflictError `held`."""
    before, hold = await held_now(act), {"site": act.site, "reason": reason, "placed_by": act.person.id}
    named = await _known(act, things)
    for thing in named:
        if await one(act.tx, _sql.add_hold, **hold, thing=thing, index=act.next_index) is None:
            raise ConflictError("held", f"{thing} is under hold already")
    changed = await tell_agents(act, before)
    return await _record(act, "hold_placed", {"things": named, "reason": reason}, [*named, *changed])


async def lift_hold(act: Acting, things: Sequence[str]) -> Done:
    """The holds on `things` end. Raises NotFoundError, ConflictError `not_held` for one that no hold names."""
    before = await held_now(act)
    named = await _known(act, things)
    for thing in named:
        if await one(act.tx, _sql.lift_hold, thing=thing, site=act.site) is None:
            raise ConflictError("not_held", f"no hold names {thing}")
    changed = await tell_agents(act, before)
    return await _record(act, "hold_lifted", {"things": named}, [*named, *changed])


async def _known(act: Acting, things: Sequence[str]) -> list[str]:
    """Each of `things` once. Raises NotFoundError when one is no item or package here."""
    found = {row["id"] for row in await rows(act.tx, _sql.things, site=act.site, things=list(things))}
    absent = next((thing for thing in things if thing not in found), None)
    if absent is not None:
        raise NotFoundError("item or package", absent)
    return list(dict.fromkeys(things))


async def held_now(act: Acting) -> set[str]:
    """All that is held at the site."""
    return {row["thing"] for row in await rows(act.tx, _sql.held, site=act.site)}


async def tell_agents(act: Acting, before: set[str]) -> list[str]:
    """Orders for every agent of the site: what is held now and was not `before`, and the other way round."""
    after = await held_now(act)
    changes = {OrderKind.HOLD: sorted(after - before), OrderKind.LIFT_HOLD: sorted(before - after)}
    for kind, things in changes.items():
        if things:
            for agent in await rows(act.tx, _sql.living_agents, site=act.site):
                await act.order(agent["id"], kind, {"things": things})
    return changes[OrderKind.HOLD] + changes[OrderKind.LIFT_HOLD]


async def _record(act: Acting, kind: str, content: dict[str, object], things: Sequence[str]) -> Done:
    about = list(dict.fromkeys(things))
    index = await act.record(kind, content, about)
    await act.tx.execute(_sql.set_newest_entry, {"things": about, "index": index})
    return Done(index=index, things=about)
