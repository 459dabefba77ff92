"""A colleague hears why not; a screen goes on where its stream broke off, and counts what comes twice."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from simulators.console import AnswerError, Colleague, Screen

NOW = datetime(2026, 11, 22, 3, 24, tzinfo=UTC)
Answer = Callable[[str], bytes]


@asynccontextmanager
async def server(answer: Answer) -> AsyncIterator[str]:
    """Answers each request, given as text, with bytes, and hangs up; yields its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        writer.write(answer(request))
        await writer.drain()
        writer.close()

    serving = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with serving:
        yield f"http://127.0.0.1:{serving.sockets[0].getsockname()[1]}"


def passage(index: int, seq: int) -> bytes:
    row = json.dumps({"agent": "nj01.gate-a", "seq": seq})
    return f"id: {index}\nevent: passage\ndata: {row}\n\n".encode()


STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n: \n\n"


async def test_a_screen_goes_on_where_it_was_and_counts_what_comes_twice() -> None:
    asked: list[str] = []

    def answer(request: str) -> bytes:
        asked.append(request)
        if "last-event-id" not in request.lower():
            return STREAM + passage(4, 1) + b'id: 5\nevent: alarm\ndata: {"cause": "gap", "place": "nj01.a"}\n\n'
        return STREAM + passage(6, 2) + passage(7, 2)

    async with server(answer) as url:
        colleague = Colleague(url, "operator", "secret")
        screen = Screen(colleague, "nj01", lambda: NOW)
        watching = asyncio.create_task(screen.watch())
        async with asyncio.timeout(240):
            assert (await screen.passage("nj01.gate-a", 1)).at == NOW
            assert (await screen.passage("nj01.gate-a", 2)).row["seq"] == 2
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await colleague.leave()
    assert "last-event-id: 5" in asked[1].lower()
    assert screen.doubled >= 1


async def test_a_no_carries_its_problem() -> None:
    body = json.dumps({"detail": "no such step", "reason": "wrong_state"}).encode()
    head = f"HTTP/1.1 409 Conflict\r\nContent-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n\r\n"
    async with server(lambda _: head.encode() + body) as url:
        colleague = Colleague(url, "keeper", "secret")
        with pytest.raises(AnswerError, match="no such step") as raised:
            await colleague.post("/permits")
        await colleague.leave()
    assert (raised.value.status, raised.value.problem["reason"]) == (409, "wrong_state")


async def test_an_answer_that_is_no_json_is_told_too() -> None:
    async with server(lambda _: b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 5\r\n\r\n<html") as url:
        colleague = Colleague(url, "keeper", "secret")
        with pytest.raises(AnswerError, match="<html"):
            await colleague.get("/agents")
        await colleague.leave()
