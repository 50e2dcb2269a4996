"""Every command finds the database ready, whoever runs first."""

import json
import threading
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from apps.cli import readiness
from apps.core.database.urls import embedded_url
from apps.core.error_handling import DatabaseError

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def leaves_again() -> Any:
    yield
    readiness.postgres.release()


def applied() -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations ORDER BY id")
        return cursor.fetchall()


def test_a_database_that_is_ready_stays_as_it_is() -> None:
    before = applied()
    readiness.prepare()
    readiness.prepare()
    assert applied() == before


def test_of_two_commands_at_once_one_migrates_and_the_other_waits() -> None:
    call_command("migrate", "conversations", "zero", verbosity=0, interactive=False)
    missing = len(applied())
    failures: list[Exception] = []

    def command() -> None:
        try:
            readiness.bring_up_to_date()
        except Exception as error:  # noqa: BLE001  # the test looks at it
            failures.append(error)
        finally:
            connection.close()

    commands = [threading.Thread(target=command) for _ in range(3)]
    for one in commands:
        one.start()
    for one in commands:
        one.join()
    assert failures == []
    assert len(applied()) > missing
    assert len(applied()) == len(set(applied()))
    readiness.prepare()


def test_nothing_is_served_while_visitors_could_read_what_is_hidden() -> None:
    readiness.prepare()
    url = embedded_url(settings.DATA_DIR, user="postgres", database=settings.VISITOR_DATABASE["NAME"])
    with psycopg.connect(url, autocommit=True) as administrator:
        administrator.execute("GRANT SELECT ON learn_only_passage TO tacit_visitor")
        try:
            with pytest.raises(DatabaseError, match="Refusing to serve"):
                readiness.prepare()
        finally:
            administrator.execute("REVOKE SELECT ON learn_only_passage FROM tacit_visitor")
    readiness.prepare()


def test_what_is_printed_as_json_can_be_read_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    readiness.print_json({"name": "Grüße", "id": connection.settings_dict["NAME"]})
    printed = capsys.readouterr().out
    assert json.loads(printed)["name"] == "Grüße"
    assert "Grüße" in printed
