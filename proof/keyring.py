"""The history of keys, read from the log itself: which key spoke for whom from which entry to which.

Records of the kinds KEY_BORN and KEY_ENDED carry it. A signature is checked with the key valid at the entry it belongs
to, so that a key that was revoked later still proves what it signed before, and nothing after.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from proof.errors import EncodingError
from proof.keys import VerifyKey

KEY_BORN = "key_born"
"""Content: role, owner, public_key (base64url)."""
KEY_ENDED = "key_ended"
"""Content: role, owner, kid, why (rotated, lost, revoked)."""

ROLES = ("agent", "cloud", "label", "log", "person", "witness")
ENDS = ("rotated", "lost", "revoked")


@dataclass(frozen=True, slots=True)
class KeyLife:
    """A key and its life: valid for entries from `born` to before `ended` (None: to this day)."""

    role: str
    owner: str
    key: VerifyKey
    born: int
    ended: int | None = None
    why: str = ""

    def valid_at(self, index: int) -> bool:
        """Whether it spoke for its owner at entry `index`."""
        return self.born <= index and (self.ended is None or index < self.ended)


class Keyring:
    """All key lives that a set of records tells of."""

    def __init__(self, records: Iterable[tuple[int, str, Mapping[str, Any]]] = ()) -> None:
        self._lives: dict[tuple[str, str, str], KeyLife] = {}
        for index, kind, content in sorted(records, key=lambda record: record[0]):
            self.take(index, kind, content)

    def take(self, index: int, kind: str, content: Mapping[str, Any]) -> None:
        """Takes the record of entry `index` when it tells of a key. Raises EncodingError when it makes no sense."""
        if kind not in (KEY_BORN, KEY_ENDED):
            return
        role, owner = str(content.get("role")), str(content.get("owner"))
        if role not in ROLES:
            raise EncodingError(f"entry {index}: a key of unknown role {role!r}")
        if kind == KEY_BORN:
            key = VerifyKey.from_text(str(content.get("public_key")))
            place = (role, owner, key.kid)
            if place in self._lives:
                raise EncodingError(f"entry {index}: key {key.kid} of {owner} was born before")
            self._lives[place] = KeyLife(role, owner, key, index)
            return
        place = (role, owner, str(content.get("kid")))
        life, why = self._lives.get(place), str(content.get("why"))
        if life is None or life.ended is not None or why not in ENDS:
            raise EncodingError(f"entry {index}: the end of a key of {owner} that does not live")
        self._lives[place] = replace(life, ended=index, why=why)

    @property
    def lives(self) -> list[KeyLife]:
        """Every key life, in order of birth."""
        return sorted(self._lives.values(), key=lambda life: life.born)

    def find(self, role: str, owner: str, kid: str, index: int) -> VerifyKey | None:
        """The key `kid` of `owner`, if it was valid at entry `index`."""
        life = self._lives.get((role, owner, kid))
        return life.key if life and life.valid_at(index) else None

    def end_of(self, role: str, owner: str, kid: str) -> KeyLife | None:
        """The life of that key, whether it has ended or not."""
        return self._lives.get((role, owner, kid))
