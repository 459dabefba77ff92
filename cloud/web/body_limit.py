"""No request brings more than it may: what is above is not read."""

from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyLimit:
    """Ends the reading of a body above `most` bytes with a 413. `exempt` tells paths that count for themselves."""

    def __init__(self, app: ASGIApp, most: int, exempt: Callable[[str], bool]) -> None:
        self._app, self._most, self._exempt = app, most, exempt

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request. Raises HTTPException out of the reading of its body."""
        if scope["type"] != "http" or self._exempt(scope["path"]):
            await self._app(scope, receive, send)
            return
        left = self._most

        async def counted() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413, f"A request has at most {self._most} bytes.")
            return message

        await self._app(scope, counted, send)
