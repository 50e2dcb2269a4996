"""Alive is one thing, ready another; and a stranger learns nothing of either but that."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import AsyncClient

from apps.core.database.visitor import close_visitor_pool
from apps.observability import health


@pytest.fixture(autouse=True)
def asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "latest", health.Readiness())


@pytest.fixture
async def asking(async_client: AsyncClient) -> Any:
    yield async_client
    await close_visitor_pool()


async def test_a_process_that_lives_says_so_without_asking_anybody(async_client: AsyncClient) -> None:
    response = await async_client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")


@pytest.mark.django_db(transaction=True)
async def test_it_is_ready_when_database_tables_and_visitors_login_are(asking: AsyncClient) -> None:
    response = await asking.get("/readyz")
    assert (response.status_code, response.json()) == (200, {"ready": True, "reasons": []})


@pytest.mark.django_db(transaction=True)
async def test_without_the_visitors_login_it_is_not_ready_and_gives_nothing_away(
    asking: AsyncClient, settings: Any
) -> None:
    settings.VISITOR_DATABASE = {**settings.VISITOR_DATABASE, "USER": "tacit_visitor_x", "PASSWORD": "hunter22"}
    settings.VISITOR_DATABASE["NAME"] = "no_such_database"
    response = await asking.get("/readyz")
    assert response.status_code == 503
    (reason,) = response.json()["reasons"]
    assert "login for visitors" in reason
    assert "doctor" in reason
    assert not [word for word in ("hunter22", "no_such_database", "tacit_visitor_x") if word in reason]


@pytest.fixture
def without_the_last_migration(transactional_db: None) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE django_migrations SET app = 'elsewhere' WHERE app = 'observability'")
    yield
    with connection.cursor() as cursor:
        cursor.execute("UPDATE django_migrations SET app = 'observability' WHERE app = 'elsewhere'")


async def test_with_a_migration_missing_it_is_not_ready(without_the_last_migration: None, asking: AsyncClient) -> None:
    response = await asking.get("/readyz")
    assert response.status_code == 503
    assert response.json()["reasons"] == ["1 migrations are missing. Run `tacit migrate`."]
