"""Signing in: the throttle, the password off the event loop, the session. No connection is held while hashing."""

from cloud.db.pool import Pool, transaction
from cloud.people import service
from cloud.people.errors import ThrottledError, WrongPasswordError
from cloud.people.models import Person
from cloud.people.passwords import Passwords
from cloud.people.throttle import Throttle
from cloud.world import World


async def sign_in(
    pool: Pool, world: World, passwords: Passwords, throttle: Throttle, *, username: str, password: str, address: str
) -> tuple[Person, str]:
    """Who it is and the secret of their new session. Raises WrongPasswordError, ThrottledError."""
    key = (username, address)
    wait = throttle.wait(key)
    if wait is not None:
        raise ThrottledError(wait)
    throttle.failed(key)  # until shown otherwise: many tries at once count before the first is checked
    async with transaction(pool) as tx:
        found = await service.account(tx, username)
    if not await passwords.check(password, found[1] if found else None) or found is None:
        raise WrongPasswordError("wrong username or password")
    throttle.succeeded(key)
    async with transaction(pool) as tx:
        return found[0], await service.open_session(tx, world, found[0], proven_at=world.now())
