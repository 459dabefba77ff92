"""A private certificate authority: one server certificate for the broker, one client certificate for each who talks.

The broker takes the certificate's common name as user name, so a client is who its certificate says it is.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from os import O_CREAT, O_EXCL, O_WRONLY, fdopen
from os import open as open_file
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CLOUD_UPLINK = "cloud-uplink"
CLOUD_DOWNLINK = "cloud-downlink"

_LIFE = timedelta(days=365)
_SLACK = timedelta(minutes=5)
"""A clock that runs a little behind ours shall still accept a new certificate."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Where one party's TLS files are (PEM): its certificate and its private key."""

    certificate: Path
    key: Path


class Authority:
    """Signs certificates into `folder`; private keys are readable by their owner alone."""

    def __init__(self, folder: Path, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self.folder = folder
        self.certificate_file = folder / "ca.pem"
        self._key = key
        self._certificate = certificate

    @classmethod
    def open(cls, folder: Path, now: datetime) -> "Authority":
        """The authority kept in `folder`; made anew where there is none, or where it has run out at `now`."""
        certificate_file, key_file = folder / "ca.pem", folder / "ca.key"
        if certificate_file.exists() and key_file.exists():
            certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
            key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
            if isinstance(key, ec.EllipticCurvePrivateKey) and now < certificate.not_valid_after_utc - _SLACK:
                return cls(folder, key, certificate)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Sealtrail simulated authority")
        certificate = (
            _builder(name, name, key, now, 10 * _LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        _write_key(key_file, key)
        certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return cls(folder, key, certificate)

    def server(self, now: datetime, names: tuple[str, ...] = ("localhost", "127.0.0.1")) -> Identity:
        """A certificate for the broker, good for `names` (host names and addresses)."""
        return self._issue("server", now, ExtendedKeyUsageOID.SERVER_AUTH, names)

    def client(self, name: str, now: datetime) -> Identity:
        """A certificate for the client `name`: an agent id, or a cloud worker's name."""
        return self._issue(name, now, ExtendedKeyUsageOID.CLIENT_AUTH, ())

    def _issue(self, name: str, now: datetime, use: x509.ObjectIdentifier, names: tuple[str, ...]) -> Identity:
        identity = Identity(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder(_name(name), self._certificate.subject, key, now, _LIFE)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_general(one) for one in names]), critical=False
            )
        _write_key(identity.key, key)
        certificate = builder.sign(self._key, hashes.SHA256())
        identity.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return identity


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SLACK)
        .not_valid_after(now + life)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates, key_cert_sign=certificates, crl_sign=certificates,
        content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    """The file is never readable by others, not for a moment."""
    path.unlink(missing_ok=True)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with fdopen(open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0o600), "wb") as file:
        file.write(pem)
