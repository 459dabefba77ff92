"""`sealtrail edge enroll`: keys made here, a request signed by both, the answer written to disk.

Interrupted, it goes on where it was: the keys of a request that is still waiting are used again.
"""

import json
import os
import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization

from edge_agent.joining.identity import ASKING, CURRENT, Identities
from edge_agent.joining.key_store import CERTIFICATE, KEY, KeyStore, write_private
from edge_agent.joining.reaching import Trust, asked, context_of, reach
from edge_agent.joining.words import JoiningError
from proof import jws
from proof.errors import ProofError
from proof.keys import SigningKey
from wire.errors import MessageError
from wire.joining import ENROLMENT_TYPE, Claim, Enrolment, Identity, fingerprint, read_claim, shown_code
from wire.messages import to_body

AGENT_KEY, AUTHORITY, CLOUD, ENV = "agent.pem", "ca.pem", "cloud.pem", "edge.env"
POLL_S = 2.0
NEEDED_S = 1200.0
"""Longer than a claim is good: then its end is told by the cloud."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked on the command line. `keys` says in the settings which store it is."""

    claim: str
    url: str | None
    trust: Trust
    folder: Path
    store: KeyStore
    keys: str = "file"
    again: bool = False
    site_file: Path | None = None
    data_dir: Path | None = None


Show = Callable[[dict[str, Any]], None]
"""Hears what a person before the device is to see."""


def enroll(wish: Wish, show: Show, pause: Callable[[float], None] = time.sleep, wait_s: float = NEEDED_S) -> None:
    """Joins, or says what is in the way: raises JoiningError."""
    claim = _claim(wish)
    url = (wish.url or claim.url or "").rstrip("/")
    if not url:
        raise JoiningError("no_cloud")
    identities = Identities(wish.folder / "identity")
    if not wish.again and (identities.joined or _has_foreign_key(wish.folder)):
        raise JoiningError("exists", path=wish.folder)
    trust = Trust(wish.trust.ca, wish.trust.pin or (None if wish.trust.ca else claim.pin))
    context, pinned = reach(url, trust)
    asking = identities.asking()
    wish.store.make(asking)
    key, csr = _journal_key(wish.folder), wish.store.request(asking)
    said = Enrolment(code=claim.code, csr=csr, public_key=key.public.text)
    request = {"request": jws.sign(to_body(said), key, ENROLMENT_TYPE)}
    show({"event": "asking", "claim": shown_code(claim.code), "fingerprint": fingerprint(_spki(csr), key.public)})
    with httpx.Client(verify=context, timeout=15, trust_env=False) as client:
        answer = _wait(client, url, request, show, pause, wait_s)
    identity = _identity(answer, csr)
    _write(wish, identities, identity, url, trust, pinned)
    show({"event": "joined", "agent": identity.agent, "settings": str(wish.folder / ENV)})


def _claim(wish: Wish) -> Claim:
    try:
        return read_claim(wish.claim)
    except MessageError as error:
        raise JoiningError("claim", problem=error) from error


def _has_foreign_key(folder: Path) -> bool:
    """A journal's key that no request of ours was made with: somebody put it there."""
    return (folder / AGENT_KEY).exists() and not (folder / "identity" / ASKING).exists()


def _journal_key(folder: Path) -> SigningKey:
    """The key of the journal; one that is there stays, for a journal goes on for an agent's whole life."""
    path = folder / AGENT_KEY
    if not path.exists():
        write_private(path, SigningKey.from_seed(os.urandom(32)).to_pem())
    try:
        return SigningKey.from_pem(path.read_bytes())
    except (OSError, ProofError) as error:
        raise JoiningError("file", path=path, problem=error) from error


