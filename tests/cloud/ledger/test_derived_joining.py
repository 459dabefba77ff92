"""What no table can hide: a log that itself tells of a certificate which was not given as certificates are given."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from cloud.authority import Authority, make_authority, serial_text
from cloud.ledger.derived import Derived, Told, take_record
from cloud.ledger.faults import LedgerFaultError
from tests.cloud.joining.devices import Device, csr_of, new_key, pem_of

AT = "2026-11-22T03:00:00.000000Z"
NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
AGENT = "nj01.gate-a"

Contents = dict[str, dict[str, Any]]


def contents(authority: Authority, signer: Authority, device: Device) -> Contents:
    """The records of one device that joins in good order, when `authority` signs."""
    made = signer.client(AGENT, device.tls.public_key(), NOW, timedelta(days=90))
    issued = {
        "agent": AGENT, "serial": serial_text(made.serial_number), "why": "enrolled", "claim": "nj01/J-1",
        "replaces": None, "certificate": made.public_bytes(serialization.Encoding.PEM).decode(), "actor": "nj01/U-2",
    }  # fmt: skip
    return {
        "authority_added": {"certificate": authority.pem, "fingerprint": authority.fingerprint, "actor": "nj01/U-1"},
        "claim_made": {"claim": "nj01/J-1", "agent": AGENT, "again": False, "expires_at": AT, "actor": "nj01/U-1"},
        "enrolment_asked": {
            "claim": "nj01/J-1", "agent": AGENT, "request": pem_of(csr_of(device.tls)), "actor": "device",
            "public_key": device.journal.public.text, "fingerprint": device.fingerprint,
        },
        "certificate_issued": issued,
    }  # fmt: skip


def read(told: Contents) -> Derived:
    derived = Derived("nj01")
    for index, (kind, content) in enumerate(told.items()):
        take_record(derived, Told(index, kind, AT, content), {})
    return derived


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    return make_authority(tmp_path / "ours", "ours", NOW)


def test_one_that_was_given_rightly_is_in_the_table(ours: Authority) -> None:
    derived = read(contents(ours, ours, Device()))
    (row,) = derived.table("certificate").values()
    assert (row["agent"], row["revoked_at"]) == (AGENT, None)
    assert derived.table("claim")["nj01/J-1"]["ended_by"] == "nj01/U-2"


def by_one(told: Contents) -> None:
    told["certificate_issued"]["actor"] = "nj01/U-1"


def nobody_asked(told: Contents) -> None:
    del told["enrolment_asked"]


def another_key(told: Contents) -> None:
    told["enrolment_asked"]["request"] = pem_of(csr_of(new_key()))


def another_name(told: Contents) -> None:
    told["certificate_issued"]["agent"] = told["claim_made"]["agent"] = "nj01.gate-b"


def untold_authority(told: Contents) -> None:
    del told["authority_added"]


def replaces_nothing(told: Contents) -> None:
    told["certificate_issued"] |= {"why": "renewed", "replaces": "ab"}


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (by_one, "joined_by_one"),
        (nobody_asked, "certificate_not_genuine"),
        (another_key, "certificate_not_genuine"),
        (another_name, "certificate_not_genuine"),
        (untold_authority, "certificate_not_genuine"),
        (replaces_nothing, "certificate_not_genuine"),
    ],
)
def test_one_that_was_not_is_named(ours: Authority, spoil: Callable[[Contents], None], fault: str) -> None:
    told = contents(ours, ours, Device())
    spoil(told)
    with pytest.raises(LedgerFaultError) as raised:
        read(told)
    assert raised.value.name == fault


def test_one_of_another_authority_is_none(ours: Authority, tmp_path: Path) -> None:
    with pytest.raises(LedgerFaultError) as raised:
        read(contents(ours, make_authority(tmp_path / "theirs", "ours", NOW), Device()))
    assert raised.value.name == "certificate_not_genuine"
