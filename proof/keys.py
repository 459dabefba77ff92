"""Ed25519 keys (RFC 8032), their names, and how they are written in files and tables."""

import base64
import binascii
import hashlib
from typing import Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from proof.errors import EncodingError, SignatureError

PUBLIC_BYTES = 32
SIGNATURE_BYTES = 64


class Signer(Protocol):
    """Whoever signs with an Ed25519 key: a file's key (SigningKey), or a token or service that keeps it to itself."""

    @property
    def public(self) -> "VerifyKey":
        """The public half."""

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature of `message` (RFC 8032, pure Ed25519)."""


class SigningKey:
    """A private key that signs; made from 32 secret bytes, or read from PKCS#8 PEM."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = VerifyKey(key.public_key())

    @classmethod
    def from_seed(cls, seed: bytes) -> "SigningKey":
        """The key made of 32 bytes of randomness. Raises EncodingError for another length."""
        try:
            return cls(Ed25519PrivateKey.from_private_bytes(seed))
        except ValueError as error:
            raise EncodingError("an Ed25519 seed has 32 bytes") from error

    @classmethod
    def from_pem(cls, pem: bytes) -> "SigningKey":
        """The key in an unencrypted PKCS#8 file. Raises EncodingError when it is none."""
        try:
            key = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise EncodingError("not an unencrypted PKCS#8 private key") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise EncodingError("the private key is not an Ed25519 key")
        return cls(key)

    def to_pem(self) -> bytes:
        """PKCS#8 PEM, unencrypted: for a file with mode 0600."""
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature of `message`."""
        return self._key.sign(message)


class VerifyKey:
    """A public key that checks signatures."""

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key
        self.raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.kid = key_id(self.raw)

    @classmethod
    def from_raw(cls, raw: bytes) -> "VerifyKey":
        """The key of 32 raw bytes. Raises EncodingError for another length."""
        try:
            return cls(Ed25519PublicKey.from_public_bytes(raw))
        except ValueError as error:
            raise EncodingError("an Ed25519 public key has 32 bytes") from error

    @classmethod
    def from_text(cls, text: str) -> "VerifyKey":
        """The key written as base64url (JWK's `x`, RFC 8037). Raises EncodingError when it is none."""
        return cls.from_raw(unb64(text))

    @property
    def text(self) -> str:
        """The raw key as base64url without padding."""
        return b64(self.raw)

    def verify(self, signature: bytes, message: bytes) -> None:
        """Raises SignatureError unless `signature` is this key's over `message`."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            raise SignatureError(f"not signed by key {self.kid}") from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VerifyKey) and self.raw == other.raw

    def __hash__(self) -> int:
        return hash(self.raw)


def key_id(raw: bytes) -> str:
    """A key's name in signed objects: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(raw).hexdigest()[:16]


def b64(data: bytes) -> str:
    """base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str | bytes) -> bytes:
    """The bytes of strict, unpadded base64url. Raises EncodingError; a second spelling of one value is refused."""
    try:
        raw = text.encode("ascii") if isinstance(text, str) else text
        data = base64.b64decode(raw + b"=" * (-len(raw) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise EncodingError("not base64url") from error
    if base64.urlsafe_b64encode(data).rstrip(b"=") != raw:
        raise EncodingError("not the one spelling of this base64url value")
    return data
