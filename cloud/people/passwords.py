"""Passwords of local accounts: argon2id (RFC 9106), computed off the event loop, few at a time; and which are refused.

What is refused is what NIST SP 800-63B-4 (3.1.1.2) names: short ones, common ones, repetitions and runs, and the name
of the account or of this program. Which characters there have to be is no rule, and no password grows too old.
"""

import asyncio
import string
from functools import cache
from itertools import pairwise
from pathlib import Path

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from cloud.people.errors import PasswordRefusedError

SHORTEST = 12
LONGEST = 200

_COMMON = Path(__file__).with_name("common_passwords.txt")
_PROGRAM = "sealtrail"
_ROWS = ("0123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEXT = frozenset(pair for row in _ROWS for way in (row, row[::-1]) for pair in pairwise(way))
_LEAST_BEGINNINGS, _LEAST_CHARACTERS, _LEAST_OWN = 4, 5, 8


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


def must_be_good(password: str, username: str) -> None:
    """Raises PasswordRefusedError where nobody should have `password`, or not the account `username`."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise PasswordRefusedError("password_length", f"it must have {SHORTEST} to {LONGEST} characters")
    text = password.casefold()
    if len(set(text)) < _LEAST_CHARACTERS or _beginnings(text) < _LEAST_BEGINNINGS:
        raise PasswordRefusedError("password_repeats", "it is a few characters again and again, or in their order")
    own = text.replace(username.casefold(), "").replace(_PROGRAM, "")
    if own != text and len(own) < _LEAST_OWN:
        raise PasswordRefusedError("password_named", "besides the name of the account or of this program it is short")
    if not {text, text.strip(string.digits + string.punctuation + " ")}.isdisjoint(_common()):
        raise PasswordRefusedError("password_common", "many people have this one, or guess it")


def _beginnings(text: str) -> int:
    """How many characters of `text` do not follow from the one before: the same, or its neighbour in a row."""
    return 1 + sum(pair not in _NEXT and pair[0] != pair[1] for pair in pairwise(text))


@cache
def _common() -> frozenset[str]:
    return frozenset(line for line in _COMMON.read_text("utf-8").splitlines() if not line.startswith("#"))
