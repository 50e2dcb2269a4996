"""Visitors share the product's pool of connections; each reads her own bot only, and nobody waits for ever."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import LiteralString
from uuid import UUID

import psycopg
import pytest
from django.conf import settings

from apps.core.database import visitor
from apps.core.database.visitor import close_visitor_pool, visiting, visitor_pool
from apps.core.error_handling import DatabaseError
from apps.retrieval.tests.two_bots import ALICES, BOBS, Connection, World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("world")]


@asynccontextmanager
async def pooled() -> AsyncIterator[None]:
    try:
        yield
    finally:
        await close_visitor_pool()


async def read(chatbot_id: UUID, *before: LiteralString) -> set[str]:
    async with visiting(chatbot_id) as opened:
        for statement in before:
            await opened.execute(statement)
        cursor = await opened.execute("SELECT text FROM citable_passage")
        return {text for (text,) in await cursor.fetchall()}


async def test_a_bot_is_forgotten_when_its_transaction_ends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitor, "POOL_SIZE", 1)  # so that everybody gets the same connection
    async with pooled():
        assert await read(world.alice.chatbot.pk) == {ALICES}
        pool = await visitor_pool()
        for _ in range(2):
            async with pool.connection() as opened:
                row = await (await opened.execute("SELECT current_setting('tacit.chatbot_id', true)")).fetchone()
                assert row == ("",)
                assert await (await opened.execute("SELECT text FROM citable_passage")).fetchall() == []
            with pytest.raises(psycopg.errors.UndefinedTable):  # a failed one leaves nothing behind either
                async with visiting(world.alice.chatbot.pk) as opened:
                    await opened.execute("SELECT 1 FROM no_such_table")
        assert await read(world.bob.chatbot.pk) == {BOBS}


async def test_many_visitors_at_once_each_see_their_own_bot(world: World) -> None:
    bots = [world.alice.chatbot.pk, world.bob.chatbot.pk] * 25
    async with pooled():
        found = await asyncio.gather(*(read(bot) for bot in bots))
    assert found == [{ALICES}, {BOBS}] * 25


async def test_visitors_cannot_write_at_all_and_not_hold_the_database_up(world: World) -> None:
    async with pooled():
        for statement in ("SELECT lo_create(0)", "CREATE TEMP TABLE mine (a int)", "SELECT nextval('mine')"):
            with pytest.raises((psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.UndefinedTable)):
                async with visiting(world.alice.chatbot.pk) as opened:
                    await opened.execute(statement)
        async with visiting(world.alice.chatbot.pk) as opened:
            cursor = await opened.execute("SHOW statement_timeout")
            assert await cursor.fetchone() == ("15s",)
        with pytest.raises(DatabaseError, match="too busy"):
            await read(world.alice.chatbot.pk, "SET LOCAL statement_timeout = 50", "SELECT pg_sleep(5)")


async def test_after_the_database_was_killed_the_next_visitor_is_served(world: World, superuser: Connection) -> None:
    async with pooled():
        await asyncio.gather(*(read(world.alice.chatbot.pk) for _ in range(20)))
        ended = superuser.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'tacit_visitor'"
        ).fetchall()
        assert len(ended) > 1
        for _ in range(10):
            assert await read(world.alice.chatbot.pk) == {ALICES}


async def test_a_visitor_waits_for_a_busy_database_only_so_long(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitor, "POOL_SIZE", 1)
    monkeypatch.setattr(visitor, "WAIT_SECONDS", 0.1)
    async with pooled():
        async with visiting(world.alice.chatbot.pk):
            with pytest.raises(DatabaseError, match="too busy"):
                await read(world.bob.chatbot.pk)
        assert await read(world.bob.chatbot.pk) == {BOBS}


async def test_a_database_that_is_not_there_is_told_as_such(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(visitor, "WAIT_SECONDS", 0.2)
    monkeypatch.setitem(settings.VISITOR_DATABASE, "HOST", "/nowhere")
    async with pooled():
        with pytest.raises(DatabaseError, match="can't be reached"):
            await read(UUID(int=0))
