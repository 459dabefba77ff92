"""Waiting for processes and pages that send no event: the one place in the tests that polls, always with a deadline."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable

EVERY_S = 0.05


async def until(happened: Callable[[], Awaitable[bool] | bool], what: str, seconds: float = 240) -> None:
    """Returns when `happened` says so. Fails with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = happened()
        if inspect.isawaitable(answer):
            answer = await answer
        if answer:
            return
        await asyncio.sleep(EVERY_S)
    raise AssertionError(f"{what}: not within {seconds:g} s")


def until_now(happened: Callable[[], bool], what: str, seconds: float = 240) -> None:
    """The same for a test that is no coroutine."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if happened():
            return
        time.sleep(EVERY_S)
    raise AssertionError(f"{what}: not within {seconds:g} s")
