"""Routes that may be asked again: `APIRouter(route_class=IdempotentRoute)`."""

import hashlib
import re
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from cloud.db.pool import joining, transaction
from cloud.errors import CloudError, InvalidError
from cloud.idempotency.service import KEPT_FOR, Answer, Asking, keep_answer, kept_answer
from cloud.parts import parts_of
from cloud.people.access import caller_now

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
MADE = 201
KEPT = (MADE, 202)
"""Answers that are kept: something was made, or waits now. Where nothing changed, asking again does the same again."""

_KEY = re.compile(r'(?:[!#-~]{1,200}|"[!#-~]{1,200}")')

_PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "Asked again with the same key and content, the same is answered and nothing is done twice; "
    f"kept for {KEPT_FOR // timedelta(hours=1)} hours (draft-ietf-httpapi-idempotency-key-header).",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!#-~]{1,200}$"},
}

Handler = Callable[[Request], Awaitable[Response]]


class IdempotentRoute(APIRoute):
    """A route whose POST, when it brings an Idempotency-Key, is done once, however often it is asked.

    What it does and the answer that is kept are one transaction: after a break either both are there or neither.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        if "POST" in (self.methods or ()):
            extra = self.openapi_extra or {}
            self.openapi_extra = {**extra, "parameters": [*extra.get("parameters", []), _PARAMETER]}

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler that looks for an answer first."""
        handle = super().get_route_handler()

        async def once(request: Request) -> Response:
            if request.method != "POST" or HEADER not in request.headers:
                return await handle(request)
            return await _once(request, handle)

        return once


def key_of(request: Request) -> str | None:
    """The key that `request` brings, without the quotes it may have. Raises InvalidError `bad_idempotency_key`."""
    text = request.headers.get(HEADER)
    if text is None:
        return None
    if not _KEY.fullmatch(text):
        raise InvalidError("bad_idempotency_key", "an Idempotency-Key has 1 to 200 visible ASCII characters")
    return text.strip('"')


async def _once(request: Request, handle: Handler) -> Response:
    key, parts = key_of(request) or "", parts_of(request)
    person = (await caller_now(request)).person
    whole = b"\0".join([request.method.encode(), request.url.path.encode(), request.url.query.encode()])
    asking = Asking(person.id, key, hashlib.sha256(whole + b"\0" + await request.body()).digest())
    failed: CloudError | None = None
    async with transaction(parts.pool) as tx:
        answer = await kept_answer(tx, asking)
        if answer is not None:
            return Response(answer.body, answer.status, {REPLAYED: "true"}, answer.media_type)
        try:
            with joining(parts.pool, tx):
                response = await handle(request)
        except CloudError as error:  # what it had committed before stays, as it would have without a key
            failed = error
        else:
            if response.status_code in KEPT:
                media_type = response.headers.get("content-type", "application/json")
                await keep_answer(
                    tx, asking, Answer(response.status_code, media_type, bytes(response.body)), parts.world.now()
                )
    if failed is not None:
        raise failed
    return response
