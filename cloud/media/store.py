"""Where stills are kept: a folder, or any object store by URL (s3://bucket/prefix, …), by the same calls.

The store's own asynchronous calls are not used: after one of them an interpreter that ends is aborted now and then
(its threads still answer futures; PyO3/pyo3-async-runtimes issue 40). In threads of ours it ends as it should.
"""

import asyncio
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from cloud.media.errors import StoreGoneError


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


def _read(store: ObjectStore, path: str) -> bytes:
    return bytes(obstore.get(store, path).bytes())


def _path(sha256: str) -> str:
    return f"stills/{sha256[:2]}/{sha256}.jpg"
