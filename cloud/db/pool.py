"""Connections and transactions. The one place where psycopg's errors about a lost database become ours."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any, TypeAlias

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from cloud.errors import DatabaseGoneError

Row: TypeAlias = dict[str, Any]
Tx: TypeAlias = psycopg.AsyncConnection[Row]
"""A connection inside a transaction. Services are given one and never commit."""

Pool: TypeAlias = AsyncConnectionPool[Tx]

GONE = (psycopg.OperationalError, psycopg.InterfaceError)
TOO_BIG = "54"
"""SQLSTATE class of a value that no try can store: an operational error to psycopg, a bad value to us."""

_joined: ContextVar[tuple[Pool, Tx] | None] = ContextVar("joined", default=None)


@asynccontextmanager
async def open_pool(url: str, *, most: int = 8) -> AsyncIterator[Pool]:
    """A pool of at most `most` connections. Raises DatabaseGoneError when the first one cannot be made."""
    pool: Pool = AsyncConnectionPool(
        url,
        min_size=1,
        max_size=most,
        open=False,
        timeout=10,
        check=AsyncConnectionPool.check_connection,
        kwargs={"row_factory": dict_row, "options": "-c timezone=UTC", "connect_timeout": 5},
        name="cloud",
    )
    try:
        await (await connect(url)).close()
        await pool.open()
        yield pool
    finally:
        await pool.close()


async def connect(url: str) -> Tx:
    """A connection of one's own, in autocommit: to listen on, or to ask once. Raises DatabaseGoneError."""
    try:
        return await psycopg.AsyncConnection.connect(
            url, autocommit=True, row_factory=dict_row, options="-c timezone=UTC", connect_timeout=5
        )
    except GONE as error:
        raise DatabaseGoneError(f"no connection to the database: {error}") from error


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Tx]:
    """One transaction: committed when the block ends, rolled back when it raises.

    Within `joining` it is a part of that transaction (a savepoint), and committed with it.
    Raises DatabaseGoneError when the database went away; whether it was committed is then unknown.
    """
    outer = _joined.get()
    if outer is not None and outer[0] is pool:
        async with outer[1].transaction():
            yield outer[1]
        return
    try:
        async with pool.connection() as tx, tx.transaction():
            yield tx
    except GONE as error:
        if (error.sqlstate or "").startswith(TOO_BIG):
            raise
        raise DatabaseGoneError(f"the database is gone: {error}") from error


@contextmanager
def joining(pool: Pool, tx: Tx) -> Iterator[None]:
    """Until the block ends, what this task calls a transaction of `pool` is a part of `tx`."""
    token = _joined.set((pool, tx))
    try:
        yield
    finally:
        _joined.reset(token)


@asynccontextmanager
async def listening(url: str, *channels: str) -> AsyncIterator[Tx]:
    """A connection that hears NOTIFY on `channels`; ask it with `notifies()`. Raises DatabaseGoneError."""
    connection = await connect(url)
    try:
        for channel in channels:
            await connection.execute(psycopg.sql.SQL("LISTEN {}").format(psycopg.sql.Identifier(channel)))
        yield connection
    except GONE as error:
        raise DatabaseGoneError(f"the database is gone: {error}") from error
    finally:
        await connection.close()


async def one(tx: Tx, query: bytes, **values: Any) -> Row | None:
    """The first row of `query`, or None."""
    return await (await tx.execute(query, values)).fetchone()


async def rows(tx: Tx, query: bytes, **values: Any) -> list[Row]:
    """All rows of `query`."""
    return await (await tx.execute(query, values)).fetchall()


def storable(text: str) -> str:
    """`text` as PostgreSQL can hold it in a column: the NUL character, which it cannot, becomes U+FFFD."""
    return text.replace("\0", "\ufffd")
