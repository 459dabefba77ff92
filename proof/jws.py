"""Compact JWS (RFC 7515) with Ed25519 (RFC 8037): how statements, receipts, orders and permits are signed.

The algorithm is named "Ed25519" as RFC 9864 asks; its older name "EdDSA" is deprecated. The header is
fixed to alg, kid and typ; `typ` keeps a signature made for one purpose from being used for another.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from proof.canonical import canonical
from proof.errors import EncodingError, SignatureError
from proof.keys import Signer, VerifyKey, b64, unb64

MAX_BYTES = 1 << 20
"""A compact JWS longer than this is refused before it is parsed."""

FindKey = Callable[[str], VerifyKey | None]
"""The key of that id, or None where the reader does not know or no longer trusts it."""


def sign(payload: Mapping[str, Any], key: Signer, typ: str) -> str:
    """The compact JWS of `payload` (canonical JSON) by `key`, for the purpose `typ`.

    Signed anew where `key` was replaced in between: its header always names the key that signed it.
    """
    kid, named = key.public.kid, ""
    while kid != named:
        named = kid
        header = canonical({"alg": "Ed25519", "kid": named, "typ": typ})
        signed = f"{b64(header)}.{b64(canonical(payload))}"
        token = f"{signed}.{b64(key.sign(signed.encode()))}"
        kid = key.public.kid
    return token


def verify(token: str, find_key: FindKey, typ: str) -> dict[str, Any]:
    """The payload of `token`.

    Raises EncodingError when it is no compact JWS of ours, SignatureError when its key is unknown, its purpose is
    not `typ`, or its signature does not fit.
    """
    if len(token) > MAX_BYTES:
        raise EncodingError(f"a JWS of {len(token)} characters")
    try:
        header_part, payload_part, signature_part = token.split(".")
    except ValueError:
        raise EncodingError("a compact JWS has three parts") from None
    header = _object(header_part)
    if header.get("alg") != "Ed25519" or set(header) != {"alg", "kid", "typ"}:
        raise EncodingError("not an Ed25519 JWS with exactly alg, kid and typ")
    if header["typ"] != typ:
        raise SignatureError(f"signed as {header['typ']!r}, not as {typ!r}")
    key = find_key(str(header["kid"]))
    if key is None:
        raise SignatureError(f"signed by key {header['kid']!r}, which is not known or not valid")
    key.verify(unb64(signature_part), f"{header_part}.{payload_part}".encode())
    return _object(payload_part)


def kid_of(token: str) -> str:
    """Which key the JWS `token` says it is by. Raises EncodingError."""
    return str(_object(token.partition(".")[0]).get("kid"))


def typ_of(token: str) -> str:
    """What the JWS `token` says it was signed for. Raises EncodingError."""
    return str(_object(token.partition(".")[0]).get("typ"))


def unverified(token: str) -> dict[str, Any]:
    """What the JWS `token` says, believed by nobody: only to find the key that it is then verified with.

    Raises EncodingError.
    """
    if len(token) > MAX_BYTES or token.count(".") != 2:
        raise EncodingError("a compact JWS has three parts")
    return _object(token.split(".")[1])


def _object(part: str) -> dict[str, Any]:
    try:
        value = json.loads(unb64(part))
    except (ValueError, RecursionError) as error:
        raise EncodingError("a part of the JWS is not JSON") from error
    if not isinstance(value, dict):
        raise EncodingError("a part of the JWS is not a JSON object")
    return value
