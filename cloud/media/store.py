"""Where stills are kept: a folder, or any object store by URL (s3://bucket/prefix, …), by the same calls.

The store's own asynchronous calls are not used: after one of them an interpreter that ends is aborted now and then
(its threads still answer futures; PyO3/pyo3-async-runtimes issue 40). In threads of ours it ends as it should.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from cloud.media.errors import StoreGoneError

PIECE_BYTES = 1 << 18
"""So much of a recording is in memory at once when it is read."""


def open_store(url: str) -> ObjectStore:
    """The store at `url`; without a scheme it is a folder, made when missing. Raises StoreGoneError."""
    try:
        return from_url(url) if "://" in url else LocalStore(Path(url), mkdir=True)
    except (BaseError, OSError, ValueError) as error:
        raise StoreGoneError(f"{url}: {error}") from error


async def write(store: ObjectStore, sha256: str, content: bytes) -> None:
    """Keeps `content` under its digest: all of it or nothing. Raises StoreGoneError."""
    try:
        await asyncio.to_thread(obstore.put, store, _path(sha256), content)
    except (BaseError, OSError) as error:
        raise StoreGoneError(f"{sha256} was not kept: {error}") from error


async def read(store: ObjectStore, sha256: str) -> bytes:
    """The kept bytes. Raises StoreGoneError."""
    try:
        return await asyncio.to_thread(_read, store, _path(sha256))
    except (BaseError, OSError) as error:
        raise StoreGoneError(f"{sha256} cannot be read: {error}") from error


async def delete(store: ObjectStore, sha256: str) -> None:
    """Forgets the bytes, if they are there. Raises StoreGoneError."""
    try:
        await asyncio.to_thread(obstore.delete, store, _path(sha256))
    except FileNotFoundError:
        return
    except (BaseError, OSError) as error:
        raise StoreGoneError(f"{sha256} was not deleted: {error}") from error


async def write_part(store: ObjectStore, agent: str, sha256: str, offset: int, content: bytes) -> None:
    """Keeps a piece of something that comes in pieces. Raises StoreGoneError."""
    try:
        await asyncio.to_thread(obstore.put, store, _part(agent, sha256, offset), content)
    except (BaseError, OSError) as error:
        raise StoreGoneError(f"a piece of {sha256} was not kept: {error}") from error


async def join_parts(store: ObjectStore, agent: str, sha256: str, parts: Sequence[int]) -> bool:
    """Keeps what the pieces make together, if that is what its name says; one piece at a time is in memory.

    Raises StoreGoneError.
    """
    paths = [_part(agent, sha256, offset) for offset in parts]
    try:
        return await asyncio.to_thread(_join, store, sha256, paths)
    except (BaseError, OSError) as error:
        raise StoreGoneError(f"{sha256} cannot be put together: {error}") from error


async def delete_parts(store: ObjectStore, agent: str, sha256: str, parts: Sequence[int]) -> None:
    """Forgets pieces, as far as they are there. Raises StoreGoneError."""
    try:
        for offset in parts:
            await asyncio.to_thread(_forget, store, _part(agent, sha256, offset))
    except (BaseError, OSError) as error:
        raise StoreGoneError(f"pieces of {sha256} were not deleted: {error}") from error


async def pieces_of(store: ObjectStore, sha256: str) -> Iterator[bytes]:
    """The kept bytes in pieces, which are read as they are asked for. Raises StoreGoneError."""
    try:
        found = await asyncio.to_thread(obstore.get, store, _path(sha256))
    except (BaseError, OSError) as error:
        raise StoreGoneError(f"{sha256} cannot be read: {error}") from error
    return (bytes(piece) for piece in found.stream(min_chunk_size=PIECE_BYTES))


async def write_release(store: ObjectStore, sha256: str, path: Path) -> None:
    """Keeps the file at `path` as the release of that digest: all of it or nothing. Raises StoreGoneError."""
    try:
        await asyncio.to_thread(obstore.put, store, _release(sha256), path)
    except (BaseError, OSError) as error:
        raise StoreGoneError(f"the release {sha256} was not kept: {error}") from error


async def read_release(store: ObjectStore, sha256: str, start: int, size: int) -> AsyncIterator[bytes]:
    """Its bytes from `start` on, of `size` in all, in pieces. Raises StoreGoneError."""
    while start < size:
        length = min(PIECE_BYTES, size - start)
        try:
            piece = await asyncio.to_thread(obstore.get_range, store, _release(sha256), start=start, length=length)
        except (BaseError, OSError) as error:
            raise StoreGoneError(f"the release {sha256} cannot be read: {error}") from error
        yield bytes(piece)
        start += length


def _join(store: ObjectStore, sha256: str, paths: Sequence[str]) -> bool:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(_read(store, path))
    if digest.hexdigest() != sha256:
        return False
    with obstore.open_writer(store, _path(sha256)) as whole:  # there once it is closed, and not before
        for path in paths:
            whole.write(_read(store, path))
    return True


def _forget(store: ObjectStore, path: str) -> None:
    with suppress(FileNotFoundError):
        obstore.delete(store, path)


def _read(store: ObjectStore, path: str) -> bytes:
    return bytes(obstore.get(store, path).bytes())


def _path(sha256: str) -> str:
    return f"stills/{sha256[:2]}/{sha256}.jpg"


def _release(sha256: str) -> str:
    return f"releases/{sha256[:2]}/{sha256}.zip"


def _part(agent: str, sha256: str, offset: int) -> str:
    return f"parts/{sha256}/{agent}/{offset:012d}"
