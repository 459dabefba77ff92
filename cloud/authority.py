"""The cloud's certificate authorities: `ca.key` and `ca.pem` in the keys folder sign agents and servers, those in its
folder `workers` the cloud's own workers. The broker's port for workers takes the second alone: no agent gets in there.

P-256 throughout: what small boards' TLS (mbedTLS) can do as well.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cloud.errors import InvalidError, KeyFileError
from cloud.keys import read_secret, write_secret

KEY, CERTIFICATE = "ca.key", "ca.pem"
WORKERS, WORKERS_NAME = "workers", "Sealtrail authority of workers"
"""The folder within the keys folder, and how certificates name it."""
LIFE = timedelta(days=3650)
SLACK = timedelta(minutes=5)
"""A clock that runs a little behind ours shall still accept a new certificate."""

_PEM = serialization.Encoding.PEM


@dataclass(frozen=True, slots=True)
class Request:
    """A PKCS#10 request whose own signature holds: the key, and the key as SubjectPublicKeyInfo (DER)."""

    key: ec.EllipticCurvePublicKey
    spki: bytes


@dataclass(frozen=True, slots=True)
class Authority:
    """Signs certificates and lists of revoked ones."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        """Its own certificate."""
        return self.certificate.public_bytes(_PEM).decode()

    @property
    def fingerprint(self) -> str:
        """Hex SHA-256 of its certificate."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    def client(self, name: str, key: ec.EllipticCurvePublicKey, now: datetime, life: timedelta) -> x509.Certificate:
        """A certificate for the client `name`: an agent id, or a cloud worker's name."""
        return self._issue(name, key, now, life, ExtendedKeyUsageOID.CLIENT_AUTH, ())

    def server(
        self, names: tuple[str, ...], key: ec.EllipticCurvePublicKey, now: datetime, life: timedelta
    ) -> x509.Certificate:
        """A certificate for a server good for `names`: host names and addresses."""
        return self._issue(names[0], key, now, life, ExtendedKeyUsageOID.SERVER_AUTH, names)

    def revoked(
        self, serials: dict[int, datetime], number: int, this_update: datetime, next_update: datetime
    ) -> x509.CertificateRevocationList:
        """The list of revoked certificates (RFC 5280): each serial and since when."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(this_update)
            .next_update(next_update)
            .add_extension(x509.CRLNumber(number), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.certificate_key), critical=False
            )
        )  # fmt: skip
        for serial, at in serials.items():
            one = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at).build()
            builder = builder.add_revoked_certificate(one)
        return builder.sign(self.key, hashes.SHA256())

    @property
    def certificate_key(self) -> ec.EllipticCurvePublicKey:
        """The public half."""
        return self.key.public_key()

    def _issue(
        self, name: str, key: ec.EllipticCurvePublicKey, now: datetime, life: timedelta, use: x509.ObjectIdentifier,
        names: tuple[str, ...],
    ) -> x509.Certificate:  # fmt: skip
        builder = (
            _builder(_name(name), self.certificate.subject, key, now, min(now + life, self.ends))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.certificate_key), critical=False)
        )
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_general(one) for one in names]), critical=False
            )
        return builder.sign(self.key, hashes.SHA256())

    @property
    def ends(self) -> datetime:
        """When its own certificate ends: nothing it signs lives longer."""
        return self.certificate.not_valid_after_utc


def make_authority(folder: Path, name: str, now: datetime) -> Authority:
    """Makes the authority of `folder`. Raises ConflictError where there is one, KeyFileError."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _builder(_name(name), _name(name), key.public_key(), now, now + LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_secret(folder, KEY, key_pem(key))
    try:
        (folder / CERTIFICATE).write_bytes(certificate.public_bytes(_PEM))
    except OSError as error:
        raise KeyFileError(f"{folder / CERTIFICATE}: {error.strerror}") from error
    return Authority(key, certificate)


def read_authority(folder: Path) -> Authority | None:
    """The authority of `folder`; None where there is none. Raises KeyFileError where it is spoiled."""
    if not (folder / KEY).exists():
        return None
    try:
        key = serialization.load_pem_private_key(read_secret(folder, KEY), password=None)
        certificate = x509.load_pem_x509_certificate((folder / CERTIFICATE).read_bytes())
    except OSError as error:
        raise KeyFileError(f"{folder / CERTIFICATE}: {error.strerror}") from error
    except (ValueError, TypeError) as error:
        raise KeyFileError(f"{folder}: the certificate authority cannot be read: {error}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or certificate.public_key() != key.public_key():
        raise KeyFileError(f"{folder}: {KEY} and {CERTIFICATE} do not belong together")
    return Authority(key, certificate)


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """A private key as its file holds it."""
    return key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def read_request(pem: str) -> Request:
    """The PKCS#10 request `pem`, by a P-256 key, its signature checked. Raises InvalidError `bad_request`."""
    try:
        request = x509.load_pem_x509_csr(pem.encode())
        holds, key = request.is_signature_valid, request.public_key()
    except (ValueError, TypeError, InvalidSignature) as error:
        raise InvalidError("bad_request", f"not a PKCS#10 request: {error}") from error
    if not holds:
        raise InvalidError("bad_request", "the request is not signed by its own key")
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise InvalidError("bad_request", "the request's key is not on P-256")
    spki = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return Request(key, spki)


def serial_text(serial: int) -> str:
    """A serial number as it is written everywhere: hexadecimal."""
    return f"{serial:x}"


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before((now - SLACK).astimezone(UTC))
        .not_valid_after(until.astimezone(UTC))
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
