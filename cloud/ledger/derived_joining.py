"""Joining as the log tells of it: authorities, claims, certificates, agents shut out, configurations wanted."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from cloud.ledger.faults import LedgerFaultError
from custody.permits import parse_time
from proof.keys import VerifyKey
from wire.joining import (
    CertificateRotated,
    ConfigurationApplied,
    ConfigurationRefused,
    ConfigurationRolledBack,
)
from wire.kinds import FactKind
from wire.messages import body_of

if TYPE_CHECKING:  # at run time `derived` imports this
    from cloud.ledger.derived import Derived, Row, Told


def _authority(derived: "Derived", told: "Told") -> set[str]:
    certificate = x509.load_pem_x509_certificate(told.content["certificate"].encode())
    derived.table("authority")[certificate.fingerprint(hashes.SHA256()).hex()] = {
        "certificate": told.content["certificate"], "index": told.index,
    }  # fmt: skip
    return set()


def _claim(derived: "Derived", told: "Told") -> set[str]:
    content = told.content
    derived.table("claim")[content["claim"]] = {
        "agent": content["agent"], "again": content["again"], "made_by": told.actor, "made_at": parse_time(told.at),
        "expires_at": parse_time(content["expires_at"]), "index": told.index, "request": None, "public_key": None,
        "fingerprint": None, "asked_at": None, "asked_index": None, "ended": None, "ended_by": None, "ended_at": None,
        "ended_index": None,
    }  # fmt: skip
    return set()


def _asked(derived: "Derived", told: "Told") -> set[str]:
    content = told.content
    row = derived.table("claim").get(content["claim"])
    if row is not None:
        row.update(
            request=content["request"], public_key=VerifyKey.from_text(content["public_key"]).raw,
            fingerprint=content["fingerprint"], asked_at=parse_time(told.at), asked_index=told.index,
        )  # fmt: skip
    return set()


def _end(row: "Row", how: str, told: "Told") -> None:
    row.update(ended=how, ended_by=told.actor, ended_at=parse_time(told.at), ended_index=told.index)


def _refused(derived: "Derived", told: "Told") -> set[str]:
    row = derived.table("claim").get(told.content["claim"])
    if row is not None:
        _end(row, "refused", told)
    return set()


def _issued(derived: "Derived", told: "Told") -> set[str]:
    content, where = told.content, f"certificate {told.content['serial']}"
    certificate = x509.load_pem_x509_certificate(content["certificate"].encode())
    name = str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
    if (f"{certificate.serial_number:x}", name) != (content["serial"], content["agent"]):
        raise LedgerFaultError("certificate_not_genuine", f"it is {name}'s", told.index, where)
    if not any(_signed_by(certificate, row) for row in derived.table("authority").values()):
        raise LedgerFaultError("certificate_not_genuine", "no authority of ours signed it", told.index, where)
    _check_way(derived, told, certificate, where)
    derived.table("certificate")[content["serial"]] = {
        "agent": content["agent"], "pem": content["certificate"], "not_before": certificate.not_valid_before_utc,
        "not_after": certificate.not_valid_after_utc, "why": content["why"], "claim": content["claim"],
        "replaces": content["replaces"], "index": told.index, "revoked_at": None, "revoked_why": None,
        "revoked_by": None, "revoked_index": None,
    }  # fmt: skip
    return set()


def _check_way(derived: "Derived", told: "Told", certificate: x509.Certificate, where: str) -> None:
    """By a claim of two people, for the key that was asked with; or in place of a living one of the same agent."""
    content = told.content
    if content["why"] == "renewed":
        before = derived.table("certificate").get(content["replaces"])
        if before is None or before["agent"] != content["agent"] or before["revoked_at"] is not None:
            raise LedgerFaultError("certificate_not_genuine", "it replaces none that was good", told.index, where)
        return
    claim = derived.table("claim").get(content["claim"])
    if claim is None or claim["request"] is None or claim["ended"] is not None or claim["agent"] != content["agent"]:
        raise LedgerFaultError("certificate_not_genuine", "no device had asked for it", told.index, where)
    if x509.load_pem_x509_csr(claim["request"].encode()).public_key() != certificate.public_key():
        raise LedgerFaultError("certificate_not_genuine", "it is for another key than asked", told.index, where)
    if claim["made_by"] == told.actor:
        raise LedgerFaultError("joined_by_one", f"{told.actor} made the claim as well", told.index, where)
    _end(claim, "confirmed", told)


def _signed_by(certificate: x509.Certificate, row: "Row") -> bool:
    try:
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(row["certificate"].encode()))
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _revoked(derived: "Derived", told: "Told") -> set[str]:
    row = derived.table("certificate").get(told.content["serial"])
    if row is not None:
        row.update(revoked_at=parse_time(told.at), revoked_why=told.content["why"], revoked_by=told.actor,
                   revoked_index=told.index)  # fmt: skip
    return set()


def _agent_revoked(derived: "Derived", told: "Told") -> set[str]:
    row = derived.table("agent").get(told.content["agent"])
    if row is not None:
        row["revoked_at"] = parse_time(told.at)
    return set()


def _configuration(derived: "Derived", told: "Told") -> set[str]:
    payload = told.content["configuration"]
    derived.table("desired")[f"{payload['agent']} {payload['version']}"] = {
        "hash": payload["hash"], "payload": payload, "reason": told.content["reason"], "made_by": told.actor,
        "made_at": parse_time(told.at), "index": told.index, "outcome": None, "outcome_index": None,
    }  # fmt: skip
    return set()


TAKE: Mapping[str, Callable[["Derived", "Told"], set[str]]] = {
    "authority_added": _authority,
    "claim_made": _claim,
    "enrolment_asked": _asked,
    "claim_refused": _refused,
    "certificate_issued": _issued,
    "certificate_revoked": _revoked,
    "agent_revoked": _agent_revoked,
    "configuration_set": _configuration,
}
"""How each kind of record is taken; see `derived.take_record`."""


def told_by_agent(derived: "Derived", index: int, kind: str, body: dict[str, Any], agent: str) -> None:
    """What an agent says of its certificate and its configurations. Raises MessageError."""
    if kind == FactKind.CONFIGURATION_APPLIED:
        applied = body_of(ConfigurationApplied, body)
        _outcome(derived, index, agent, applied.version, applied.hash, "applied")
    elif kind == FactKind.CONFIGURATION_REFUSED:
        refused = body_of(ConfigurationRefused, body)
        _outcome(derived, index, agent, refused.version, refused.hash, "refused")
    elif kind == FactKind.CONFIGURATION_ROLLED_BACK:
        back = body_of(ConfigurationRolledBack, body)
        _outcome(derived, index, agent, back.version, back.hash, "rolled_back")
    elif kind == FactKind.CERTIFICATE_ROTATED:
        body_of(CertificateRotated, body)  # the cloud ends the one before by a record of its own


def _outcome(derived: "Derived", index: int, agent: str, version: int, digest: str, outcome: str) -> None:
    row = derived.table("desired").get(f"{agent} {version}")
    if row is not None and row["hash"] == digest:
        row.update(outcome=outcome, outcome_index=index)
