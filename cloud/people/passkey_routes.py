"""My passkeys."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from cloud.db.pool import transaction
from cloud.errors import ForbiddenError
from cloud.ledger.service import close_ledger, open_ledger
from cloud.parts import PartsIn
from cloud.people import passkeys, service
from cloud.people.access import CallerIn, Reader
from cloud.people.models import NewPasskey, Passkey, PasskeyRows, Person

router = APIRouter(tags=["people"], prefix="/passkeys")

Hash = Annotated[str, Query(pattern=r"^[0-9a-f]{64}$", description="What is to be signed: an act's hash")]


@router.post("/begin", operation_id="begin_passkey")
async def post_begin(caller: CallerIn, parts: PartsIn) -> dict[str, Any]:
    """Options for `navigator.credentials.create`; answer within five minutes. Needs a fresh sign-in: else 403
    `password_again` or `directory_again`. Nobody else can know the challenge, so the answer needs no other proof.
    """
    person, secret = _by_session(caller)
    async with transaction(parts.pool) as tx:
        await service.must_be_fresh(tx, parts.world, secret, parts.fresh_sign_in)
        return await passkeys.begin(tx, parts.world, person, parts.party)


@router.post("", operation_id="add_passkey", status_code=201)
async def post_passkey(body: NewPasskey, caller: CallerIn, parts: PartsIn) -> Passkey:
    """Adds a passkey to my account; from now on it can sign my approvals."""
    person, _ = _by_session(caller)
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
    person, _ = _by_session(caller)
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, person.site)
        await passkeys.remove(tx, appender, parts.world, person, credential)
        await close_ledger(tx, appender)


def _by_session(caller: CallerIn) -> tuple[Person, str]:
    if caller.secret is None:
        raise ForbiddenError("a machine has no passkeys; sign in")
    return caller.person, caller.secret
