"""Signing in, and changing one's password: the throttle, the password off the event loop, the session. No connection is
held while hashing.
"""

from cloud.db.pool import Pool, transaction
from cloud.ledger.service import close_ledger, open_ledger
from cloud.people import lifecycle, service
from cloud.people.errors import OldPasswordError, PasswordRefusedError, ThrottledError, WrongPasswordError
from cloud.people.models import Person
from cloud.people.passwords import Passwords, must_be_good
from cloud.people.throttle import Throttle
from cloud.world import World


class Desk:
    """Where passwords are shown: what checks them, and what makes guessing slow, at `address`."""

    def __init__(self, pool: Pool, world: World, passwords: Passwords, throttle: Throttle, address: str) -> None:
        self._pool, self._world, self._passwords = pool, world, passwords
        self._throttle, self._address = throttle, address

    async def sign_in(self, username: str, password: str, browser: service.Browser) -> tuple[Person, str]:
        """Who it is and the secret of their new session. Raises WrongPasswordError, ThrottledError."""
        person, _ = await self._checked(username, password)
        async with transaction(self._pool) as tx:
            return person, await service.open_session(
                tx, self._world, person, proven_at=self._world.now(), browser=browser
            )

    async def change_password(self, person: Person, secret: str, old: str, new: str) -> None:
        """`new` is their password from now on; all their sessions end but that of `secret`.

        Raises ConflictError `no_password` and `password_changed`, OldPasswordError, ThrottledError,
        PasswordRefusedError.
        """
        async with transaction(self._pool) as tx:
            lifecycle.must_have_password(await lifecycle.find(tx, person.site, person.id))
        try:
            _, kept = await self._checked(person.username, old)
        except WrongPasswordError as error:
            raise OldPasswordError("this is not the password that there is") from error
        if new == old:
            raise PasswordRefusedError("password_same", "it is the one that there is")
        must_be_good(new, person.username)
        new_hash = await self._passwords.hash(new)
        async with transaction(self._pool) as tx:
            appender = await open_ledger(tx, person.site)
            await lifecycle.change_password(
                tx, appender, self._world, person=person.id, old_hash=kept, new_hash=new_hash
            )
            await service.end_other_sessions(tx, person, secret)
            await service.prove_session(tx, self._world, secret)
            await close_ledger(tx, appender)

    async def _checked(self, username: str, password: str) -> tuple[Person, str]:
        """Whose password it is, and the hash that is kept of it. Raises WrongPasswordError, ThrottledError."""
        key = (username, self._address)
        wait = self._throttle.wait(key)
        if wait is not None:
            raise ThrottledError(wait)
        self._throttle.failed(key)  # until shown otherwise: many tries at once count before the first is checked
        async with transaction(self._pool) as tx:
            person, kept = await service.account(tx, username) or (None, None)
        if not await self._passwords.check(password, kept) or person is None or kept is None:
            raise WrongPasswordError("wrong username or password")
        self._throttle.succeeded(key)
        return person, kept
