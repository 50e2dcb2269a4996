"""What every test stands on: an embedded PostgreSQL of the tests' own, with both logins."""

from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from apps.core.database.embedded import EmbeddedPostgres
from apps.core.database.urls import embedded_url
from apps.core.services import ServiceRegistry


@pytest.fixture(scope="session", autouse=True)
def postgres() -> Iterator[None]:
    """Run the embedded server while the tests run."""
    server = EmbeddedPostgres(settings.DATA_DIR)
    server.start()
    yield
    server.release()


@pytest.fixture(scope="session")
def django_db_setup(postgres: None, django_db_setup: None) -> Iterator[None]:
    """Let the visitor login work on the tests' database, and end what still holds on to it when it is dropped."""
    settings.VISITOR_DATABASE["NAME"] = connection.settings_dict["NAME"]
    yield
    with psycopg.connect(
        embedded_url(settings.DATA_DIR, user="postgres", database="postgres"), autocommit=True
    ) as root:
        root.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [connection.settings_dict["NAME"]],
        )


@pytest.fixture(autouse=True)
def fresh_services() -> Iterator[None]:
    """Let no service made for one test live on in the next."""
    yield
    ServiceRegistry.reset()
