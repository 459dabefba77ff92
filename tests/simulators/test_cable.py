"""A cable carries, is cut, is muted, and is mended."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from simulators.cable import Cable


@pytest.fixture
async def cable() -> AsyncIterator[Cable]:
    """A cable to a server that answers each line with the same in capitals."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(line.upper())
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    cable = Cable(server.sockets[0].getsockname()[1])
    await cable.plug()
    yield cable
    await cable.unplug()
    server.close()
    await server.wait_closed()


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, word: bytes) -> bytes:
    writer.write(word + b"\n")
    return await reader.readline()


async def test_it_carries_both_ways(cable: Cable) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", cable.port)
    assert await ask(reader, writer, b"hello") == b"HELLO\n"
    writer.close()


async def test_a_cut_ends_what_is_connected_and_refuses_what_is_new(cable: Cable) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", cable.port)
    assert await ask(reader, writer, b"hello") == b"HELLO\n"
    cable.cut()
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    writer.close()
    reader, writer = await asyncio.open_connection("127.0.0.1", cable.port)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    writer.close()


async def test_mended_it_carries_again(cable: Cable) -> None:
    cable.cut()
    cable.mend()
    reader, writer = await asyncio.open_connection("127.0.0.1", cable.port)
    assert await ask(reader, writer, b"again") == b"AGAIN\n"
    writer.close()


async def test_muted_it_stands_and_says_nothing_until_it_is_mended(cable: Cable) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", cable.port)
    assert await ask(reader, writer, b"hello") == b"HELLO\n"
    cable.mute()
    answer = asyncio.create_task(ask(reader, writer, b"lost?"))
    done, _ = await asyncio.wait({answer}, timeout=0.2)
    assert not done
    cable.mend()
    assert await answer == b"LOST?\n"
    writer.close()
