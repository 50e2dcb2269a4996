"""Connections of the visitor login, each bound to one chatbot for one transaction."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID
from weakref import WeakKeyDictionary

import psycopg
from django.conf import settings
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from apps.core.database.requirements import connection_string
from apps.core.error_handling import DatabaseError

POOL_SIZE = 8
WAIT_SECONDS = 10
# A plan made for every chatbot can't use the indexes that belong to one; statements that run wild are stopped.
SESSION = "-c plan_cache_mode=force_custom_plan -c statement_timeout=15000 -c default_transaction_read_only=on"

_pools: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncConnectionPool] = WeakKeyDictionary()


async def visitor_pool() -> AsyncConnectionPool:
    """Return the pool of the running event loop, opened on first use."""
    loop = asyncio.get_running_loop()
    pool = _pools.get(loop)
    if pool is None:
        conninfo = psycopg.conninfo.make_conninfo(connection_string(settings.VISITOR_DATABASE), options=SESSION)
        pool = _pools[loop] = AsyncConnectionPool(
            conninfo, min_size=1, max_size=POOL_SIZE, open=False, kwargs={"autocommit": True}
        )
        await pool.open()
    return pool


async def close_visitor_pool() -> None:
    """Close the running event loop's pool, if it has one."""
    if pool := _pools.pop(asyncio.get_running_loop(), None):
        await pool.close()


@asynccontextmanager
async def connected() -> AsyncIterator[psycopg.AsyncConnection]:
    """Give a connection of the pool; the ones that a restart of the database has cut are thrown away on the way."""
    pool = await visitor_pool()
    while True:
        async with pool.connection(timeout=WAIT_SECONDS) as connection:
            if not is_cut(connection):
                yield connection
                return


def is_cut(connection: psycopg.AsyncConnection) -> bool:
    """Return whether the server has hung up on an idle connection, which takes no round trip to see."""
    try:
        for _ in range(2):  # the first look may find the server's farewell
            connection.pgconn.consume_input()
    except psycopg.OperationalError:
        return True
    return connection.closed


@asynccontextmanager
async def visiting(chatbot_id: UUID) -> AsyncIterator[psycopg.AsyncConnection]:
    """Give a connection that sees the citable rows of one chatbot, until the block's transaction ends.

    Statements are sent together as far as the block does not wait for a result in between.
    """
    try:
        async with connected() as connection, connection.pipeline():
            # Whatever setting a session before left in the connection; on its way together with what follows.
            await connection.execute("RESET ALL")
            async with connection.transaction():
                await connection.execute("SELECT set_config('tacit.chatbot_id', %s, true)", [str(chatbot_id)])
                yield connection
    except (PoolTimeout, psycopg.OperationalError) as error:
        raise DatabaseError("The database can't be reached or is too busy. Try again in a moment.") from error
