"""How evidence begins: cases, items, labels. Each is one transaction of the caller's and one ledger entry.

What happens to it afterwards are steps of the rule pack (acts.py).
"""

from cloud.db.pool import one
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, InvalidError, NotFoundError
from cloud.evidence.acting import Acting
from cloud.evidence.models import Case, Label, NewCase, NewItem
from cloud.rules.service import keep_pack
from custody.things import Action, Kind, State
from proof.keys import Signer
from wire import labels

_sql = load_queries(__file__)


async def open_case(act: Acting, new: NewCase) -> Case:
    """A new case under the rules in force now. Raises ConflictError `case_number_taken`."""
    pack, values = act.pack, {"site": act.site, "opened_at": act.at, "opened_by": act.person.id}
    await keep_pack(act.tx, pack, act.at)
    name = act.new_id("C")
    case = {**new.model_dump(), **values, "id": name, "rule_pack": pack.hash, "index": act.next_index}
    if await one(act.tx, _sql.add_case, **case) is None:
        raise ConflictError("case_number_taken", f"there is a case {new.number!r} already")
    content = {"case": name, "number": new.number, "title": new.title, "rule_pack": pack.hash}
    content |= new.known()
    await act.record("case_opened", content, [name])
    return Case.model_validate(case)


async def register_item(act: Acting, new: NewItem) -> str:
    """A new item in a case, in the state `intake`; returns its id.

    Raises NotFoundError, InvalidError `unknown_goods`.
    """
    await _case(act, new.case_id)
    if act.pack.section("goods") and new.goods not in act.pack.section("goods"):
        raise InvalidError("unknown_goods", f"the rules know no goods {new.goods!r}")
    item = {**new.model_dump(), "id": act.new_id("I"), "site": act.site, "state": State.INTAKE.value}
    await act.tx.execute(_sql.add_item, {**item, "index": act.next_index})
    hand = {"thing": item["id"], "action": Action.REGISTER.value, "person": act.person.id}
    await act.tx.execute(_sql.add_hand_on, hand)
    content = {"item": item["id"], "case": new.case_id, **new.content()}
    await act.record("item_registered", content, [item["id"], new.case_id])
    return str(item["id"])


async def issue_label(act: Acting, thing: str, key: Signer) -> Label:
    """A new label for an item, a package or a person; the older ones of it are void. Raises NotFoundError."""
    row = await one(act.tx, _sql.labelled, thing=thing, site=act.site)
    if row is None or row["kind"] is None:
        raise NotFoundError("thing", thing)
    kind, issue = Kind(row["kind"]), row["issue"] + 1
    if issue > labels.MAX_ISSUE:
        raise ConflictError("too_many_labels", f"{thing} has had {issue - 1} labels")
    text = labels.write_label(labels.Label(kind, thing, issue), key)
    values = {"thing": thing, "issue": issue, "kind": kind.value, "site": act.site, "text": text, "at": act.at}
    await act.tx.execute(_sql.add_label, {**values, "index": act.next_index})
    await act.tx.execute(_sql.set_newest_entry, {"things": [thing], "index": act.next_index})
    await act.record("label_issued", {"thing": thing, "kind": kind.value, "issue": issue}, [thing])
    return Label(thing_id=thing, kind=kind, issue=issue, text=text)


async def _case(act: Acting, case: str) -> None:
    if await one(act.tx, _sql.case_of, id=case, site=act.site) is None:
        raise NotFoundError("case", case)
