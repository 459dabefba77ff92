"""How long film is kept: for as long after its case as the rules say (`limits.film_kept`), and never less.

Film of what is under legal hold, of a case that is not over, of an alarm that lives or of a break-glass opening that
nobody has reviewed never goes, however old it is and however full the store. What goes is named by an entry first; its
bytes follow once that is committed, and are asked for again until they are gone. Rules without that limit keep all.
"""

from collections.abc import Sequence
from datetime import datetime

from cloud.alarms.service import clear_alarm, raise_alarm
from cloud.db.pool import Tx, rows
from cloud.db.queries import load_queries
from cloud.ledger.service import Appender, add_record
from cloud.media import uploads
from cloud.world import World
from custody.rule_pack import RulePack
from custody.things import State

ACTOR = "jobs"
REMOVED, LIMIT = "film_removed", "film_kept"
FILLING, NO_ROOM = "film_filling", "film_no_room"
MOST = 200
"""Segments in one entry."""
FULL = 0.8
"""From this part of its quota on a site is told that the store fills."""

_sql = load_queries(__file__, "film_keeping.sql")


async def due(tx: Tx, site: str, pack: RulePack, at: datetime) -> list[tuple[str, int]]:
    """Digest and size of the film that may go at `at`, oldest first, at most MOST. Takes no lock."""
    kept = pack.limits.get(LIMIT)
    if kept is None:
        return []
    final = [state.value for state in final_states(pack)]
    found = await rows(tx, _sql.due, site=site, before=at - kept, final=final, limit=MOST)
    return [(row["sha256"], row["bytes"]) for row in found]


async def remove(tx: Tx, appender: Appender, world: World, pack: RulePack, at: datetime) -> int:
    """Says of what is due now that it is removed; how many that are. Their bytes are still there."""
    gone = await due(tx, appender.site, pack, at)
    if not gone:
        return 0
    digests = [sha256 for sha256, _ in gone]
    things = [row["thing"] for row in await rows(tx, _sql.shown_by, site=appender.site, digests=digests)]
    content = {
        "segments": [{"sha256": sha256, "bytes": size} for sha256, size in gone], "limit": LIMIT,
        "kept_h": int(pack.limits[LIMIT].total_seconds() // 3600), "rule_pack": pack.hash,
    }  # fmt: skip
    entry = await add_record(
        tx, appender, kind=REMOVED, at=at, actor=ACTOR, content=content, salt=world.salt(), things=things
    )
    await tx.execute(_sql.remove, {"digests": digests, "entry": entry})
    return len(gone)


async def to_delete(tx: Tx, site: str) -> list[str]:
    """Digests of what was removed or erased and whose bytes may still be there."""
    return [row["sha256"] for row in await rows(tx, _sql.to_delete, site=site, limit=MOST)]


async def deleted(tx: Tx, digests: Sequence[str], at: datetime) -> None:
    """Their bytes are gone."""
    await tx.execute(_sql.deleted, {"digests": list(digests), "at": at})


async def filling(tx: Tx, site: str, quota: int | None) -> dict[str, bool]:
    """Alarms about room, and whether each has to live: only those for which that changes."""
    used = await uploads.film_bytes(tx, site)
    wanted = {FILLING: quota is not None and used >= FULL * quota}
    if quota is None or used < quota:
        wanted[NO_ROOM] = False
    living = {row["cause"] for row in await rows(tx, _sql.living_alarms, site=site, causes=[FILLING, NO_ROOM])}
    return {cause: lives for cause, lives in wanted.items() if lives is not (cause in living)}


async def tell_room(tx: Tx, appender: Appender, world: World, quota: int | None, at: datetime) -> None:
    """Raises and clears the alarms about room."""
    site = appender.site
    for cause, lives in (await filling(tx, site, quota)).items():
        if lives:
            await raise_alarm(
                tx, appender, world, cause=cause, place=site, severity="warning", detail={"quota_bytes": quota},
                at=at, actor=ACTOR,
            )  # fmt: skip
        else:
            await clear_alarm(tx, appender, world, cause=cause, place=site, at=at, actor=ACTOR)


def final_states(pack: RulePack) -> list[State]:
    """The states from which nothing leads on: a case all of whose things are in one is over."""
    return [State(state) for state, told in pack.states.items() if told.get("final")]
