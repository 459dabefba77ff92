"""What agents say of their own journals: short of room, made anew, and what was carried out of an old file.

A fact that was salvaged is kept and shown, and nothing follows from it by itself: where it stood is no longer in the
agent's chain, so people decide what it is worth.
"""

from cloud.db.pool import one
from cloud.db.queries import load_queries
from cloud.evidence.taken import Taken
from wire.journal_facts import FactSalvaged, JournalRenewed, SpaceBack, SpaceShort
from wire.messages import body_of

SHORT, RENEWED, SALVAGED = "space_short", "journal_renewed", "fact_salvaged"

_sql = load_queries(__file__, "facts.sql")


async def space_short(taken: Taken) -> None:
    """The agent records evidence only, in its last room."""
    body = body_of(SpaceShort, taken.fact.body)
    await taken.alarm(SHORT, taken.agent, "major", {"free_bytes": body.free_bytes, "reserve_left": body.reserve_left})


async def space_back(taken: Taken) -> None:
    """It has room again."""
    body_of(SpaceBack, taken.fact.body)
    await taken.clear(SHORT, taken.agent)


async def journal_renewed(taken: Taken) -> None:
    """Its file was damaged, or an old copy; what could not be read is lost but for what is in the ledger already."""
    body = body_of(JournalRenewed, taken.fact.body)
    detail = {"why": body.why, "after": body.after, "kept_as": body.kept_as, "salvaged": body.salvaged,
              "unreadable": [list(one) for one in body.unreadable], "unknown_from": body.unknown_from,
              "permits_dropped": body.permits_dropped}  # fmt: skip
    await taken.alarm(RENEWED, taken.agent, "critical", detail)


async def fact_salvaged(taken: Taken) -> None:
    """One that is in the ledger under its number already says nothing new; any other is for people to look into."""
    body = body_of(FactSalvaged, taken.fact.body)
    known = await one(taken.tx, _sql.entry_of_head, agent=taken.agent, seq=body.seq)
    if known is None or known["h"] != body.head:
        await taken.alarm(SALVAGED, taken.agent, "major", {"salvaged": body.seq, "sha256": body.sha256})
