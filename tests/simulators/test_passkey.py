"""The software passkey against another hand's relying party: py_webauthn takes what it says, or it is no stand-in."""

import random

import pytest
import webauthn
from webauthn.helpers import options_to_json_dict
from webauthn.helpers.exceptions import InvalidAuthenticationResponse, InvalidRegistrationResponse

from simulators.passkey import SoftPasskey

RP, ORIGIN = "localhost", "http://localhost:8000"


def passkey(**kind: bool) -> SoftPasskey:
    return SoftPasskey(RP, ORIGIN, random=random.Random(7).randbytes, **kind)


def registered(key: SoftPasskey) -> bytes:
    """Registers it; returns its public key in COSE."""
    options = webauthn.generate_registration_options(rp_id=RP, rp_name="Sealtrail", user_name="li.wei", user_id=b"u")
    done = webauthn.verify_registration_response(
        credential=key.register(options_to_json_dict(options)),
        expected_challenge=options.challenge,
        expected_rp_id=RP,
        expected_origin=[ORIGIN],
        require_user_verification=True,
    )
    assert done.credential_id == key.id
    return done.credential_public_key


def test_it_is_registered_and_signs_as_its_public_key_says() -> None:
    key = passkey()
    public = registered(key)
    assert public == key.cose_key
    for count in (1, 2):
        done = webauthn.verify_authentication_response(
            credential=key.sign(b"challenge"), expected_challenge=b"challenge", expected_rp_id=RP,
            expected_origin=ORIGIN, credential_public_key=public, credential_current_sign_count=count - 1,
            require_user_verification=True,
        )  # fmt: skip
        assert (done.new_sign_count, done.user_verified) == (count, True)


def test_one_that_verifies_nobody_says_so() -> None:
    key = passkey(verifies=False)
    with pytest.raises(InvalidRegistrationResponse, match="not verified"):
        registered(key)


def test_one_that_does_not_count_stays_at_zero() -> None:
    key = passkey(counts=False)
    public = registered(key)
    for _ in range(2):
        done = webauthn.verify_authentication_response(
            credential=key.sign(b"c"), expected_challenge=b"c", expected_rp_id=RP, expected_origin=ORIGIN,
            credential_public_key=public, credential_current_sign_count=0,
        )  # fmt: skip
        assert done.new_sign_count == 0


def test_another_passkeys_signature_is_refused() -> None:
    key, other = passkey(), SoftPasskey(RP, ORIGIN, random=random.Random(8).randbytes)
    with pytest.raises(InvalidAuthenticationResponse, match="signature"):
        webauthn.verify_authentication_response(
            credential=other.sign(b"c"), expected_challenge=b"c", expected_rp_id=RP, expected_origin=ORIGIN,
            credential_public_key=registered(key), credential_current_sign_count=0,
        )  # fmt: skip
