"""The two signatures that cross the gap: an agent's statement over its chain, the cloud's receipt for it."""

from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from proof import jws
from proof.errors import EncodingError
from proof.keys import Signer

STATEMENT_TYPE = "sealtrail-statement+jws"
RECEIPT_TYPE = "sealtrail-receipt+jws"
VERSION = 1

T = TypeVar("T", "Statement", "Receipt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """An agent's word: my facts `first` to `last` continue `prev` and end in `head` (hex of 32 bytes each)."""

    agent: str
    first: int
    last: int
    prev: str
    head: str

    def sign(self, key: Signer) -> str:
        """Compact JWS of this statement by the agent's `key`."""
        return jws.sign({"v": VERSION, **asdict(self)}, key, STATEMENT_TYPE)

    @classmethod
    def verify(cls, token: str, find_key: jws.FindKey) -> "Statement":
        """The statement in `token`. Raises EncodingError or SignatureError."""
        statement = _read(cls, jws.verify(token, find_key, STATEMENT_TYPE))
        if not 1 <= statement.first <= statement.last:
            raise EncodingError("a statement speaks of at least one fact, counted from 1")
        return statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The cloud's word: all facts of `agent` up to seq `upto`, chain head `head`, are in the ledger of its site.

    `index` is the ledger entry that holds fact `upto`; `at` is the cloud's time (RFC 3339, UTC).
    """

    agent: str
    upto: int
    head: str
    index: int
    at: str

    def sign(self, key: Signer) -> str:
        """Compact JWS of this receipt by the cloud's `key`."""
        return jws.sign({"v": VERSION, **asdict(self)}, key, RECEIPT_TYPE)

    @classmethod
    def verify(cls, token: str, find_key: jws.FindKey) -> "Receipt":
        """The receipt in `token`. Raises EncodingError or SignatureError."""
        return _read(cls, jws.verify(token, find_key, RECEIPT_TYPE))


def _read(kind: type[T], payload: dict[str, Any]) -> T:
    if payload.pop("v", None) != VERSION:
        raise EncodingError(f"not a version {VERSION} {kind.__name__.lower()}")
    fields = kind.__dataclass_fields__
    if set(payload) != set(fields):
        raise EncodingError(f"a {kind.__name__.lower()} has the members {', '.join(fields)}")
    for name, field in fields.items():
        if type(payload[name]) is not field.type:
            raise EncodingError(f"{name} of a {kind.__name__.lower()} is no {field.type}")
    return kind(**payload)
