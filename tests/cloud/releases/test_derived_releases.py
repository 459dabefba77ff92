"""What no table can hide: a log that itself tells of an update that was not approved as updates are approved."""

import hashlib
from typing import Any

import pytest

from cloud.ledger.derived import Derived, Told, take_record
from cloud.ledger.derived_custody import TAKE as CUSTODY
from cloud.ledger.faults import WORDS, LedgerFaultError
from proof.canonical import canonical

AT = "2026-11-22T03:00:00.000000Z"
NAME, OTHER = "a" * 64, "b" * 64
Contents = dict[str, dict[str, Any]]


def contents() -> Contents:
    """The records of one release, in good order."""
    act = {"act": "nj01/A-1", "site": "nj01", "action": "approve_update", "things": [], "rule": "updates.two-signers",
           "details": {"release": NAME, "version": "0.2.0"}, "rule_pack": "c" * 64, "proposed_at": AT,
           "seats": [["admin"], ["leader"]], "v": 1}  # fmt: skip
    return {
        "program_brought_up": {"release": NAME, "version": "0.2.0", "bytes": 9, "manifest": {}, "notes": "",
                               "actor": "nj01/U-1"},
        "act_proposed": {"content": act, "hash": "", "expires_at": AT, "ages_at": None, "actor": "nj01/U-1"},
        "program_approved": {"release": NAME, "version": "0.2.0", "act": "nj01/A-1", "actor": "nj01/U-2",
                             "hands": [{"person": "nj01/U-1"}, {"person": "nj01/U-2"}]},
        "update_ordered": {"agent": "nj01.gate-a", "number": 1, "version": "0.2.0", "release": NAME,
                           "order": "nj01/O-1", "actor": "nj01/U-1"},
    }  # fmt: skip


def read(told: Contents) -> Derived:
    derived = Derived("nj01")
    for index, (kind, content) in enumerate(told.items()):
        if kind == "act_proposed":
            content["hash"] = hashlib.sha256(canonical(content["content"])).hexdigest()
            CUSTODY[kind](derived, Told(index, kind, AT, content), {})
        else:
            take_record(derived, Told(index, kind, AT, content), {})
    return derived


def test_what_was_approved_rightly_is_in_the_tables() -> None:
    derived = read(contents())
    assert derived.table("program")[NAME]["approved_index"] == 2
    assert derived.table("agent_update")["nj01.gate-a 1"]["state"] == "ordered"
    assert derived.table("act")["nj01/A-1"]["ended"] == "done"


def by_one(told: Contents) -> None:
    told["program_approved"]["hands"] = [{"person": "nj01/U-1"}, {"person": "nj01/U-1"}]


def of_another(told: Contents) -> None:
    told["act_proposed"]["content"]["details"]["release"] = OTHER


def by_nobody(told: Contents) -> None:
    del told["program_approved"]


def never_here(told: Contents) -> None:
    told["update_ordered"]["release"] = OTHER


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (by_one, "approved_by_one"),
        (of_another, "approved_by_one"),
        (by_nobody, "not_approved"),
        (never_here, "not_approved"),
    ],
)
def test_what_was_not_is_named(spoil: Any, fault: str) -> None:
    told = contents()
    spoil(told)
    with pytest.raises(LedgerFaultError) as raised:
        read(told)
    assert raised.value.name == fault
    assert fault in WORDS
