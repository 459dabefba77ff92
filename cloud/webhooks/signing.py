"""Signatures of Standard Webhooks: `v1` (HMAC-SHA256, a shared secret) and `v1a` (Ed25519, a public key).

No secret is kept in the database: each follows from one root, a file beside the cloud's keys, by HKDF (RFC 5869).
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from proof.keys import SigningKey

Signs = Literal["v1", "v1a"]


@dataclass(frozen=True, slots=True)
class Secret:
    """What one webhook signs with: 32 bytes."""

    signs: Signs
    raw: bytes

    @property
    def text(self) -> str:
        """The shared secret as its receiver keeps it: `whsec_` and base64."""
        return f"whsec_{_base64(self.raw)}"

    @property
    def public_text(self) -> str:
        """The public key of `v1a` as its receiver keeps it: `whpk_` and base64."""
        return f"whpk_{_base64(SigningKey.from_seed(self.raw).public.raw)}"

    def sign(self, message: bytes) -> str:
        """The signature of `message` with its version before it."""
        if self.signs == "v1":
            return f"v1,{_base64(hmac.digest(self.raw, message, hashlib.sha256))}"
        return f"v1a,{_base64(SigningKey.from_seed(self.raw).sign(message))}"


def secret_of(root: bytes, webhook: str, number: int, signs: Signs) -> Secret:
    """The secret `number` of a webhook."""
    info = f"sealtrail/webhook/1\0{signs}\0{webhook}\0{number}".encode()
    return Secret(signs, HKDF(SHA256(), 32, None, info).derive(root))


def signed_headers(secrets: Sequence[Secret], message: str, at_s: int, body: bytes) -> dict[str, str]:
    """The headers for `body`: its id `message`, the time (Unix, seconds), and a signature by each of `secrets`."""
    whole = f"{message}.{at_s}.".encode() + body
    return {
        "webhook-id": message,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(secret.sign(whole) for secret in secrets),
    }


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
