"""What every test stands on: an embedded PostgreSQL of the tests' own, with both logins."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection

from apps.core.database.embedded import EmbeddedPostgres
from apps.core.services import ServiceRegistry


@pytest.fixture(scope="session", autouse=True)
def postgres() -> Iterator[None]:
    """Run the embedded server while the tests run."""
    server = EmbeddedPostgres(settings.DATA_DIR)
    server.start()
    yield
    server.release()


@pytest.fixture(scope="session")
def django_db_setup(postgres: None, django_db_setup: None) -> None:
    """Let the visitor login work on the tests' database."""
    settings.VISITOR_DATABASE["NAME"] = connection.settings_dict["NAME"]


@pytest.fixture(autouse=True)
def fresh_services() -> Iterator[None]:
    """Let no service made for one test live on in the next."""
    yield
    ServiceRegistry.reset()
