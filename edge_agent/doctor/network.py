"""Whether broker and cloud are reached and take us, how long the certificates last, and who may read the keys."""

import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID

from edge_agent.doctor.finding import Finding, Findings
from edge_agent.groundwork import mqtt_options
from edge_agent.settings import EdgeSettings
from wire.errors import LinkError
from wire.mqtt import mqtt_connect

TIMEOUT_S = 5.0
VERDICT_S = 1.0
"""How long a broker may take to say that it does not take our certificate; that comes only after the handshake."""

SOON = timedelta(days=30)


async def check_broker(settings: EdgeSettings, agent: str, now: datetime) -> list[Finding]:
    """Name, connection, its certificate, ours: the first thing that fails, or that all is well."""
    host, port = settings.broker_host, settings.broker_port
    about = f"{host}:{port}"
    try:
        plain = socket.create_connection((host, port), TIMEOUT_S)
    except socket.gaierror:
        return [Finding("network.name", host)]
    except OSError as error:
        return [Finding("network.closed", about, {"problem": error.strerror or str(error)})]
    with plain:
        try:
            served = _handshake(plain, settings)
        except ssl.SSLCertVerificationError as error:
            return [Finding("network.untrusted", about, {"problem": error.verify_message})]
        except OSError as error:  # ssl.SSLError is one, and so is a TLS file that cannot be read
            return [Finding("network.refused", about, {"problem": str(error)})]
    try:  # under another name than the agent's; where the broker goes by certificates, the agent comes back at once
        async with mqtt_connect(mqtt_options(settings, f"{agent}-doctor"))():
            found = Finding("network.broker", about)
    except LinkError as error:
        found = Finding("network.refused", about, {"problem": str(error)})
    return [found, *_of_life(f"the certificate of {about}", served, now)]


def _handshake(plain: socket.socket, settings: EdgeSettings) -> x509.Certificate:
    """The broker's certificate. Raises OSError where it does not take ours."""
    context = ssl.create_default_context(cafile=str(settings.broker_ca))
    context.load_cert_chain(settings.broker_cert, settings.broker_key)
    with context.wrap_socket(plain, server_hostname=settings.broker_host) as secured:
        served = secured.getpeercert(binary_form=True) or b""
        secured.settimeout(VERDICT_S)
        with suppress(TimeoutError):
            if not secured.recv(1):
                raise ConnectionResetError("it hung up")
    return x509.load_der_x509_certificate(served)


def check_cloud(settings: EdgeSettings) -> Findings:
    """Whether anybody answers where pictures go; what is answered is another matter."""
    url = str(settings.cloud_url)
    try:
        httpx.head(url, timeout=TIMEOUT_S)
    except httpx.HTTPError as error:
        yield Finding("network.closed", url, {"problem": str(error) or type(error).__name__})
    else:
        yield Finding("network.cloud", url)


def check_certificates(settings: EdgeSettings, agent: str | None, now: datetime) -> Findings:
    """Our own certificate and the authority's: readable, ours, in force, and with its key."""
    own = settings.broker_cert
    for path in (own, settings.broker_ca):
        try:
            certificate = x509.load_pem_x509_certificate(path.read_bytes())
        except (OSError, ValueError) as error:
            yield Finding("cert.unreadable", str(path), {"problem": _words(error)})
            continue
        yield from _of_life(str(path), certificate, now)
        if path == own:
            yield from _of_owner(path, certificate, settings.broker_key, agent)


def _of_life(about: str, certificate: x509.Certificate, now: datetime) -> Iterator[Finding]:
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now < begins:
        yield Finding("cert.not_yet", about, {"date": _date(begins)})
    elif now >= ends:
        yield Finding("cert.expired", about, {"date": _date(ends)})
    else:
        yield Finding("cert.ok" if ends - now >= SOON else "cert.soon", about, {"days": (ends - now).days})


def _of_owner(path: Path, certificate: x509.Certificate, key_file: Path, agent: str | None) -> Iterator[Finding]:
    name = str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
    if agent is not None and name != agent:
        yield Finding("cert.name", str(path), {"name": name, "agent": agent})
    try:
        key = serialization.load_pem_private_key(key_file.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:  # TypeError: it wants a password
        yield Finding("cert.unreadable", str(key_file), {"problem": _words(error)})
        return
    form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    if key.public_key().public_bytes(*form) != certificate.public_key().public_bytes(*form):
        yield Finding("cert.pair", str(path))


def check_keys(settings: EdgeSettings) -> Findings:
    """That no key is anybody's but its owner's."""
    files = [path for path in (settings.key_file, settings.broker_key, settings.witness_key_file) if path]
    there = [path for path in files if path.exists()]
    modes = {path: os.stat(path).st_mode & 0o777 for path in there}
    wide = [Finding("keys.open", str(path), {"mode": f"{mode:o}"}) for path, mode in modes.items() if mode & 0o077]
    yield from wide
    if not wide:
        yield Finding("keys.ok", values={"count": len(there)})


def _words(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error).splitlines()[0]


def _date(moment: datetime) -> str:
    return moment.astimezone(UTC).date().isoformat()
