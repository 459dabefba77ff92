"""A passkey in software: what a phone or a security key with a fingerprint does, for tests and the demo.

It speaks the JSON that browsers make of their own (`PublicKeyCredential.toJSON()`, W3C Web Authentication Level 3,
section 5.1), signs by ES256, and always says that its user was verified: so it must never stand for a real one.
"""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from proof.keys import b64, unb64

UP, UV, AT = 0x01, 0x04, 0x40
_ES256 = -7
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256's group: a private key is a number below it."""


@dataclass
class SoftPasskey:
    """One credential of one person at one relying party; `count` grows with every signature unless it stays at 0."""

    rp_id: str
    origin: str
    random: Callable[[int], bytes] = os.urandom
    counts: bool = True
    verifies: bool = True
    count: int = 0
    id: bytes = field(init=False)

    def __post_init__(self) -> None:
        self.id = self.random(16)
        secret = 1 + int.from_bytes(self.random(40), "big") % (_ORDER - 1)
        self._key = ec.derive_private_key(secret, ec.SECP256R1())
        self._user: bytes | None = None

    @property
    def credential(self) -> str:
        """Its id, as the API names it."""
        return b64(self.id)

    @property
    def public_key(self) -> bytes:
        """Its public key in SPKI, DER."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self._key.public_key().public_bytes(serialization.Encoding.DER, form)

    @property
    def cose_key(self) -> bytes:
        """The same as a COSE key (RFC 9053 section 7.1)."""
        numbers = self._key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
        return cbor2.dumps({1: 2, 3: _ES256, -1: 1, -2: x, -3: y}, canonical=True)

    def register(self, options: dict[str, Any] | str) -> dict[str, Any]:
        """Answers `navigator.credentials.create` for creation `options` in JSON."""
        asked = json.loads(options) if isinstance(options, str) else options
        self._user = unb64(asked["user"]["id"])
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + self.cose_key
        data = self._authenticator_data(AT) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data}, canonical=True)
        response = {
            "clientDataJSON": b64(self._client_data("webauthn.create", unb64(asked["challenge"]))),
            "attestationObject": b64(attestation),
            "authenticatorData": b64(data),
            "publicKey": b64(self.public_key),
            "publicKeyAlgorithm": _ES256,
            "transports": ["internal"],
        }
        return self._credential(response)

    def sign(self, challenge: bytes) -> dict[str, Any]:
        """Answers `navigator.credentials.get` with an assertion over `challenge`."""
        if self.counts:
            self.count += 1
        client_data = self._client_data("webauthn.get", challenge)
        data = self._authenticator_data(0)
        signed = self._key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": b64(client_data),
            "authenticatorData": b64(data),
            "signature": b64(signed),
        }
        if self._user is not None:
            response["userHandle"] = b64(self._user)
        return self._credential(response)

    def _client_data(self, kind: str, challenge: bytes) -> bytes:
        said = {"type": kind, "challenge": b64(challenge), "origin": self.origin, "crossOrigin": False}
        return json.dumps(said, separators=(",", ":")).encode()

    def _authenticator_data(self, flags: int) -> bytes:
        flags |= UP | (UV if self.verifies else 0)
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _credential(self, response: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": self.credential,
            "rawId": self.credential,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": response,
        }
