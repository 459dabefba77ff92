"""How a permit ends before its time: taken back by somebody, or because its thing is no longer what it was given for.

A package whose seal is broken is not the package that was to pass, and what was withdrawn is not to pass at all: the
gate would open for it offline, so its permits end by the same transaction, and their agents hear of it.
"""

from collections.abc import Mapping, Sequence

from cloud.db.pool import rows
from cloud.db.queries import load_queries
from cloud.evidence.acting import Acting
from custody.things import Action
from wire.kinds import OrderKind

WHY: Mapping[Action, str] = {
    Action.OPEN: "封箱已开封 / the package was opened",
    Action.WITHDRAW_RELEASE: "借出已撤回 / the release was withdrawn",
    Action.WITHDRAW_DISPOSAL: "处置已撤回 / the disposal was withdrawn",
}
"""Steps that end the permits of their things, and the reason that the record gives."""

_sql = load_queries(__file__)


async def revoke(
    act: Acting, permit: str, agent: str, reason: str, because: int | None = None
) -> tuple[int, list[str]]:
    """The permit is revoked and its agent told, by the step of entry `because` where one led to it.

    Returns the entry and what the permit was for.
    """
    await act.tx.execute(_sql.revoke_permit, {"permit": permit, "at": act.at})
    things = [thing["thing"] for thing in await rows(act.tx, _sql.permit_things, permit=permit)]
    told = {"permit": permit, "reason": reason} | ({} if because is None else {"because": because})
    index = await act.record("permit_revoked", told, [permit, *things])
    await act.order(agent, OrderKind.REVOKE_PERMIT, {"permit": permit})
    return index, things


async def end_permits(act: Acting, action: Action, things: Sequence[str], index: int) -> None:
    """Ends the living permits of `things` where the step of entry `index` was one that ends them."""
    if action in WHY:
        for permit in await rows(act.tx, _sql.living_permits, site=act.site, things=list(things), at=act.at):
            await revoke(act, permit["id"], permit["agent"], f"{WHY[action]}（记录 {index} / entry {index}）", index)
