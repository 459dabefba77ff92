"""How the cloud is reached by HTTPS: by an authority's file, or by the one certificate whose fingerprint is known."""

import hashlib
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from edge_agent.joining.words import JoiningError

LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose certificate is believed: that of an authority in the file `ca`, or the very one whose SHA-256 is `pin`."""

    ca: Path | None = None
    pin: str | None = None


def context_of(ca: Path | None) -> ssl.SSLContext:
    """What checks the cloud's certificate: the system's authorities, or those (or the one certificate) in `ca`."""
    context = ssl.create_default_context(cafile=str(ca) if ca else None)
    if ca is not None:
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # what is in the file is believed, root or not
    return context


def reach(url: str, trust: Trust) -> tuple[ssl.SSLContext, str | None]:
    """What checks the certificate of `url`; with a pin also that certificate (PEM). Raises JoiningError.

    Without TLS only this machine is spoken to.
    """
    parts = urlsplit(url)
    if parts.scheme != "https":
        if parts.scheme == "http" and parts.hostname in LOCAL:
            return ssl.create_default_context(), None
        raise JoiningError("not_https", url=url)
    if trust.pin is None:
        try:
            return context_of(trust.ca), None
        except OSError as error:
            raise JoiningError("file", path=trust.ca, problem=error.strerror or error) from error
    return _pinned(url, parts.hostname or "", parts.port or 443, trust.pin)


def _pinned(url: str, host: str, port: int, pin: str) -> tuple[ssl.SSLContext, str]:
    wanted = pin.replace(":", "").lower()
    if len(wanted) != 64 or set(wanted) - set("0123456789abcdef"):
        raise JoiningError("pin")
    try:
        pem = ssl.get_server_certificate((host, port), timeout=10)
    except OSError as error:
        raise JoiningError("unreached", url=url, problem=error.strerror or error) from error
    if hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest() != wanted:
        raise JoiningError("wrong_pin", url=url)
    context = ssl.create_default_context(cadata=pem)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.check_hostname = False  # the certificate itself is known, whatever name it bears
    return context, pem


def asked(answer: httpx.Response) -> dict[str, object]:
    """What was answered. Raises JoiningError with the reason of a problem (RFC 9457)."""
    try:
        said = answer.json()
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise JoiningError("refused", problem=f"{answer.status_code}, which is no answer of a cloud of ours")
    if answer.is_success:
        return said
    if answer.status_code == 429:
        raise JoiningError("throttled", problem=answer.headers.get("Retry-After", "60"))
    raise JoiningError(str(said.get("code")), problem=said.get("detail"))
