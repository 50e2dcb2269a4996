"""What the tests of the index share: a chatbot's shelf, two bots, and rows that other connections can see."""

from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from pytest_django import DjangoDbBlocker

from apps.accounts.models import Organization
from apps.core.database.urls import embedded_url
from apps.retrieval.models import EmbeddingSpace
from apps.retrieval.tests.shelf import Shelf
from apps.retrieval.tests.two_bots import Connection, World


@pytest.fixture
def shelf(db: None) -> Shelf:
    return Shelf()


@pytest.fixture(scope="module")
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let a module's rows be seen by the visitor login, which is another connection, and remove them in the end.

    Emptying every table after each test would take longer than the tests themselves. The module's tests are marked
    `django_db`: then there is a test database, and what they write themselves is rolled back.
    """
    with django_db_blocker.unblock():
        yield
        Organization.objects.all().delete()
        EmbeddingSpace.objects.all().delete()


@pytest.fixture(scope="module")
def world(committed: None) -> World:
    return World()


@pytest.fixture
def superuser() -> Iterator[Connection]:
    url = embedded_url(settings.DATA_DIR, user="postgres", database=settings.VISITOR_DATABASE["NAME"])
    with psycopg.connect(url, autocommit=True) as opened:
        yield opened
