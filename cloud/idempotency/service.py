"""Answers that are kept: the same key with the same request is given the same answer, and nothing is done twice.

The header is that of draft-ietf-httpapi-idempotency-key-header-07; a key is one person's own.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from cloud.db.pool import Tx, one
from cloud.db.queries import load_queries
from cloud.errors import ConflictError

KEPT_FOR = timedelta(hours=72)
"""A phone may be without a network for a weekend."""

_sql = load_queries(__file__)


@dataclass(frozen=True, slots=True)
class Asking:
    """`person` asks with `key`; `request` is the SHA-256 of all that was asked."""

    person: str
    key: str
    request: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it went out."""

    status: int
    media_type: str
    body: bytes


async def kept_answer(tx: Tx, asking: Asking) -> Answer | None:
    """What was answered before; None, and until the transaction ends nobody else answers, when nothing was.

    Raises ConflictError `in_progress` while another request is being answered, `idempotency_key_reused` when
    something else was asked with the key.
    """
    digest = hashlib.sha256(f"{asking.person}\0{asking.key}".encode()).digest()
    locked = await one(tx, _sql.lock, lock=int.from_bytes(digest[:8], "big", signed=True))
    if not (locked and locked["locked"]):
        raise ConflictError("in_progress", f"the request with the key {asking.key!r} is being answered")
    row = await one(tx, _sql.kept, person=asking.person, key=asking.key)
    if row is None:
        return None
    if row["request"] != asking.request:
        raise ConflictError("idempotency_key_reused", f"something else was asked with the key {asking.key!r} before")
    return Answer(row["status"], row["media_type"], row["response"])


async def keep_answer(tx: Tx, asking: Asking, answer: Answer, at: datetime) -> None:
    """Keeps `answer`, in the transaction that did what it tells. Old ones of everybody are forgotten on the way."""
    await tx.execute(_sql.forget_old, {"before": at - KEPT_FOR})
    values = {"person": asking.person, "key": asking.key, "request": asking.request, "at": at}
    values |= {"status": answer.status, "media_type": answer.media_type, "response": answer.body}
    await tx.execute(_sql.keep, values)


async def forget_answers(tx: Tx, site: str) -> None:
    """Forgets all answers given at `site`: after an erasure none may still hold what was erased."""
    await tx.execute(_sql.forget_site, {"site": site})
