"""Compact JWS: another library reads ours, and nothing that was touched is taken."""

import json
from pathlib import Path

import joserfc.jws
import pytest
from joserfc.jwk import OKPKey

from proof import jws
from proof.canonical import canonical
from proof.errors import EncodingError, ProofError, SignatureError
from proof.keys import SigningKey, VerifyKey, b64, unb64
from proof.statement import Receipt, Statement

KEY = SigningKey.from_seed(bytes(range(32)))
OTHER = SigningKey.from_seed(bytes(32))


def find(kid: str) -> VerifyKey | None:
    return KEY.public if kid == KEY.public.kid else None


def test_another_library_reads_what_we_sign() -> None:
    token = jws.sign({"hello": "你好"}, KEY, "test+jws")
    key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": KEY.public.text})
    read = joserfc.jws.deserialize_compact(token, key, algorithms=["Ed25519"])
    assert json.loads(read.payload) == {"hello": "你好"}
    assert jws.verify(token, find, "test+jws") == {"hello": "你好"}


def test_no_single_changed_character_is_taken() -> None:
    token = jws.sign({"seq": 1}, KEY, "test+jws")
    for place, character in enumerate(token):
        changed = token[:place] + ("A" if character != "A" else "B") + token[place + 1 :]
        with pytest.raises(ProofError):
            jws.verify(changed, find, "test+jws")


def test_a_signature_for_another_purpose_or_by_another_key_is_refused() -> None:
    with pytest.raises(SignatureError, match="signed as"):
        jws.verify(jws.sign({}, KEY, "permit"), find, "receipt")
    with pytest.raises(SignatureError, match="not known"):
        jws.verify(jws.sign({}, OTHER, "permit"), find, "permit")
    with pytest.raises(SignatureError, match="not signed by"):
        jws.verify(jws.sign({}, OTHER, "permit"), lambda _: KEY.public, "permit")


@pytest.mark.parametrize(
    "header", [{"alg": "none", "kid": "x", "typ": "t"}, {"alg": "Ed25519", "kid": "x", "typ": "t", "crit": []}, [], "x"]
)
def test_only_one_header_is_ours(header: object) -> None:
    signed = f"{b64(canonical(header))}.{b64(b'{}')}"
    with pytest.raises(EncodingError):
        jws.verify(f"{signed}.{b64(KEY.sign(signed.encode()))}", lambda _: KEY.public, "t")


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c.d", "a.b.c", "é.b.c", "." * 2, "A" * (jws.MAX_BYTES + 1)])
def test_what_is_no_jws_is_refused(token: str) -> None:
    with pytest.raises(EncodingError):
        jws.verify(token, find, "t")


def test_base64url_has_one_spelling() -> None:
    assert unb64("_w") == b"\xff"
    for text in ("_w==", "_x", "/w", "_", "_w\n", "é"):
        with pytest.raises(EncodingError):
            unb64(text)


def test_statement_and_receipt_come_back_whole() -> None:
    statement = Statement(agent="nj01.gate-a", first=1, last=2, prev="00", head="11")
    assert Statement.verify(statement.sign(KEY), find) == statement
    receipt = Receipt(agent="nj01.gate-a", upto=2, head="11", index=7, at="2026-11-22T00:00:00.000000Z")
    assert Receipt.verify(receipt.sign(KEY), find) == receipt
    with pytest.raises(SignatureError):
        Receipt.verify(statement.sign(KEY), find)


@pytest.mark.parametrize(
    "change", [{"v": 2}, {"first": "1"}, {"first": True}, {"first": 0}, {"first": 3}, {"extra": 1}, {"agent": None}]
)
def test_a_statement_of_another_form_is_refused(change: dict[str, object]) -> None:
    payload = {"v": 1, "agent": "a", "first": 1, "last": 2, "prev": "", "head": ""} | change
    with pytest.raises(EncodingError):
        Statement.verify(jws.sign(payload, KEY, "sealtrail-statement+jws"), find)


def test_keys_are_kept_as_pem_and_read_again(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(KEY.to_pem())
    assert SigningKey.from_pem(file.read_bytes()).public == KEY.public
    assert VerifyKey.from_text(KEY.public.text) == KEY.public
    for pem in (b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"):
        with pytest.raises(EncodingError):
            SigningKey.from_pem(pem)
    for make in (lambda: SigningKey.from_seed(b"x"), lambda: VerifyKey.from_raw(b"x")):
        with pytest.raises(EncodingError):
            make()