def _spki(csr: str) -> bytes:
    return (
        x509.load_pem_x509_csr(csr.encode())
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def _wait(
    client: httpx.Client, url: str, request: dict[str, str], show: Show, pause: Callable[[float], None], wait_s: float
) -> dict[str, Any]:
    """Asks again and again until somebody confirmed; a break of the network meanwhile is waited out."""
    waited, reached = 0.0, False
    while True:
        try:
            answer = asked(client.post(f"{url}/api/v1/enrolments", json=request))
            if answer.get("state") == "joined":
                return answer
            if not reached:
                show({"event": "waiting", "agent": answer.get("agent"), "fingerprint": answer.get("fingerprint")})
            reached = True
        except httpx.ConnectError as error:
            if not reached:
                code = "untrusted" if "CERTIFICATE" in str(error) else "unreached"
                raise JoiningError(code, url=url, problem=error) from error
        except httpx.HTTPError as error:
            if not reached:
                raise JoiningError("unreached", url=url, problem=error) from error
        if waited >= wait_s:
            raise JoiningError("unanswered")
        pause(POLL_S)
        waited += POLL_S


def _identity(answer: dict[str, Any], csr: str) -> Identity:
    """What was given, looked at: our own key, signed by the authority that comes with it."""
    try:
        identity = msgspec.convert(answer.get("identity"), Identity)
        certificate = x509.load_pem_x509_certificate(identity.certificate.encode())
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(identity.authority.encode()))
    except (msgspec.ValidationError, ValueError, TypeError, InvalidSignature) as error:
        raise JoiningError("refused", problem=f"no identity that can be used: {error}") from error
    if certificate.public_key() != x509.load_pem_x509_csr(csr.encode()).public_key():
        raise JoiningError("refused", problem="a certificate for another key")
    return identity


def _write(wish: Wish, identities: Identities, identity: Identity, url: str, trust: Trust, pinned: str | None) -> None:
    """The settings come last but for the name: what they name is there when they are."""
    folder = wish.folder
    write_private(folder / AUTHORITY, identity.authority.encode())
    if pinned is not None:
        ours = _signed_by(pinned, identity.authority)
        write_private(folder / CLOUD, (identity.authority if ours else pinned).encode())
    write_private(folder / ENV, env_text(_settings(wish, identity, url, trust, pinned)).encode())
    identities.given(identity.certificate, CURRENT)
    if pinned is not None:
        _look_back(url, folder / CLOUD)


def _settings(wish: Wish, identity: Identity, url: str, trust: Trust, pinned: str | None) -> dict[str, str]:
    folder, own = wish.folder.absolute(), wish.folder.absolute() / "identity" / CURRENT
    told = {
        "SITE_FILE": str((wish.site_file or folder / "site.yaml").absolute()),
        "DATA_DIR": str((wish.data_dir or folder / "data").absolute()),
        "KEY_FILE": str(folder / AGENT_KEY),
        "IDENTITY_DIR": str(folder / "identity"),
        "KEYS": wish.keys,
        "CLOUD_KEYS": ",".join(identity.cloud_keys),
        "LABEL_KEYS": ",".join(identity.label_keys),
        "BROKER_HOST": identity.broker_host,
        "BROKER_PORT": str(identity.broker_port),
        "BROKER_CA": str(folder / AUTHORITY),
        "BROKER_CERT": str(own / CERTIFICATE),
        "BROKER_KEY": str(own / KEY),
        "CLOUD_URL": url,
    }
    if pinned is not None:
        told["CLOUD_CA"] = str(folder / CLOUD)
    elif trust.ca is not None:
        told["CLOUD_CA"] = str(trust.ca.absolute())
    return told


def env_text(settings: dict[str, str]) -> str:
    """Settings as systemd's EnvironmentFile and a shell both read them."""
    return "".join(f"SEALTRAIL_EDGE_{name}={shlex.quote(value)}\n" for name, value in settings.items())


def _signed_by(certificate: str, authority: str) -> bool:
    served = x509.load_pem_x509_certificate(certificate.encode())
    try:
        served.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.encode()))
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _look_back(url: str, ca: Path) -> None:
    """The agent will look at names as well: told now, when somebody stands here."""
    try:
        httpx.head(url, verify=context_of(ca), timeout=15, trust_env=False)
    except httpx.HTTPError as error:
        raise JoiningError("untrusted", url=url, problem=error) from error


def told(said: dict[str, Any]) -> str:
    """One line of JSON."""
    return json.dumps(said, ensure_ascii=False)
