"""My passkeys."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from cloud.db.pool import transaction
from cloud.ledger.service import close_ledger, open_ledger
from cloud.parts import PartsIn
from cloud.people import passkeys, service
from cloud.people.access import CallerIn, Reader
from cloud.people.models import NewPasskey, Passkey, PasskeyRows, Proof
from cloud.people.own_routes import by_session

router = APIRouter(tags=["people"], prefix="/passkeys")

Hash = Annotated[str, Query(pattern=r"^[0-9a-f]{64}$", description="What is to be signed: an act's hash")]


@router.post("/begin", operation_id="begin_passkey")
async def post_begin(caller: CallerIn, parts: PartsIn) -> dict[str, Any]:
    """Options for `navigator.credentials.create`; answer within five minutes. Needs a fresh sign-in: else 403
    `password_again` or `directory_again`; a passkey that there is makes it fresh as well (`POST /passkeys/proof`).
    Nobody else can know the challenge, so the answer needs no other proof.
    """
    person, secret = by_session(caller)
    async with transaction(parts.pool) as tx:
        await service.must_be_fresh(tx, parts.world, secret, parts.fresh_sign_in)
        return await passkeys.begin(tx, parts.world, person, parts.party)


@router.post("/proof/begin", operation_id="begin_proof")
async def post_begin_proof(caller: CallerIn, parts: PartsIn) -> dict[str, Any]:
    """Options for `navigator.credentials.get`, to show anew by a passkey that it is me; answer within five minutes."""
    person, _ = by_session(caller)
    async with transaction(parts.pool) as tx:
        return await passkeys.begin_proof(tx, parts.world, person, parts.party)


@router.post("/proof", operation_id="prove", status_code=204)
async def post_proof(body: Proof, caller: CallerIn, parts: PartsIn) -> None:
    """My sign-in is fresh again, as after the password."""
    person, secret = by_session(caller)
    async with transaction(parts.pool) as tx:
        await passkeys.prove(tx, parts.world, person, parts.party, body.assertion)
        await service.prove_session(tx, parts.world, secret)


@router.post("", operation_id="add_passkey", status_code=201)
async def post_passkey(body: NewPasskey, caller: CallerIn, parts: PartsIn) -> Passkey:
    """Adds a passkey to my account; from now on it can sign my approvals."""
    person, _ = by_session(caller)
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, person.site)
        made = await passkeys.add(tx, appender, parts.world, person, parts.party, body.credential, body.name)
        await close_ledger(tx, appender)
    return made


@router.get("", operation_id="list_passkeys")
async def get_passkeys(person: Reader, parts: PartsIn) -> PasskeyRows:
    """My living passkeys."""
    async with transaction(parts.pool) as tx:
        return PasskeyRows(rows=await passkeys.living_passkeys(tx, person.id))


@router.get("/options", operation_id="passkey_options")
async def get_options(challenge: Hash, person: Reader, parts: PartsIn) -> dict[str, Any]:
    """Options for `navigator.credentials.get` over `challenge`."""
    async with transaction(parts.pool) as tx:
        return await passkeys.signing_options(tx, person, parts.party, bytes.fromhex(challenge))


@router.delete("/{credential}", operation_id="remove_passkey", status_code=204)
async def delete_passkey(
    credential: Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,1400}$")], caller: CallerIn, parts: PartsIn
) -> None:
    """One of my passkeys signs no more; what it signed stays good."""
    person, _ = by_session(caller)
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, person.site)
        await passkeys.remove(tx, appender, parts.world, person, credential)
        await close_ledger(tx, appender)
