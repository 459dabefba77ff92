"""The acts on evidence: cases, items, packages, labels, releases. Each is one transaction of the caller's and one
ledger entry. A refusal by a rule is returned; what cannot be done for another reason is raised.
"""

from collections.abc import Sequence

from cloud.db.pool import Row, one, rows
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, InvalidError, NotFoundError
from cloud.evidence.acting import Acting, move, steps, things_of
from cloud.evidence.errors import SelfApprovalError
from cloud.evidence.holds import held_now, tell_agents
from cloud.evidence.models import Case, Done, Label, NewCase, NewItem, NewPackage
from custody.decisions import Reason, Refused
from custody.things import Action, Kind, State
from proof.canonical import canonical
from proof.keys import Signer
from wire import labels

_sql = load_queries(__file__)


async def open_case(act: Acting, new: NewCase) -> Case:
    """A new case under the rules in force now. Raises ConflictError `case_number_taken`."""
    pack, values = act.pack, {"site": act.site, "opened_at": act.at, "opened_by": act.person.id}
    await act.tx.execute(
        _sql.add_rule_pack,
        {
            "hash": pack.hash,
            "name": pack.name,
            "version": pack.version,
            "content": canonical(pack.content).decode(),
            "at": act.at,
        },
    )
    name = act.new_id("C")
    case = {**new.model_dump(), **values, "id": name, "rule_pack": pack.hash, "index": act.next_index}
    if await one(act.tx, _sql.add_case, **case) is None:
        raise ConflictError("case_number_taken", f"there is a case {new.number!r} already")
    content = {"case": name, "number": new.number, "title": new.title, "rule_pack": pack.hash}
    await act.record("case_opened", content, [name])
    return Case.model_validate(case)


async def register_item(act: Acting, new: NewItem) -> str:
    """A new item in a case, in the state `intake`; returns its id. Raises NotFoundError."""
    await _case(act, new.case_id)
    item = {**new.model_dump(), "id": act.new_id("I"), "site": act.site, "state": State.INTAKE.value}
    await act.tx.execute(_sql.add_item, {**item, "index": act.next_index})
    content = {"item": item["id"], "case": new.case_id, "name": new.name, "quantity": new.quantity, "unit": new.unit}
    await act.record("item_registered", content, [item["id"], new.case_id])
    return str(item["id"])


async def seal_package(act: Acting, new: NewPackage) -> str | Refused:
    """Puts items of one case into a new package under a seal; returns its id.

    Raises NotFoundError, InvalidError `other_case`, ConflictError `seal_number_taken`.
    """
    await _case(act, new.case_id)
    items = await things_of(act.tx, act.site, new.item_ids)
    for item in items:
        if item["kind"] != Kind.ITEM or item["case_id"] != new.case_id:
            raise InvalidError("other_case", f"{item['id']} is no item of the case {new.case_id}")
    taken = await steps(act, items, Action.SEAL)
    if isinstance(taken, Refused):
        return taken
    package, state, ids = act.new_id("P"), taken[0].to_state.value, [item["id"] for item in items]
    before = await held_now(act)
    values = {"id": package, "site": act.site, "case_id": new.case_id, "seal_number": new.seal_number}
    if await one(act.tx, _sql.add_package, **values, state=state, index=act.next_index) is None:
        raise ConflictError("seal_number_taken", f"there is a package under the seal {new.seal_number!r} already")
    placed = {"package": package, "items": ids, "state": state, "index": act.next_index}
    await act.tx.execute(_sql.put_into_package, placed)
    content = {"package": package, "case": new.case_id, "items": ids, "seal_number": new.seal_number}
    await act.record("package_sealed", {**content, "rule": taken[0].rule}, [package, *ids, new.case_id])
    await tell_agents(act, before)
    return package


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


async def approve_release(act: Acting, things: Sequence[str]) -> Done | Refused:
    """Stored things may leave. Raises SelfApprovalError when the approver registered or sealed one of them."""
    found = await things_of(act.tx, act.site, things)
    own = await rows(act.tx, _sql.made_by, things=list(things), actor=act.person.id)
    if own:
        raise SelfApprovalError(f"{act.person.username} registered or sealed {', '.join(row['thing'] for row in own)}")
    for thing in found:
        if thing["held"]:
            return act.pack.refuse(Reason.LEGAL_HOLD, thing["id"])
    return await _step(act, found, Action.APPROVE_RELEASE, "release_approved")


async def withdraw_release(act: Acting, things: Sequence[str]) -> Done | Refused:
    """Approved things may no longer leave."""
    found = await things_of(act.tx, act.site, things)
    return await _step(act, found, Action.WITHDRAW_RELEASE, "release_withdrawn")


async def shelve(act: Acting, things: Sequence[str]) -> Done | Refused:
    """Returned things, their seals checked, are in store again."""
    return await _step(act, await things_of(act.tx, act.site, things), Action.SHELVE, "item_shelved")


async def _case(act: Acting, case: str) -> None:
    if await one(act.tx, _sql.case_of, id=case, site=act.site) is None:
        raise NotFoundError("case", case)


async def _step(act: Acting, things: Sequence[Row], action: Action, kind: str) -> Done | Refused:
    taken = await steps(act, things, action)
    if isinstance(taken, Refused):
        return taken
    moved = await move(act, things, taken)
    rules = list(dict.fromkeys(step.rule for step in taken))
    index = await act.record(kind, {"things": [thing["id"] for thing in things], "rules": rules}, moved)
    return Done(index=index, things=moved, rules=rules)
