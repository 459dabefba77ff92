"""Acts on something else than a thing: rules put in force, a case corrected or given new rules, an exception reviewed.

The hands are those of the rule pack's `decisions`; what is decided comes here once all are on it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from cloud.db.pool import one
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, InvalidError, NotFoundError
from cloud.evidence import exceptions
from cloud.evidence.acting import Acting
from cloud.evidence.corrections import CORRECT_CASE, correct_case
from cloud.evidence.sent_packs import send_adopted
from cloud.releases.service import approve, to_approve
from cloud.rules.service import adopt, pack_named
from custody.pack_reader import start_faults
from custody.permits import time_text

_sql = load_queries(__file__, "acts.sql")

Signed = Sequence[Mapping[str, Any]]


async def decided(
    act: Acting, name: str, details: Mapping[str, Any], rule: str, signed: Signed, more: Mapping[str, Any]
) -> int:
    """Does what was decided; returns its entry. Raises NotFoundError, InvalidError, ConflictError."""
    content = {"details": dict(details), "rule": rule, "hands": list(signed), **more}
    return await DECISIONS[name](act, details, content)


async def _adopt_rules(act: Acting, details: Mapping[str, Any], content: dict[str, Any]) -> int:
    """The pack is in force here from its own `effective_from` on, which may not be past (J27)."""
    pack = await pack_named(act.tx, details["pack"])
    if pack is None:
        raise NotFoundError("rule pack", details["pack"])
    faults = start_faults(pack, act.at)
    if faults or pack.effective_from is None:
        raise InvalidError("back_dated", str(faults[0]))
    told = {**content, "pack": pack.hash, "effective_from": time_text(pack.effective_from)}
    index = await act.record("rules_adopted", told, [])
    await adopt(act.tx, site=act.site, index=index, pack=pack, effective_from=pack.effective_from)
    await send_adopted(act.sender, pack, index)
    return index


async def _repin_case(act: Acting, details: Mapping[str, Any], content: dict[str, Any]) -> int:
    """An open case goes on under other rules; nothing that was done before is judged anew."""
    case = await one(act.tx, _sql.case_to_repin, case=details["case"], site=act.site)
    if case is None:
        raise NotFoundError("case", details["case"])
    if case["rule_pack"] == details["pack"]:
        raise ConflictError("same_rules", f"{case['id']} is under these rules already")
    pack = await pack_named(act.tx, details["pack"])
    if pack is None:
        raise NotFoundError("rule pack", details["pack"])
    told = {**content, "case": case["id"], "from": case["rule_pack"], "to": pack.hash}
    index = await act.record("case_repinned", told, [case["id"]])
    done = {"act": content["act"], "ended": "done", "at": act.at, "index": index}
    await act.tx.execute(_sql.end_act, done)  # the database lets the case change only once the act is done
    await act.tx.execute(_sql.repin_case, {"case": case["id"], "pack": pack.hash})
    return index


async def _review_exception(act: Acting, details: Mapping[str, Any], content: dict[str, Any]) -> int:
    """What was opened by break-glass was looked into by two people."""
    return await exceptions.review(act, details["exception"], details["finding"], content)


async def _approve_update(act: Acting, details: Mapping[str, Any], content: dict[str, Any]) -> int:
    """A release of the program may be rolled out here: two people put their hands to its digest."""
    release = await to_approve(act.tx, act.site, details["release"], details["version"])
    told = {**content, "release": release["sha256"], "version": release["version"]}
    index = await act.record("program_approved", told, [])
    await approve(act.tx, act.site, release["sha256"], index, act.at)
    return index


DECISIONS: dict[str, Callable[[Acting, Mapping[str, Any], dict[str, Any]], Awaitable[int]]] = {
    "adopt_rules": _adopt_rules,
    CORRECT_CASE: correct_case,
    "repin_case": _repin_case,
    "review_exception": _review_exception,
    "approve_update": _approve_update,
}
"""What each decision does, by its name in the rule pack."""

ABOUT_A_CASE = frozenset({CORRECT_CASE})
"""Decisions that are about one case, as a step is about its things: it is held while they wait."""
