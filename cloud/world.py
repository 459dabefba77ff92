"""What the services need of the world outside: the time and chance. Passed in, so that a test can hold both still."""

import base64
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

ID_CHARACTERS = 10


@dataclass(frozen=True, slots=True)
class World:
    """`now()` is the time in UTC; `random(n)` is n unpredictable bytes."""

    now: Callable[[], datetime]
    random: Callable[[int], bytes]

    def salt(self) -> bytes:
        """Sixteen bytes for a commitment."""
        return self.random(16)

    def new_name(self, prefix: str) -> str:
        """`<prefix>-` and ten characters of base32: fifty bits nobody can guess, readable aloud."""
        return f"{prefix}-{base64.b32encode(self.random(10)).decode()[:ID_CHARACTERS]}"

    def new_id(self, site: str, prefix: str) -> str:
        """`<site>/<prefix>-…`, as on a label; prefixes: I item, P package, U person, C case, L permit, O order."""
        return f"{site}/{self.new_name(prefix)}"


def real_world() -> World:
    """The machine's clock and its generator of random bytes."""
    return World(now=lambda: datetime.now(UTC), random=os.urandom)
