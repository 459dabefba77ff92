"""Signatures by passkeys: assertions checked as W3C Web Authentication Level 3, section 7.2 asks of a relying party.

What a passkey signs is `authenticatorData ‖ SHA-256(clientDataJSON)`, and the client data name the challenge, which is
the hash of what a person agreed to. No network and no secret is needed to check one, today or in ten years.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from proof.errors import AssertionRefusedError, EncodingError
from proof.keys import b64

USER_PRESENT, USER_VERIFIED = 0x01, 0x04
_ATTESTED, _EXTENDED = 0x40, 0x80
_BYTES = 37
"""Of authenticator data with neither an attested key nor extensions: rpIdHash ‖ flags ‖ signCount (section 6.1)."""


@dataclass(frozen=True, slots=True)
class AuthenticatorData:
    """What the authenticator says of itself: for which relying party, how its user was asked, how often it signed."""

    rp_id_hash: bytes
    flags: int
    count: int

    @property
    def verified(self) -> bool:
        """Whether a user was present and verified, by a finger, a face or a PIN."""
        return self.flags & (USER_PRESENT | USER_VERIFIED) == USER_PRESENT | USER_VERIFIED


def read_authenticator_data(data: bytes) -> AuthenticatorData:
    """The fixed part of authenticator data (section 6.1). Raises EncodingError."""
    if len(data) < _BYTES or (len(data) > _BYTES and not data[32] & (_ATTESTED | _EXTENDED)):
        raise EncodingError(f"authenticator data of {len(data)} bytes")
    return AuthenticatorData(data[:32], data[32], int.from_bytes(data[33:_BYTES], "big"))


def read_client_data(data: bytes) -> dict[str, Any]:
    """The client data (section 5.8.1), a JSON object in UTF-8. Raises EncodingError."""
    try:
        value = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise EncodingError("the client data are not JSON") from error
    if not isinstance(value, dict):
        raise EncodingError("the client data are not a JSON object")
    return value


def verify_assertion(
    public_key: bytes,
    challenge: bytes,
    client_data: bytes,
    authenticator_data: bytes,
    signature: bytes,
    *,
    rp_id: str,
) -> None:
    """Checks an assertion over `challenge`: by `public_key` (SPKI, DER), given to `rp_id` by a verified user.

    ES256 and EdDSA are known. Raises AssertionRefusedError when it is not, EncodingError for bytes that are none.
    """
    said = read_client_data(client_data)
    if said.get("type") != "webauthn.get":
        raise AssertionRefusedError(f"of type {said.get('type')!r}, not webauthn.get")
    if said.get("challenge") != b64(challenge):
        raise AssertionRefusedError("it signs another challenge")
    told = read_authenticator_data(authenticator_data)
    if told.rp_id_hash != hashlib.sha256(rp_id.encode()).digest():
        raise AssertionRefusedError(f"it was not made for {rp_id}")
    if not told.verified:
        raise AssertionRefusedError("the authenticator did not verify its user")
    _verify(public_key, signature, authenticator_data + hashlib.sha256(client_data).digest())


def algorithm_of(public_key: bytes) -> str:
    """`ES256` or `EdDSA`: how the key `public_key` (SPKI, DER) signs. Raises EncodingError for any other."""
    return "ES256" if isinstance(_load(public_key), ec.EllipticCurvePublicKey) else "EdDSA"


def _load(public_key: bytes) -> ec.EllipticCurvePublicKey | Ed25519PublicKey:
    try:
        key = load_der_public_key(public_key)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise EncodingError("not a public key in SPKI") from error
    if isinstance(key, Ed25519PublicKey):
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise EncodingError("neither a P-256 nor an Ed25519 key")


def _verify(public_key: bytes, signature: bytes, message: bytes) -> None:
    key = _load(public_key)
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(signature, message)
        else:
            key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise AssertionRefusedError("not signed by this passkey") from None
