"""How an entry names batches of an agent: by numbers, from each first to each last, and a digest of their heads."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

KEPT, REMOVED = "readings_kept", "readings_removed"
"""Kinds of entries: batches that are here; batches whose readings and contents were removed in their time."""


@dataclass(frozen=True, slots=True)
class Named:
    """Batches of `agent`; `digest` is the hex SHA-256 of their heads (32 bytes each), one after another."""

    agent: str
    batches: tuple[tuple[int, int], ...]
    digest: str

    def as_content(self) -> dict[str, Any]:
        """Its members, for an entry."""
        return {"agent": self.agent, "batches": [list(span) for span in self.batches], "digest": self.digest}

    def holds(self, number: int) -> bool:
        """Whether batch `number` is one of them."""
        return any(first <= number <= last for first, last in self.batches)


def name(agent: str, heads: Mapping[int, bytes]) -> Named:
    """The batches of these numbers and heads."""
    digest = hashlib.sha256()
    for number in sorted(heads):
        digest.update(heads[number])
    return Named(agent, tuple(_spans(heads)), digest.hexdigest())


def named_in(kind: str, content: Mapping[str, Any]) -> list[Named]:
    """The batches that the content of an entry of `kind` names."""
    told = [content] if kind == REMOVED else content["agents"]
    return [Named(one["agent"], tuple((first, last) for first, last in one["batches"]), one["digest"]) for one in told]


def _spans(heads: Mapping[int, bytes]) -> Iterator[tuple[int, int]]:
    first: int | None = None
    before = 0
    for number in sorted(heads):
        if first is None or number != before + 1:
            if first is not None:
                yield first, before
            first = number
        before = number
    if first is not None:
        yield first, before
