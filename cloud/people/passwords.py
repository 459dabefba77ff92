"""Passwords of local accounts: argon2id (RFC 9106), computed off the event loop, few at a time."""

import asyncio

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

SHORTEST = 10
LONGEST = 200


class Passwords:
    """Hashes and checks. The defaults are RFC 9106's second choice (64 MiB); tests pass cheaper ones.

    `at_once` bounds the memory that sign-ins can take together.
    """

    def __init__(self, time_cost: int = 3, memory_kib: int = 65536, at_once: int = 2) -> None:
        self._hasher = PasswordHash((Argon2Hasher(time_cost=time_cost, memory_cost=memory_kib),))
        self._turn = asyncio.Semaphore(at_once)
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """The hash to keep, with its own salt and parameters."""
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def check(self, password: str, kept: str | None) -> bool:
        """Whether `password` is the one `kept` was made of. None (nobody of that name) takes as long and is never."""
        if self._nobody is None:
            self._nobody = await self.hash("nobody's password")
        async with self._turn:
            right = await asyncio.to_thread(self._hasher.verify, password, kept or self._nobody)
        return right and kept is not None
