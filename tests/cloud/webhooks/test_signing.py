"""Signatures as another hand reads them."""

import base64
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook

from cloud.webhooks.signing import secret_of, signed_headers

ROOT = b"r" * 32
AT = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)


def test_the_specifications_own_library_makes_the_same_signature() -> None:
    secret = secret_of(ROOT, "nj01/W-A", 1, "v1")
    headers = signed_headers([secret], "W-A-118", int(AT.timestamp()), '{"名":1}'.encode())
    assert headers["webhook-signature"] == Webhook(secret.text).sign("W-A-118", AT, '{"名":1}')


def test_v1a_is_checked_with_the_public_key_alone() -> None:
    secret = secret_of(ROOT, "nj01/W-A", 1, "v1a")
    headers = signed_headers([secret], "W-A-118", 1_000, b"{}")
    version, _, signature = headers["webhook-signature"].partition(",")
    assert version == "v1a"
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(secret.public_text.removeprefix("whpk_")))
    public.verify(base64.b64decode(signature), b"W-A-118.1000.{}")


def test_each_webhook_number_and_way_of_signing_has_a_secret_of_its_own() -> None:
    secrets = {
        secret_of(root, webhook, number, signs).raw
        for root in (ROOT, b"s" * 32)
        for webhook in ("nj01/W-A", "nj01/W-B")
        for number in (1, 2)
        for signs in ("v1", "v1a")
    }
    assert len(secrets) == 16
