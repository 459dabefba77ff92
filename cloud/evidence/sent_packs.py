"""Rule packs on their way to agents, so that the same rules decide where there is no network (N5).

A pack that two people put in force goes to every agent of the site, well before it begins; one that only some cases
are under goes to an agent with the first task that needs it. An agent tells at every start which packs it has: a new
one, or one on a new card, is sent the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cloud.db.pool import Tx, rows, storable
from cloud.db.queries import load_queries
from cloud.fleet.service import push_order
from cloud.rules.service import pack_named
from cloud.world import World
from custody.rule_pack import RulePack
from proof.keys import Signer
from wire.kinds import OrderKind

_sql = load_queries(__file__, "sent_packs.sql")
_own = load_queries(__file__)

MOST_PACKS = 100
"""Told by one agent; only a broken one has more."""


@dataclass(frozen=True, slots=True)
class Sender:
    """What sending needs: the transaction, the cloud's key, and now."""

    tx: Tx
    world: World
    key: Signer
    site: str
    at: datetime


async def send_adopted(sender: Sender, pack: RulePack, adopted: int) -> None:
    """To every agent of the site: `pack` was put in force by the entry `adopted`."""
    for row in await rows(sender.tx, _own.living_agents, site=sender.site):
        await _send(sender, row["id"], pack, adopted)


async def send_lacking(sender: Sender, agent: str, also: RulePack | None = None) -> None:
    """Whatever `agent` is to have, with the pack `also`, and has not, as far as it told."""
    values = {"site": sender.site, "agent": agent, "also": also and also.hash}
    for row in await rows(sender.tx, _sql.lacking, **values):
        pack = also if also and also.hash == row["hash"] else await pack_named(sender.tx, row["hash"])
        if pack is not None:
            await _send(sender, agent, pack, row["adopted"])


async def note_packs(tx: Tx, agent: str, packs: Sequence[str]) -> None:
    """`agent` started with `packs` (their hashes)."""
    await tx.execute(_sql.has_packs, {"agent": agent, "packs": [storable(one)[:64] for one in packs[:MOST_PACKS]]})


async def note_taken(tx: Tx, agent: str, pack: str) -> None:
    """`agent` took the pack of that hash."""
    await tx.execute(_sql.has_pack_too, {"agent": agent, "pack": pack})


async def _send(sender: Sender, agent: str, pack: RulePack, adopted: int | None) -> None:
    body = {"hash": pack.hash, "content": dict(pack.content), "adopted": adopted}
    await push_order(
        sender.tx, sender.world, sender.key, agent=agent, kind=OrderKind.RULE_PACK.value, body=body, at=sender.at,
        about=pack.hash,
    )  # fmt: skip
