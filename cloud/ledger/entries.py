"""One entry with what is filed under it: is the content the one committed to, and does the fact continue its chain?"""

import json
from datetime import datetime
from typing import Any

from cloud.db.pool import Row
from cloud.ledger.derived import ERASED_KIND, PROPOSED_KIND
from cloud.ledger.faults import LedgerFaultError
from cloud.ledger.walk import Keys, Walk
from custody.permits import parse_time
from proof.canonical import canonical
from proof.chain import commit_content, commit_record_content, link
from proof.errors import EncodingError, ProofError
from proof.keyring import KEY_BORN, KEY_ENDED
from proof.keys import VerifyKey
from proof.statement import Receipt, Statement

Content = dict[str, Any]


def check_entry(walk: Walk, keys: Keys, row: Row, index: int) -> tuple[Content, Content | None]:
    """The entry `index` and its content (None where it was erased), read from `row`. Raises LedgerFaultError."""
    if row["index"] != index:
        raise LedgerFaultError("entry_missing", f"there is no entry {index}", index, f"ledger_entry {index}")
    try:
        entry = json.loads(row["entry"])
        if entry["type"] == "fact":
            return entry, _fact(walk, index, entry, row)
        if entry["type"] == "record":
            return entry, _record(walk, keys, index, entry, row)
        raise LedgerFaultError("entry_unreadable", f"an entry of type {entry['type']!r}", index)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LedgerFaultError("entry_unreadable", f"not an entry of ours: {error!r}", index) from error


def _fact(walk: Walk, index: int, entry: Content, row: Row) -> Content | None:
    agent, seq, commitment = entry["agent"], entry["seq"], bytes.fromhex(entry["c"])
    where = f"fact {agent} {seq}"
    if row["agent"] is None:
        raise LedgerFaultError("fact_missing", f"the fact {agent} {seq} is not there", index, where)
    if (row["agent"], row["seq"], row["fact_kind"]) != (agent, seq, entry["kind"]):
        raise LedgerFaultError("fact_differs", f"another fact than {agent} {seq} is filed here", index, where)
    if parse_time(entry["at"] or entry["taken_at"]) != row["fact_at"]:
        raise LedgerFaultError("fact_differs", f"the time of {agent} {seq} is not the entry's", index, where)
    content: Content | None = None
    if row["fact_content"] is None or row["fact_salt"] is None:
        _erased(walk, index, row, where)
    else:
        if commit_content(row["fact_content"].encode(), row["fact_salt"]) != commitment:
            problem = f"the fact {agent} {seq} is not what was committed to"
            raise LedgerFaultError("commitment_differs", problem, index, where)
        content = json.loads(row["fact_content"])
        _agrees(index, entry, content or {}, where)
    chain = walk.chain(agent)
    if seq != chain.next_seq or link(chain.head, commitment).hex() != entry["h"]:
        raise LedgerFaultError("chain_broken", f"the fact {agent} {seq} does not continue its chain", index, where)
    chain.next_seq, chain.head = seq + 1, bytes.fromhex(entry["h"])
    if chain.bare is None:
        chain.bare = index
    walk.facts += 1
    return content


def _agrees(index: int, entry: Content, content: Content, where: str) -> None:
    """What the entry says in the open is what the fact says; a time or kind that is none is left out of the entry."""
    same = content["seq"] == entry["seq"] and content["clock"]["error_ms"] == entry["error_ms"]
    if not same or entry["kind"] not in (content["kind"], "unnamed") or entry["at"] not in (content["at"], None):
        raise LedgerFaultError("entry_differs", "seq, kind, time or its error are not those of the fact", index, where)


def _record(walk: Walk, keys: Keys, index: int, entry: Content, row: Row) -> Content | None:
    kind, where = entry["kind"], f"record {index}"
    if row["record_kind"] is None:
        raise LedgerFaultError("record_missing", f"the record of {kind} is not there", index, where)
    if row["record_kind"] != kind or parse_time(entry["at"]) != row["record_at"]:
        raise LedgerFaultError("record_differs", f"another record than {kind} is filed here", index, where)
    walk.records += 1
    if row["record_content"] is None or row["record_salt"] is None:
        _erased(walk, index, row, where)
        return None
    content: Content = json.loads(row["record_content"])
    written = canonical(content)
    if row["actor"] != content["actor"]:
        raise LedgerFaultError("record_differs", f"the actor of {kind} is another", index, where)
    if commit_record_content(written, row["record_salt"]).hex() != entry["c"]:
        raise LedgerFaultError("commitment_differs", f"the record of {kind} is not as committed to", index, where)
    if written.decode() != row["record_content"]:
        raise LedgerFaultError("record_differs", "the record is not written in the one agreed way", index, where)
    _tells(walk, keys, index, kind, content)
    return content


