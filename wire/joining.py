"""How a device joins and stays: claim codes, requests that it signs, the identity it is given, what is wanted of it.

Two keys make an agent: that which its journal is signed with (Ed25519), and that which it speaks TLS with. A request
to join is signed by both, and a fingerprint over both is what two people compare.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import msgspec

from proof.keys import VerifyKey
from wire.errors import MessageError

ENROLMENT_TYPE = "sealtrail-enrolment+jws"
RENEWAL_TYPE = "sealtrail-renewal+jws"
DESIRED_TYPE = "sealtrail-desired+jws"

CODE_CHARACTERS = 12
"""Of base32: sixty bits, which nobody guesses while a code is good for minutes, nor finds from its hash."""

_CODE = re.compile(rf"[A-Z2-7]{{{CODE_CHARACTERS}}}")
_LIKE = str.maketrans("018", "OIB")


class Enrolment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Payload of a request to join, signed by the journal's key: `csr` is a PKCS#10 request (PEM) by the TLS key."""

    v: int = 1
    code: str
    csr: str
    public_key: str


class Renewal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Payload of a request for a new certificate, signed by the journal's key.

    `proof` is the signature (ECDSA with SHA-256, base64url) over the DER of `csr` by the TLS key of the certificate
    `serial`, which is good still: whoever stole one of the two keys gets nothing.
    """

    v: int = 1
    agent: str
    csr: str
    serial: str
    proof: str


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """What a device is given when it joined: who it is, its certificate (PEM), and whom it is to believe."""

    agent: str
    serial: str
    certificate: str
    authority: str
    cloud_keys: list[str]
    label_keys: list[str]
    broker_host: str
    broker_port: int


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Payload of what is retained under `desired`: the site file as text and settings by name, for one agent.

    Versions only grow. `hash` names the content: see `content_hash`.
    """

    v: int = 1
    agent: str
    version: int
    at: str
    site_file: str
    settings: dict[str, str] = {}
    hash: str


class CertificateRotated(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `certificate_rotated`: from now on the agent speaks TLS by `serial`; `before` is used no more."""

    serial: str
    before: str
    not_after: str


class ConfigurationRefused(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `configuration_refused`: nothing was changed; `faults` is all that is wrong with it."""

    version: int
    hash: str
    faults: list[str]


class ConfigurationApplied(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `configuration_applied`: the agent is at work under it, and healthy; `before` is what it had."""

    version: int
    hash: str
    before: int


class ConfigurationRolledBack(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `configuration_rolled_back`: tried, not healthy (`problem`), back to version `to` (0: its own)."""

    version: int
    hash: str
    to: int
    problem: str


def content_hash(site_file: str, settings: dict[str, str]) -> str:
    """The name of a configuration: hex SHA-256 over its canonical parts."""
    parts = [site_file, *(f"{name}={settings[name]}" for name in sorted(settings))]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def new_code(random: bytes) -> str:
    """A claim code of eight random bytes, as it is kept in mind: without dashes."""
    return base64.b32encode(random).decode()[:CODE_CHARACTERS]


def shown_code(code: str) -> str:
    """A code as it is read aloud."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def normal_code(text: str) -> str:
    """The code that somebody typed. Raises MessageError for what can be none."""
    code = re.sub(r"[\s-]", "", text).upper().translate(_LIKE)
    if not _CODE.fullmatch(code):
        raise MessageError(f"a claim code has {CODE_CHARACTERS} letters and digits, like ABCD-EFGH-IJKL")
    return code


def code_hash(code: str) -> bytes:
    """What is kept of a code."""
    return hashlib.sha256(f"sealtrail/claim/1\0{code}".encode()).digest()


def fingerprint(tls_key: bytes, journal_key: VerifyKey) -> str:
    """What two people compare: eighty bits over the TLS key (SubjectPublicKeyInfo, DER) and the journal's key."""
    digest = hashlib.sha256(b"sealtrail/joining/1\0" + hashlib.sha256(tls_key).digest() + journal_key.raw).digest()
    return shown_code(base64.b32encode(digest[:10]).decode())


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim as it is handed over: the code, and where a link said so the cloud's address and certificate."""

    code: str
    url: str | None = None
    pin: str | None = None


def claim_link(url: str, code: str, pin: str | None) -> str:
    """A claim as one line, for a QR code: what follows `#` is never sent to a server."""
    parts = urlsplit(url)
    said = {"claim": shown_code(code)} | ({"pin": pin} if pin else {})
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", "", urlencode(said)))


def read_claim(text: str) -> Claim:
    """A code as typed, or a link as scanned. Raises MessageError."""
    text = text.strip()
    if "://" not in text:
        return Claim(normal_code(text))
    try:
        parts = urlsplit(text)
        said = parse_qs(parts.fragment)
    except ValueError as error:
        raise MessageError(f"not a claim: {error}") from error
    if "claim" not in said:
        raise MessageError("this link holds no claim")
    url = urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))
    pin: Any = said.get("pin", [None])[0]
    return Claim(normal_code(said["claim"][0]), url, pin)
