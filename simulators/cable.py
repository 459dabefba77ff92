"""A network cable between two of our processes, as a TCP proxy that can be pulled, muted and plugged in again."""

import asyncio
from contextlib import suppress

CHUNK_BYTES = 64 << 10


class Cable:
    """Carries what arrives at 127.0.0.1:`port` to `target_port` and back, while it is whole."""

    def __init__(self, target_port: int) -> None:
        self.port = 0
        self._target_port = target_port
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self._carrying: set[asyncio.Task[None]] = set()
        self._whole = True
        self._heard = asyncio.Event()
        self._heard.set()

    async def plug(self) -> None:
        """Starts to listen; `port` is known afterwards."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """Ends every connection and refuses new ones: both sides notice."""
        self._whole = False
        for writer in self._ends:
            writer.transport.abort()

    def mute(self) -> None:
        """A black hole: connections stand, bytes stay in it, nobody is told."""
        self._heard.clear()

    def mend(self) -> None:
        """As new; what a muted cable swallowed still arrives, as TCP would send it again."""
        self._whole = True
        self._heard.set()

    async def unplug(self) -> None:
        """The end of it."""
        self.cut()
        self._heard.set()
        if self._server is not None:
            self._server.close()
        await asyncio.gather(*self._carrying)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._carrying.add(task)
            task.add_done_callback(self._carrying.discard)
        if not self._whole:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
            return
        self._ends |= {writer, far_writer}
        try:
            await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))
        finally:
            self._ends -= {writer, far_writer}
            writer.transport.abort()
            far_writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(CHUNK_BYTES):
                await self._heard.wait()
                writer.write(data)
                await writer.drain()
        writer.transport.abort() if not self._whole else writer.close()
