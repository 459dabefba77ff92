"""tlog-witness over HTTP, as a plain ASGI function. Parses, asks the witness in its one thread, answers."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import Executor
from typing import Any

from proof.witness import MAX_BYTES, Cosigned, Declined
from witness.errors import StateError
from witness.witness import Witness

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

TEXT = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"
MAX_READ = 16 * MAX_BYTES
"""Read of a request that is too large, and dropped: who is still writing would get a reset instead of the answer."""
BODY_TIMEOUT_S = 30
"""How long a body may take to arrive."""

_LOG = logging.getLogger(__name__)


class _BodyRefused(Exception):  # noqa: N818 - never leaves this file; it is an answer, not an error
    def __init__(self, status: int, why: str) -> None:
        self.status, self.why = status, why


def create_app(witness: Witness, executor: Executor, prefix: str = "") -> App:
    """Serves both prefixes of the specification under the path `prefix`. `executor` has exactly one thread."""
    checkpoint_path = re.compile(re.escape(prefix) + r"/([0-9a-f]{64})/checkpoint")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        loop = asyncio.get_running_loop()
        asked = checkpoint_path.fullmatch(path)
        try:
            if path == f"{prefix}/add-checkpoint":
                if method != "POST":
                    return await _answer(send, 405, "POST a request here\n", allow="POST")
                body = await _body(receive)
                return await _answer_judged(send, await loop.run_in_executor(executor, witness.add_checkpoint, body))
            if asked:
                if method != "GET":
                    return await _answer(send, 405, "GET a checkpoint here\n", allow="GET")
                note = await loop.run_in_executor(executor, witness.checkpoint, asked[1])
                if note is not None:
                    return await _answer(send, 200, note)
                return await _answer(send, 404, "never cosigned\n")
            return await _answer(send, 404, "no such address\n")
        except _BodyRefused as refused:
            return await _answer(send, refused.status, f"{refused.why}\n", connection="close")
        except StateError as error:
            _LOG.error("%s", error)
            return await _answer(send, 503, f"{error.diagnosis}\n")

    return app


async def _body(receive: Receive) -> bytes:
    """The whole body, at most MAX_BYTES. Raises _BodyRefused."""
    body, more, size = bytearray(), True, 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            while more and size <= MAX_READ:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _BodyRefused(400, "the connection ended before the request")
                part = message.get("body", b"")
                size += len(part)
                if size <= MAX_BYTES:
                    body += part
                more = message.get("more_body", False)
    except TimeoutError:
        raise _BodyRefused(408, f"no whole request within {BODY_TIMEOUT_S} s") from None
    if size > MAX_BYTES:
        raise _BodyRefused(413, f"a request has at most {MAX_BYTES} bytes")
    return bytes(body)


async def _answer_judged(send: Send, judged: Cosigned | Declined) -> None:
    if isinstance(judged, Cosigned):
        await _answer(send, 200, judged.lines)
    elif judged.status == 409:
        await _answer(send, 409, f"{judged.size}\n", kind=SIZE)
    else:
        await _answer(send, judged.status, f"{judged.why}\n")


async def _answer(send: Send, status: int, text: str, kind: str = TEXT, **headers: str) -> None:
    body = text.encode()
    named = {"content-type": kind, "content-length": str(len(body)), **headers}
    lines = [(name.encode(), value.encode()) for name, value in named.items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})
