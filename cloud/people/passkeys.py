"""Passkeys (W3C Web Authentication Level 3): added, listed, removed, and asked for a signature over what is approved.

Each one that comes or goes is a record, with its public key: whoever has the record can check its signatures.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import webauthn
from cryptography.hazmat.primitives import serialization
from webauthn.helpers import decode_credential_public_key, decoded_public_key_to_cryptography
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, NotFoundError
from cloud.ledger.service import Appender, add_record, next_index
from cloud.parts import RelyingParty
from cloud.people.errors import PasskeyError
from cloud.people.models import Passkey, Person
from cloud.world import World
from proof.errors import EncodingError, ProofError
from proof.keys import b64, unb64
from proof.webauthn import algorithm_of, read_authenticator_data, read_client_data, verify_assertion

CHALLENGE_LASTS = timedelta(minutes=5)
ALGORITHMS = [COSEAlgorithmIdentifier.ECDSA_SHA_256, COSEAlgorithmIdentifier.EDDSA]
ADDED, REMOVED = "passkey_added", "passkey_removed"

_sql = load_queries(__file__, "passkeys.sql")


async def begin(tx: Tx, world: World, person: Person, party: RelyingParty) -> dict[str, Any]:
    """Options for `navigator.credentials.create`, as JSON; their challenge is good once, for CHALLENGE_LASTS."""
    challenge = await _challenge(tx, world, person, proves=False)
    known = [PublicKeyCredentialDescriptor(unb64(key.credential)) for key in await living_passkeys(tx, person.id)]
    options = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name=party.name,
        user_id=person.id.encode(),
        user_name=person.username,
        user_display_name=person.name,
        challenge=challenge,
        timeout=int(CHALLENGE_LASTS.total_seconds() * 1000),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=known,
        supported_pub_key_algs=ALGORITHMS,
    )
    made: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return made


async def _challenge(tx: Tx, world: World, person: Person, *, proves: bool) -> bytes:
    """A new challenge; the one before is good no more. One that `proves` never adds a passkey, nor the other way."""
    challenge = world.random(32)
    values = {"person": person.id, "challenge": challenge, "expires_at": world.now() + CHALLENGE_LASTS}
    await tx.execute(_sql.set_challenge, {**values, "proves": proves})
    return challenge


async def _asked(tx: Tx, world: World, person: Person, *, proves: bool) -> bytes:
    """The challenge that is to be answered now, and never again. Raises PasskeyError."""
    asked = await one(tx, _sql.take_challenge, person=person.id, at=world.now(), proves=proves)
    if asked is None:
        raise PasskeyError("nothing was asked of this person, or too long ago")
    return bytes(asked["challenge"])


async def begin_proof(tx: Tx, world: World, person: Person, party: RelyingParty) -> dict[str, Any]:
    """Options for `navigator.credentials.get`, as JSON, by which somebody shows anew who they are; good once, for
    CHALLENGE_LASTS. Raises PasskeyError without a passkey.
    """
    return await signing_options(tx, person, party, await _challenge(tx, world, person, proves=True))


async def prove(tx: Tx, world: World, person: Person, party: RelyingParty, assertion: Mapping[str, Any]) -> None:
    """Raises PasskeyError unless one of the person's passkeys signed what `begin_proof` asked."""
    await check_assertion(tx, world, person, await _asked(tx, world, person, proves=True), assertion, party=party)


async def add(
    tx: Tx, appender: Appender, world: World, person: Person, party: RelyingParty, made: Mapping[str, Any], name: str
) -> Passkey:
    """Keeps the passkey that `made` tells of, and records it. Raises PasskeyError, ConflictError `passkey_exists`."""
    at, challenge = world.now(), await _asked(tx, world, person, proves=False)
    credential, public_key, count = _registered(party, challenge, made)
    alg = algorithm_of(public_key)
    row = {"credential": credential, "person": person.id, "public_key": public_key, "alg": alg, "rp_id": party.id}
    values = {**row, "site": person.site, "name": name, "sign_count": count, "at": at, "index": next_index(appender)}
    if await one(tx, _sql.add_passkey, **values) is None:
        raise ConflictError("passkey_exists", "this passkey was added before")
    await _record(tx, appender, world, ADDED, person, {**row, "public_key": b64(public_key)}, at)
    return Passkey(credential=credential, name=name, alg=alg, added_at=at, used_at=None)


