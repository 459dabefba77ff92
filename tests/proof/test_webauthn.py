"""Assertions checked offline; every verdict is compared with that of another hand, py_webauthn."""

import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace

import cbor2
import pytest
import webauthn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from webauthn.helpers.exceptions import WebAuthnException

from proof.errors import AssertionRefusedError, EncodingError, ProofError
from proof.keys import b64, unb64
from proof.webauthn import algorithm_of, read_authenticator_data, verify_assertion
from simulators.passkey import SoftPasskey

RP, ORIGIN, CHALLENGE = "localhost", "http://localhost:8000", bytes(range(32))


@dataclass(frozen=True)
class Assertion:
    """One as its parts: what the two verifiers are given."""

    spki: bytes
    cose: bytes
    client_data: bytes
    authenticator_data: bytes
    signature: bytes
    challenge: bytes = CHALLENGE
    rp_id: str = RP

    def other(self, part: str, value: bytes) -> "Assertion":
        """The same with another `part`."""
        return Assertion(**{**vars(self), part: value})

    def ours(self) -> None:
        verify_assertion(
            self.spki, self.challenge, self.client_data, self.authenticator_data, self.signature, rp_id=self.rp_id
        )

    def theirs(self) -> None:
        response = {
            "clientDataJSON": b64(self.client_data),
            "authenticatorData": b64(self.authenticator_data),
            "signature": b64(self.signature),
        }
        webauthn.verify_authentication_response(
            credential={"id": "AA", "rawId": "AA", "type": "public-key", "response": response},
            expected_challenge=self.challenge, expected_rp_id=self.rp_id, expected_origin=ORIGIN,
            credential_public_key=self.cose, credential_current_sign_count=0, require_user_verification=True,
        )  # fmt: skip

    def refused(self) -> None:
        """Both refuse."""
        with pytest.raises(ProofError):
            self.ours()
        with pytest.raises(WebAuthnException):
            self.theirs()


def es256(*, verifies: bool = True) -> Assertion:
    """What a passkey made."""
    key = SoftPasskey(RP, ORIGIN, random=random.Random(7).randbytes, verifies=verifies)
    said = key.sign(CHALLENGE)["response"]
    client_data, data, signature = (unb64(said[name]) for name in ("clientDataJSON", "authenticatorData", "signature"))
    return Assertion(key.public_key, key.cose_key, client_data, data, signature)


def eddsa(**other: str) -> Assertion:
    """The same signed by an Ed25519 key, with `other` members of its client data."""
    key, made = Ed25519PrivateKey.from_private_bytes(b"e" * 32), es256()
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    client_data = json.dumps(json.loads(made.client_data) | other).encode()
    signed = key.sign(made.authenticator_data + hashlib.sha256(client_data).digest())
    cose = cbor2.dumps({1: 1, 3: -8, -1: 6, -2: raw})
    return replace(made, spki=spki(key.public_key()), cose=cose, client_data=client_data, signature=signed)


def spki(key: object) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    data: bytes = key.public_bytes(serialization.Encoding.DER, form)  # type: ignore[attr-defined]  # any public key
    return data


@pytest.mark.parametrize("make", [es256, eddsa])
def test_a_genuine_assertion_holds_for_both(make: Callable[[], Assertion]) -> None:
    made = make()
    made.ours()
    made.theirs()


@pytest.mark.parametrize("make", [es256, eddsa])
@pytest.mark.parametrize("part", ["client_data", "authenticator_data", "signature"])
def test_no_byte_of_it_can_be_changed(make: Callable[[], Assertion], part: str) -> None:
    made = make()
    whole: bytes = getattr(made, part)
    for place in range(len(whole)):
        changed = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        wrong = made.other(part, changed)
        with pytest.raises(ProofError):
            wrong.ours()
        if place % 8 == 0:  # theirs is slow; ours is the one on trial
            wrong.refused()
    made.other(part, whole[:-1]).refused()
    made.other(part, whole + b"\0").refused()


def test_it_is_for_one_challenge_one_site_and_one_key() -> None:
    made = es256()
    replace(made, challenge=b"another").refused()
    replace(made, rp_id="localhost.example").refused()
    other = eddsa()
    replace(made, spki=other.spki, cose=other.cose).refused()


def test_a_user_who_was_not_verified_signed_nothing() -> None:
    es256(verifies=False).refused()


def test_a_registration_is_no_approval() -> None:
    with pytest.raises(AssertionRefusedError, match=r"webauthn\.create"):
        eddsa(type="webauthn.create").ours()
    eddsa(type="webauthn.create").refused()


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"\xff", b'{"type": "webauthn.get"}', b"[" * 100_000])
def test_noise_for_client_data_is_told_apart(data: bytes) -> None:
    with pytest.raises(ProofError):
        replace(es256(), client_data=data).ours()


def test_the_challenge_has_one_spelling() -> None:
    with pytest.raises(AssertionRefusedError, match="another challenge"):
        eddsa(challenge=b64(CHALLENGE) + "=").ours()


@pytest.mark.parametrize(
    "key",
    [
        b"", b"\x30\x03\x02\x01\x01",
        spki(ec.derive_private_key(5, ec.SECP384R1()).public_key()),
        spki(rsa.generate_private_key(65537, 2048).public_key()),
    ],
)  # fmt: skip
def test_other_keys_are_not_known(key: bytes) -> None:
    with pytest.raises(EncodingError):
        replace(es256(), spki=key).ours()
    with pytest.raises(EncodingError):
        algorithm_of(key)


def test_the_algorithm_is_the_keys() -> None:
    assert (algorithm_of(es256().spki), algorithm_of(eddsa().spki)) == ("ES256", "EdDSA")


def test_authenticator_data_are_read() -> None:
    told = read_authenticator_data(es256().authenticator_data)
    assert (told.count, told.verified, told.flags) == (1, True, 5)
    for wrong in (b"", bytes(36), bytes(38)):
        with pytest.raises(EncodingError):
            read_authenticator_data(wrong)
