"""Connections of the visitors' pool forget whom they served, whatever a broken or hostile session left in them."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import psycopg
import pytest

from apps.core.database import visitor
from apps.core.database.visitor import close_visitor_pool, connected, visiting
from apps.core.error_handling import DatabaseError
from tests.conftest import Owner

Result = TypeVar("Result")
COUNT = "SELECT count(*) FROM citable_passage"


@pytest.fixture(autouse=True)
def one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everybody get the same connection, one after another."""
    monkeypatch.setattr(visitor, "POOL_SIZE", 1)


def run(work: Callable[[], Awaitable[Result]]) -> Result:
    async def whole() -> Result:
        try:
            return await work()
        finally:
            await close_visitor_pool()

    return asyncio.run(whole())


async def value(connection: psycopg.AsyncConnection, query: str) -> Any:
    row = await (await connection.execute(query)).fetchone()
    return row[0] if row else None


def test_a_connection_that_served_one_bot_sees_nothing_afterwards(bot: dict[str, Any]) -> None:
    async def work() -> tuple[int, str, int]:
        async with visiting(uuid.UUID(bot["id"])) as connection:
            during = await value(connection, COUNT)
        async with connected() as connection:
            setting = await value(connection, "SELECT current_setting('tacit.chatbot_id', true)")
            return during, setting, await value(connection, COUNT)

    during, setting, after = run(work)
    assert during == 2
    assert (setting or "", after) == ("", 0)


@pytest.mark.parametrize(
    "left_behind",
    [
        "SELECT set_config('tacit.chatbot_id', '{bot}', false)",
        "SET SESSION tacit.chatbot_id = '{bot}'",
        "SET search_path = pg_catalog",
        "SET row_security = off",
        "SET plan_cache_mode = force_generic_plan",
        "PREPARE old AS SELECT count(*) FROM citable_passage",
        "DECLARE old CURSOR WITH HOLD FOR SELECT * FROM citable_passage",
        "SELECT pg_advisory_lock(1)",
    ],
)
def test_what_a_session_left_behind_shows_the_next_bot_s_visitor_only_that_bot(
    left_behind: str, alice: Owner, bot: dict[str, Any]
) -> None:
    other = alice.make_bot("Other")

    async def work() -> tuple[int, int]:
        async with connected() as connection:
            await connection.execute(left_behind.replace("{bot}", bot["id"]))
        async with visiting(uuid.UUID(other["id"])) as connection:
            others = await value(connection, COUNT)
        async with visiting(uuid.UUID(bot["id"])) as connection:
            return others, await value(connection, COUNT)

    assert run(work) == (0, 2)


def test_a_block_that_fails_leaves_no_bot_behind(bot: dict[str, Any]) -> None:
    async def work() -> int:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with visiting(uuid.UUID(bot["id"])) as connection:
                await (await connection.execute("SELECT text FROM learn_only_passage")).fetchall()
        async with connected() as connection:
            return int(await value(connection, COUNT))

    assert run(work) == 0


def test_a_pool_that_is_used_up_tells_so_and_hands_out_no_half_bound_connection(
    bot: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visitor, "WAIT_SECONDS", 0.2)

    async def work() -> None:
        async with visiting(uuid.UUID(bot["id"])):
            with pytest.raises(DatabaseError):
                async with visiting(uuid.uuid4()):
                    pytest.fail("a second connection was handed out")

    run(work)