def _registered(party: RelyingParty, challenge: bytes, made: Mapping[str, Any]) -> tuple[str, bytes, int]:
    """Credential id, public key (SPKI) and count of a registration (section 7.1). Raises PasskeyError."""
    try:
        found = webauthn.verify_registration_response(
            credential=dict(made),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
            require_user_verification=True,
            supported_pub_key_algs=ALGORITHMS,
        )
        key = decoded_public_key_to_cryptography(decode_credential_public_key(found.credential_public_key))
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise PasskeyError(f"the passkey cannot be added: {error}") from error
    spki = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return b64(found.credential_id), spki, found.sign_count


async def living_passkeys(tx: Tx, person_id: str) -> list[Passkey]:
    """The passkeys that `person_id` can sign with, oldest first."""
    return [Passkey.model_validate(row) for row in await rows(tx, _sql.living, person=person_id)]


async def signing_options(tx: Tx, person: Person, party: RelyingParty, challenge: bytes) -> dict[str, Any]:
    """Options for `navigator.credentials.get` over `challenge`, as JSON. Raises PasskeyError without a passkey."""
    known = [PublicKeyCredentialDescriptor(unb64(key.credential)) for key in await living_passkeys(tx, person.id)]
    if not known:
        raise PasskeyError(f"{person.username} has no passkey")
    options = webauthn.generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        allow_credentials=known,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    made: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return made


async def remove(tx: Tx, appender: Appender, world: World, person: Person, credential: str) -> None:
    """Takes one of the person's passkeys away; what it signed before stays good. Raises NotFoundError."""
    at = world.now()
    if await one(tx, _sql.remove, person=person.id, credential=credential, at=at) is None:
        raise NotFoundError("passkey", credential)
    await _record(tx, appender, world, REMOVED, person, {"person": person.id, "credential": credential}, at)


async def check_assertion(
    tx: Tx,
    world: World,
    person: Person,
    challenge: bytes,
    assertion: Mapping[str, Any],
    *,
    party: RelyingParty | None = None,
) -> str:
    """The id of the passkey of `person` that signed `challenge` by `assertion` (section 7.2), which now has counted.

    `assertion` is what `PublicKeyCredential.toJSON()` gives. The user must have been verified, at an origin of
    `party`. Raises PasskeyError.
    """
    party = party or RelyingParty()
    credential, response = assertion.get("id"), assertion.get("response")
    if not isinstance(credential, str) or not isinstance(response, Mapping):
        raise PasskeyError("this is no assertion")
    try:
        unb64(credential)
        kept = await one(tx, _sql.living_one, person=person.id, credential=credential)
        if kept is None:
            raise PasskeyError(f"not a living passkey of {person.username}")
        count = _checked(kept, party, challenge, response)
    except ProofError as error:
        raise PasskeyError(str(error)) from error
    if max(count, kept["sign_count"]) > 0 and count <= kept["sign_count"]:
        raise PasskeyError("its count did not go up: it may have been copied")
    await tx.execute(_sql.count_up, {"credential": credential, "count": count, "at": world.now()})
    return credential


def _checked(kept: Row, party: RelyingParty, challenge: bytes, response: Mapping[str, Any]) -> int:
    """The count that a good assertion tells. Raises PasskeyError, ProofError."""
    client_data, data, signature = (_bytes(response, f) for f in ("clientDataJSON", "authenticatorData", "signature"))
    verify_assertion(kept["public_key"], challenge, client_data, data, signature, rp_id=kept["rp_id"])
    said = read_client_data(client_data)
    if said.get("origin") not in party.origins or said.get("crossOrigin", False) is not False:
        raise PasskeyError(f"signed at {said.get('origin')!r}, which is none of this console's addresses")
    return read_authenticator_data(data).count


def _bytes(response: Mapping[str, Any], name: str) -> bytes:
    value = response.get(name)
    if not isinstance(value, str):
        raise EncodingError(f"no {name}")
    return unb64(value)


async def _record(
    tx: Tx, appender: Appender, world: World, kind: str, person: Person, content: Row, at: datetime
) -> None:
    await add_record(
        tx, appender, kind=kind, at=at, actor=person.id, content=content, salt=world.salt(), things=[person.id]
    )