def _tells(walk: Walk, keys: Keys, index: int, kind: str, content: Content) -> None:
    """Records about keys and erasures are what the rest is judged by."""
    if kind in (KEY_BORN, KEY_ENDED):
        try:
            keys.ring.take(index, kind, content)
        except EncodingError as error:
            raise LedgerFaultError("key_unreadable", str(error), index) from error
        walk.key_records.append((index, kind, content))
    elif kind == "agent_added":
        keys.agents[content["agent"]] = VerifyKey.from_text(content["public_key"])
        walk.key_records.append((index, kind, content))
    elif kind == ERASED_KIND:
        _erasure(walk, index, content)
    elif kind == PROPOSED_KIND:
        walk.proposals[str(index)] = content["actor"], content["indexes"]


def _erasure(walk: Walk, index: int, content: Content) -> None:
    actor, proposed = walk.proposals.pop(str(content["proposal"]), ("", []))
    if proposed != content["indexes"] or actor in ("", content["actor"]) or actor != content["proposed_by"]:
        raise LedgerFaultError("erased_by_one", "nobody else had proposed it", index, f"record {index}")
    for erased in content["indexes"]:
        if walk.erased.pop(str(erased), None) != index and erased >= walk.began:
            raise LedgerFaultError("not_erased", f"entry {erased} says what it said before", erased, f"record {erased}")


def remember(walk: Walk, keys: Keys) -> None:
    """Gives `keys` what a walk that is gone on with had read of them."""
    for index, kind, content in walk.key_records:
        if kind == "agent_added":
            keys.agents[content["agent"]] = VerifyKey.from_text(content["public_key"])
        else:
            keys.ring.take(index, kind, content)


def _erased(walk: Walk, index: int, row: Row, where: str) -> None:
    if row["erased_by"] is None or row["erased_by"] <= index:
        raise LedgerFaultError("erased_without_entry", "content or salt are gone and no erasure says so", index, where)
    walk.erased[str(index)] = row["erased_by"]
    walk.erasures += 1


def check_statement(walk: Walk, keys: Keys, row: Row) -> None:
    """The statement that ends with the fact of entry `row["index"]`, which was the last one read."""
    agent, index = row["agent"], row["index"]
    where, chain = f"statement {agent} {row['first']} to {row['last']}", walk.chain(agent)
    try:
        said = Statement.verify(row["jws"], lambda kid: keys.agent(agent, kid, index))
    except ProofError as error:
        raise LedgerFaultError("statement_not_genuine", str(error), index, where) from error
    if (said.agent, said.first, said.last) != (agent, row["first"], row["last"]):
        raise LedgerFaultError("statement_differs", "the agent signed other facts than it is filed under", index, where)
    if said.first > chain.covered + 1:
        raise LedgerFaultError(
            "statement_missing", f"the fact {agent} {chain.covered + 1} is in no statement", chain.bare, where
        )
    continues = said.first <= chain.covered or said.prev == chain.covered_head.hex()
    if said.head != chain.head.hex() or said.last != chain.next_seq - 1 or not continues:
        raise LedgerFaultError("statement_differs", "the facts lead to another head than was signed", index, where)
    walk.statements += 1
    chain.covered, chain.covered_head, chain.bare = said.last, chain.head, None


def check_receipt(walk: Walk, keys: Keys, row: Row) -> None:
    """The newest receipt that an agent was given says what its chain says."""
    agent, where, chain = row["agent"], f"receipt of {row['agent']}", walk.chain(row["agent"])
    if row["receipt"] is None:
        if chain.next_seq > 1:
            raise LedgerFaultError("receipt_not_genuine", "there are facts and no receipt for them", row=where)
        return
    by_kid = {key.kid: key for key in (*keys.of("cloud", walk.size), *(life.key for life in keys.lives("cloud")))}
    if not by_kid:
        return
    try:
        said = Receipt.verify(row["receipt"], by_kid.get)
    except ProofError as error:
        raise LedgerFaultError("receipt_not_genuine", str(error), row=where) from error
    if (said.agent, said.upto, said.head) != (agent, chain.next_seq - 1, chain.head.hex()):
        raise LedgerFaultError("receipt_not_genuine", "it speaks of another end of the chain", row=where)


def times(entry: Content) -> tuple[datetime, datetime]:
    """The device's time, or where that is none the cloud's, and the cloud's time of a fact's entry."""
    taken_at = parse_time(entry["taken_at"])
    return (parse_time(entry["at"]) if entry["at"] else taken_at), taken_at
