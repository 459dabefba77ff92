"""Corrections: what was registered wrongly is told anew by an entry that cites the one that told it.

The record has the old words (`was`) beside the new; the old entry stays as it was. An item or a package is corrected by
a step of its own rules, a case by a decision of the rules in force, since it has no state that steps could lead from.
"""

from collections.abc import Mapping
from typing import Any

from cloud.db.pool import Row, one
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, InvalidError, NotFoundError
from cloud.evidence.acting import Acting
from custody.decisions import Reason, Refused
from custody.details import PARTICULARS, missing
from custody.rule_pack import RulePack, Step

CORRECT_CASE = "correct_case"
"""The decision in the rule pack; what it is about is the case."""
CASE_CORRECTED = "case_corrected"
TELL_A_CASE = ("case_opened", CASE_CORRECTED)
"""Kinds of record that tell what a case is about."""

_sql = load_queries(__file__, "acts.sql")

Details = Mapping[str, Any]


async def case_may_be_corrected(act: Acting, pack: RulePack, step: Step, case: str, details: Details) -> Refused | None:
    """The refusal where the rules let no held case be corrected. Raises NotFoundError, InvalidError, ConflictError.

    What is missing in `details` is left to the rules, which name it.
    """
    row = await one(act.tx, _sql.case_to_correct, case=case, site=act.site)
    if row is None:
        raise NotFoundError("case", case)
    if row["held"] and not step.while_held:
        return pack.refuse(Reason.LEGAL_HOLD, case)
    if missing(("cites", "particulars"), details, pack) is not None:
        return None
    told = await one(act.tx, _sql.kind_of_entry, site=act.site, index=details["cites"], thing=case)
    if told is None or told["kind"] not in TELL_A_CASE:
        raise InvalidError("cites_another", f"entry {details['cites']} does not tell what {case} is about")
    await must_be_newest(act, case, details["cites"], details["particulars"])
    was_of(case, row, details["particulars"])
    return None


async def correct_case(act: Acting, details: Details, content: dict[str, Any]) -> int:
    """The case is told anew, by the next entry, which it returns. Raises as `case_may_be_corrected`."""
    case = content["case"]
    row = await one(act.tx, _sql.case_to_correct, case=case, site=act.site)
    if row is None:
        raise NotFoundError("case", case)
    particulars = details["particulars"]
    told = {name: row[name] for name in PARTICULARS} | particulars
    await act.tx.execute(_sql.correct_case, {**told, "case": case, "index": act.next_index})
    about = [case, *([content["act"]] if "act" in content else [])]
    return await act.record(CASE_CORRECTED, {**content, "was": was_of(case, row, particulars)}, about)


async def must_be_newest(act: Acting, thing: str, cites: int, changes: Details) -> None:
    """Raises ConflictError `corrected_since` where something newer than the cited entry corrected the same."""
    newest = await one(act.tx, _sql.corrected_at, site=act.site, thing=thing, fields=sorted(changes))
    if newest is not None and newest["index"] is not None and newest["index"] > cites:
        raise ConflictError("corrected_since", f"entry {newest['index']} corrected this of {thing}: cite that one")


def was_of(thing: str, row: Row, changes: Details) -> dict[str, Any]:
    """What `row` says where `changes` say otherwise. Raises InvalidError `nothing_changed` where that is nothing."""
    was = {name: row[name] for name in changes}
    if was == dict(changes):
        raise InvalidError("nothing_changed", f"this is what is known of {thing} already")
    return was
