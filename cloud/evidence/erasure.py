"""Erasing contents on a legal ground: one person proposes, another confirms, each by an entry of their own.

Content and salt go, and with them what could be guessed from the commitment; the entry, its place in the log and its
commitment stay, so every other proof still holds. What is under legal hold is not erased.

What an entry tells may be told by others too: a correction has the old words beside the new, and what a gate decided
was filmed. Those are named before anything is proposed (`related`), and go with it unless they are left out.

The number of a seal is in the record of its sealing and so goes with it, from the tables and the search as well: a
package in custody is then shown without one, and whoever needs to check its seal seals it anew. What stays is that it
was sealed, when, and by whose hands.
"""

import json
from collections.abc import Sequence

from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, InvalidError, NotFoundError
from cloud.evidence.acting import Acting
from cloud.evidence.errors import SamePersonError
from cloud.evidence.models import Erasure, RelatedEntry
from cloud.idempotency.service import forget_answers
from custody.decisions import Reason, Refused
from proof.keyring import KEY_BORN, KEY_ENDED

PROPOSED, ERASED = "erasure_proposed", "content_erased"
NEVER = frozenset({
    KEY_BORN, KEY_ENDED, PROPOSED, ERASED, "movement_corroborated", "movement_uncorroborated", "observation_explained",
    "observation_unexplained", "exception_recounted",
})  # fmt: skip
"""Kinds without personal data that others are checked by."""
SEALINGS = frozenset({"custody_step", "package_sealed"})
"""Kinds of record that may tell the number of a seal."""
ERASED_TEXT = "已依法删除 / erased"
"""What stands in the place of a name that was erased."""

_sql = load_queries(__file__, "erasure.sql")


async def related(tx: Tx, site: str, entries: Sequence[int]) -> list[RelatedEntry]:
    """What else tells what `entries` tell, and is not erased yet."""
    found = await rows(tx, _sql.related, site=site, indexes=sorted(set(entries)))
    return [RelatedEntry.model_validate(row) for row in found]


async def propose(act: Acting, entries: Sequence[int], ground: str, *, with_related: bool) -> Erasure | Refused:
    """Proposes to erase the contents of `entries`, and of what is `related`, on the legal `ground`. Nothing goes yet.

    Raises NotFoundError, InvalidError `not_erasable`, ConflictError `erased`, `act_open`.
    """
    more = [row.index for row in await related(act.tx, act.site, entries)] if with_related else []
    found = await _erasable(act, [*entries, *more])
    things = _things(found)
    if refused := await _held(act, things):
        return refused
    indexes = [row["index"] for row in found]
    told = {"indexes": indexes, "ground": ground, "with_related": with_related}
    index = await act.record(PROPOSED, told, things)
    return Erasure(index=index, entries=indexes, ground=ground, proposed_by=act.person.id)


async def confirm(act: Acting, proposal: int) -> Erasure | Refused:
    """Erases what was proposed at entry `proposal`, by somebody else than who proposed it.

    The bytes of its `stills` are then deleted by the caller, once this is committed.

    Raises NotFoundError, SamePersonError, ConflictError `erased`, `act_open`, and `more_since` where something has come
    since that tells the same.
    """
    proposed = await one(act.tx, _sql.proposal, site=act.site, index=proposal)
    if proposed is None:
        raise NotFoundError("proposal to erase at entry", str(proposal))
    if proposed["actor"] == act.person.id:
        raise SamePersonError(f"{act.person.username} proposed the erasure")
    content = json.loads(proposed["content"])
    found = await _erasable(act, content["indexes"])
    more = await related(act.tx, act.site, content["indexes"]) if content.get("with_related") else []
    if more:
        raise ConflictError("more_since", f"entry {more[0].index} tells of the same since then: propose them together")
    things, indexes = _things(found), [row["index"] for row in found]
    if refused := await _held(act, things):
        return refused
    pictures = [row["sha256"] for row in await rows(act.tx, _sql.pictures_named, site=act.site, indexes=indexes)]
    told = {"indexes": indexes, "ground": content["ground"], "proposal": proposal, "proposed_by": proposed["actor"]}
    entry = await act.record(ERASED, told, things)
    await act.tx.execute(_sql.add_erasures, {"site": act.site, "indexes": indexes, "entry": entry})
    for row in found:
        values = {"site": act.site, "index": row["index"], "kind": row["record_kind"]}
        values |= {"things": row["things"], "named": row["named"]}
        await act.tx.execute(_sql.forget_names, {**values, "erased": ERASED_TEXT})
    for statement in (_sql.erase_facts, _sql.erase_records):
        await act.tx.execute(statement, {"site": act.site, "indexes": indexes})
    sealed = [thing for row in found if row["record_kind"] in SEALINGS for thing in row["things"]]
    await act.tx.execute(_sql.forget_seals, {"site": act.site, "things": sealed, "erased": ERASED_TEXT})
    await forget_answers(act.tx, act.site)
    sought = {"pictures": pictures, "patterns": [f"%{one}%" for one in pictures]}
    stills = await rows(act.tx, _sql.erase_stills, site=act.site, entry=entry, **sought) if pictures else []
    return Erasure(
        index=entry, entries=indexes, ground=content["ground"], proposed_by=proposed["actor"],
        confirmed_by=act.person.id, stills=sorted(row["sha256"] for row in stills),
    )  # fmt: skip


async def _erasable(act: Acting, entries: Sequence[int]) -> list[Row]:
    asked = sorted(set(entries))
    found = await rows(act.tx, _sql.erasable, site=act.site, indexes=asked)
    missing = sorted(set(asked) - {row["index"] for row in found})
    if missing:
        raise NotFoundError("entry", str(missing[0]))
    for row in found:
        kind = row["fact_kind"] or row["record_kind"]
        if kind in NEVER:
            raise InvalidError("not_erasable", f"entry {row['index']} ({kind}) holds nothing personal and is needed")
        if row["erased"]:
            raise ConflictError("erased", f"the content of entry {row['index']} was erased before")
    if waiting := await one(act.tx, _sql.open_among, site=act.site, things=_things(found)):
        raise ConflictError("act_open", f"{waiting['id']} still waits for a hand: let it be signed, declined or lapse")
    return found


def _things(found: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(thing for row in found for thing in row["things"]))


async def _held(act: Acting, things: Sequence[str]) -> Refused | None:
    held = await one(act.tx, _sql.held_among, site=act.site, things=list(things))
    return None if held is None else act.pack.refuse(Reason.LEGAL_HOLD, held["thing"])
