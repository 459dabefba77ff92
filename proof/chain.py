"""The journal's hash chain: each fact is committed to, each commitment continues the chain.

The salt keeps a commitment from being guessed, and lets one fact be shown, or erased, without touching the others.
Formats: DESIGN section 3.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from proof.canonical import canonical

GENESIS = bytes(32)
"""What the first fact of an agent continues."""

SALT_BYTES = 16

_FACT = hashlib.sha256(b"sealtrail/fact/1\0")
_JOURNAL = hashlib.sha256(b"sealtrail/journal/1\0")
_RECORD = hashlib.sha256(b"sealtrail/record/1\0")


def commit_fact(fact: Mapping[str, Any], salt: bytes) -> bytes:
    """Commitment to an edge's `fact` (without its salt member): 32 bytes."""
    return commit_content(canonical(fact), salt)


def commit_content(content: bytes, salt: bytes) -> bytes:
    """The same for a fact that is already canonical bytes."""
    return _commit(_FACT, salt, content)


def commit_record(content: Mapping[str, Any], salt: bytes) -> bytes:
    """Commitment to the content of a record the cloud itself makes: 32 bytes."""
    return commit_record_content(canonical(content), salt)


def commit_record_content(content: bytes, salt: bytes) -> bytes:
    """The same for content that is already canonical bytes."""
    return _commit(_RECORD, salt, content)


def _commit(prefix: "hashlib._Hash", salt: bytes, content: bytes) -> bytes:
    digest = prefix.copy()
    digest.update(salt + content)
    return digest.digest()


def link(head: bytes, commitment: bytes) -> bytes:
    """The chain's head after one more fact: 32 bytes."""
    digest = _JOURNAL.copy()
    digest.update(head + commitment)
    return digest.digest()


def link_all(head: bytes, commitments: Iterable[bytes]) -> list[bytes]:
    """The heads after each of `commitments`, in their order."""
    heads = []
    for commitment in commitments:
        head = link(head, commitment)
        heads.append(head)
    return heads
