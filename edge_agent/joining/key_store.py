"""Where the key is that the agent speaks TLS with: in a file, or in a TPM. It is made here and never leaves."""

import os
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from edge_agent.joining.words import JoiningError

KEY, CERTIFICATE = "tls.key", "tls.pem"
COMMON_NAME = "to be named by the authority"


class KeyStore(Protocol):
    """Makes and uses keys, each named by the folder of its identity. Every method raises JoiningError."""

    def make(self, folder: Path) -> None:
        """A new key on P-256; `tls.key` in `folder` is what TLS loads. One that is there stays."""

    def request(self, folder: Path) -> str:
        """A PKCS#10 request (PEM) by that key."""

    def sign(self, folder: Path, data: bytes) -> bytes:
        """ECDSA with SHA-256 over `data` (DER)."""


class FileKeys:
    """Keys as PEM files, readable by their owner alone."""

    def make(self, folder: Path) -> None:
        """A new key; one that is there stays."""
        path = folder / KEY
        if path.exists():
            return
        made = ec.generate_private_key(ec.SECP256R1())
        pem = made.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_private(path, pem)

    def request(self, folder: Path) -> str:
        """A PKCS#10 request by it; the authority names who it is."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, COMMON_NAME)])
        made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(_read(folder / KEY), hashes.SHA256())
        return made.public_bytes(serialization.Encoding.PEM).decode()

    def sign(self, folder: Path, data: bytes) -> bytes:
        """ECDSA with SHA-256 over `data`."""
        return _read(folder / KEY).sign(data, ec.ECDSA(hashes.SHA256()))


def write_private(path: Path, content: bytes) -> None:
    """A file of mode 0600, on disk before this returns: written beside and then put in place. Raises JoiningError."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        raise JoiningError("file", path=path, problem=error.strerror) from error


def _read(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise JoiningError("file", path=path, problem=error) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise JoiningError("file", path=path, problem="not a P-256 key")
    return key
