"""The cloud's own certificate authority, and what it signs without a claim: the broker's certificate and the workers'.

The broker takes the certificate's common name as user name, so a client is who its certificate says it is.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from os import O_CREAT, O_EXCL, O_WRONLY, fdopen
from os import open as open_file
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cloud import authority as ours
from wire.access import CLOUD_DOWNLINK, CLOUD_UPLINK

__all__ = ["CLOUD_DOWNLINK", "CLOUD_UPLINK", "Authority", "Identity"]

_LIFE = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Identity:
    """Where one party's TLS files are (PEM): its certificate and its private key."""

    certificate: Path
    key: Path


class Authority:
    """Signs certificates into `folder`; private keys are readable by their owner alone."""

    def __init__(self, folder: Path, home: Path, signer: ours.Authority, workers: ours.Authority) -> None:
        self.folder = folder
        self.certificate_file = home / ours.CERTIFICATE
        self.workers_file = home / ours.WORKERS / ours.CERTIFICATE
        self.signer, self._workers = signer, workers

    @classmethod
    def open(cls, folder: Path, now: datetime, home: Path | None = None) -> "Authority":
        """The authority kept in `home`, else in `folder`, and that of workers beside it; made anew where there is none,
        or where it has run out.
        """
        home = home or folder
        signer = _signer(home, "Sealtrail simulated authority", now)
        workers = _signer(home / ours.WORKERS, ours.WORKERS_NAME, now)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        return cls(folder, home, signer, workers)

    def server(self, now: datetime, names: tuple[str, ...] = ("localhost", "127.0.0.1")) -> Identity:
        """A certificate for the broker, good for `names` (host names and addresses)."""
        key = ec.generate_private_key(ec.SECP256R1())
        return self._keep("server", key, self.signer.server(names, key.public_key(), now, _LIFE))

    def client(self, name: str, now: datetime) -> Identity:
        """A certificate for the client `name`, at the port for agents."""
        key = ec.generate_private_key(ec.SECP256R1())
        return self._keep(name, key, self.signer.client(name, key.public_key(), now, _LIFE))

    def worker(self, name: str, now: datetime) -> Identity:
        """A certificate for the cloud's worker `name`, at the port for workers."""
        key = ec.generate_private_key(ec.SECP256R1())
        return self._keep(name, key, self._workers.client(name, key.public_key(), now, _LIFE))

    def no_one_revoked(self, now: datetime) -> bytes:
        """An empty list of revoked certificates (PEM), for a broker that starts before the cloud's list is there."""
        empty = self.signer.revoked({}, 0, now - ours.SLACK, now + _LIFE)
        return empty.public_bytes(serialization.Encoding.PEM)

    def _keep(self, name: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> Identity:
        identity = Identity(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        identity.key.unlink(missing_ok=True)  # and then never readable by others, not for a moment
        with fdopen(open_file(identity.key, O_WRONLY | O_CREAT | O_EXCL, 0o600), "wb") as file:
            file.write(ours.key_pem(key))
        identity.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return identity


def _signer(home: Path, name: str, now: datetime) -> ours.Authority:
    signer = ours.read_authority(home)
    if signer is None or now >= signer.ends - ours.SLACK:
        for file in (ours.KEY, ours.CERTIFICATE):
            (home / file).unlink(missing_ok=True)
        signer = ours.make_authority(home, name, now)
    return signer
