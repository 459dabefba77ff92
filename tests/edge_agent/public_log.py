"""A site's public log over real HTTP on this machine: honest, rolled back, forked, or with tiles that are wrong."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from proof.checkpoint import Checkpoint
from proof.errors import EncodingError
from proof.keys import SigningKey
from proof.merkle import HASH_BYTES, leaf_hash, root_of
from proof.note import NoteVerifier
from proof.tiles import Tile, edge_of, grow, parse_tile_path, width_in

LOG_KEY = SigningKey.from_seed(b"o" * 32)


@dataclass
class PublicLog:
    """The log of `site` and who asks for it; `broken` makes the first byte of every tile another one."""

    site: str = "sz01"
    key: SigningKey = LOG_KEY
    leaves: list[bytes] = field(default_factory=list)
    tiles: dict[Tile, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    absent: bool = False
    broken: bool = False
    only_full: bool = False
    grows_by: int = 0
    """Entries that each reader of the checkpoint finds more."""
    url: str = ""
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def origin(self) -> str:
        return f"sealtrail/demo/{self.site}"

    @property
    def verifier(self) -> NoteVerifier:
        return NoteVerifier(self.origin, self.key.public)

    def grow(self, count: int, text: str = "entry") -> bytes:
        """The signed checkpoint after `count` entries more."""
        size = len(self.leaves)
        new = [leaf_hash(f"{text} {size + number}".encode()) for number in range(count)]
        self.tiles |= grow({tile: self.tiles[tile] for tile in edge_of(size)}, size, new)
        self.leaves += new
        return self.note()

    def roll_back(self, size: int) -> bytes:
        """As a database restored from a copy: the entries from `size` on are gone."""
        kept, self.leaves, self.tiles = self.leaves[:size], [], {}
        self.tiles = dict(grow({}, 0, kept))
        self.leaves = kept
        return self.note()

    def note(self) -> bytes:
        return Checkpoint(self.origin, len(self.leaves), root_of(self.leaves)).sign(self.key).encode()

    def answer(self, path: str) -> bytes | None:
        prefix = f"/log/{self.site}/"
        if self.absent or not path.startswith(prefix):
            return None
        name = path.removeprefix(prefix)
        if name == "checkpoint":
            return self.grow(self.grows_by) if self.grows_by else self.note()
        try:
            asked = parse_tile_path(name.removeprefix("tile/"))
        except EncodingError:
            return None
        hashes = self.tiles.get(asked.tile, b"")[: asked.width * HASH_BYTES]
        there = asked.width <= width_in(asked.tile, len(self.leaves)) and not (self.only_full and asked.width < 256)
        if self.broken:
            hashes = bytes([hashes[0] ^ 1]) + hashes[1:]
        return hashes if there else None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := (await reader.readline()).decode():
            while (await reader.readline()).strip():
                pass
            path = line.split(" ")[1]
            self.asked.append(path)
            body = self.answer(path)
            status, body = ("200 OK", body) if body is not None else ("404 Not Found", b"")
            writer.write(f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
            await writer.drain()
            self.news.set()
        writer.close()

    async def asked_again(self, times: int = 1) -> None:
        """Returns after `times` more requests were answered."""
        enough = len(self.asked) + times
        async with asyncio.timeout(240):
            while len(self.asked) < enough:
                self.news.clear()
                await self.news.wait()


@asynccontextmanager
async def public_log(site: str = "sz01") -> AsyncIterator[PublicLog]:
    """The log, served until the end of the block."""
    log = PublicLog(site)
    server = await asyncio.start_server(log.serve, "127.0.0.1", 0)
    log.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield log
    finally:
        server.close()
