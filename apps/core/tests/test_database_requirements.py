"""A database that Tacit can't work with, or that would show visitors too much, is refused with what to do about it."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from psycopg import sql

from apps.core.database.requirements import (
    OPEN_COLUMNS,
    OPEN_TO_VISITORS,
    check_database,
    check_learn_only_unreadable,
    check_pgvector,
    check_rights,
    check_version,
    check_visitor,
    connect,
    connection_string,
)
from apps.core.database.urls import embedded_url
from apps.core.error_handling import DatabaseError

pytestmark = pytest.mark.django_db


def superuser(database: str) -> psycopg.Connection[tuple[Any, ...]]:
    return psycopg.connect(embedded_url(settings.DATA_DIR, user="postgres", database=database), autocommit=True)


@pytest.fixture
def database(django_db_setup: None) -> dict[str, Any]:
    """The tests' database, as the owner's login comes to it."""
    return connection.settings_dict


def login(name: str, database: dict[str, Any]) -> dict[str, Any]:
    return {**settings.VISITOR_DATABASE, "USER": name, "NAME": database["NAME"]}


@contextmanager
def granted(database: dict[str, Any], grant: str, revoke: str) -> Iterator[None]:
    """What a careless administrator did, and its undoing."""
    with superuser(database["NAME"]) as administrator:
        administrator.execute(grant)
        try:
            yield
        finally:
            administrator.execute(revoke)


class OtherServer:
    """Stands where a connection does and answers what another server would: the seam is the driver."""

    def __init__(self, *rows: tuple[Any, ...] | None, version: int = 180004) -> None:
        self.rows = list(rows)
        self.info = SimpleNamespace(server_version=version, user="tacit", dbname="tacit")

    def execute(self, query: str, params: object = None) -> "OtherServer":
        return self

    def fetchone(self) -> tuple[Any, ...] | None:
        return self.rows.pop(0)


# The server.


def test_the_embedded_database_is_as_tacit_needs_it(database: dict[str, Any]) -> None:
    check_database(database, login("tacit_visitor", database))
    check_learn_only_unreadable(login("tacit_visitor", database))


@pytest.mark.parametrize(("version", "told"), [(150012, "PostgreSQL 15"), (90624, "PostgreSQL 9")])
def test_alice_is_told_that_her_server_is_too_old(version: int, told: str) -> None:
    check_version(OtherServer(version=160000))  # type: ignore[arg-type]
    with pytest.raises(DatabaseError, match=rf"{told}; Tacit needs 16 or newer\. Upgrade"):
        check_version(OtherServer(version=version))  # type: ignore[arg-type]


def test_alice_is_told_that_pgvector_is_missing_old_or_not_switched_on() -> None:
    check_pgvector(OtherServer(("0.8.5", "0.8.0")))  # type: ignore[arg-type]
    check_pgvector(OtherServer(("1.0", None), (True,)))  # type: ignore[arg-type]
    with pytest.raises(DatabaseError, match=r"has no pgvector\. Install pgvector 0\.8"):
        check_pgvector(OtherServer(None))  # type: ignore[arg-type]
    with pytest.raises(DatabaseError, match=r"pgvector 0\.7\.4; .*`ALTER EXTENSION vector UPDATE"):
        check_pgvector(OtherServer(("0.8.5", "0.7.4")))  # type: ignore[arg-type]
    with pytest.raises(DatabaseError, match=r"not switched on\. Run `CREATE EXTENSION vector`"):
        check_pgvector(OtherServer(("0.8.5", None), (False,)))  # type: ignore[arg-type]


def test_a_database_without_pgvector_is_told_from_one_that_has_it(database: dict[str, Any]) -> None:
    with psycopg.connect(connection_string(database)) as owner:
        check_pgvector(owner)
    with superuser("postgres") as administrator:
        administrator.execute("DROP DATABASE IF EXISTS bare")
        administrator.execute("CREATE DATABASE bare TEMPLATE template0 OWNER tacit")
        try:
            with (
                psycopg.connect(embedded_url(settings.DATA_DIR, user="tacit", database="bare")) as owner,
                pytest.raises(DatabaseError, match="CREATE EXTENSION vector"),
            ):
                check_pgvector(owner)
        finally:
            administrator.execute("DROP DATABASE bare WITH (FORCE)")


def test_an_owner_who_may_not_make_tables_is_told_how_to(database: dict[str, Any]) -> None:
    with psycopg.connect(connection_string(database)) as owner:
        check_rights(owner, "tacit_visitor")
        with pytest.raises(DatabaseError, match='Run `CREATE ROLE "No visitor" LOGIN NOINHERIT'):
            check_rights(owner, "No visitor")
    with (
        granted(database, "CREATE ROLE bob LOGIN", "DROP ROLE bob"),
        psycopg.connect(connection_string(login("bob", database))) as bob,
        pytest.raises(DatabaseError, match=r"'bob' may not create tables\. Run `ALTER DATABASE"),
    ):
        check_rights(bob, "tacit_visitor")


@pytest.mark.parametrize(
    "changes", [{"HOST": "/nowhere"}, {"HOST": "127.0.0.1", "PORT": "1"}, {"OPTIONS": {"no_such_option": "1"}}]
)
def test_a_server_that_cannot_be_reached_is_told_with_the_variable_and_without_the_password(
    database: dict[str, Any], changes: dict[str, Any]
) -> None:
    with pytest.raises(DatabaseError, match=r"can't be reached .* Check TACIT_DATABASE_URL and that") as told:
        connect({**database, "PASSWORD": "hunter2", **changes}, "TACIT_DATABASE_URL")
    assert "hunter2" not in str(told.value)


def test_a_connection_string_holds_everything_that_the_address_said() -> None:
    place = {"HOST": "db", "PORT": "5433", "NAME": "a b"}
    text = connection_string({**place, "USER": "u", "PASSWORD": "p'\\", "OPTIONS": {"sslmode": "require"}})
    assert psycopg.conninfo.conninfo_to_dict(text) == {
        "host": "db", "port": "5433", "dbname": "a b", "user": "u", "password": "p'\\", "sslmode": "require",
        "connect_timeout": "10",
    }  # fmt: skip


# The visitors' login.


@pytest.mark.parametrize(
    "rights",
    ["SUPERUSER", "BYPASSRLS", "CREATEROLE", "CREATEDB", "REPLICATION", "IN ROLE tacit", "IN ROLE pg_read_all_data"],
)
def test_a_visitor_login_with_too_many_rights_is_refused(database: dict[str, Any], rights: str) -> None:
    refused = pytest.raises(DatabaseError, match=r"has too many rights.*CREATE ROLE tacit_visitor LOGIN NOINHERIT")
    for more, verdict in (("", nullcontext()), (rights, refused)):
        with (
            granted(database, f"CREATE ROLE mallory LOGIN NOINHERIT {more}", "DROP ROLE mallory"),
            psycopg.connect(connection_string(login("mallory", database))) as visitor,
            verdict,
        ):
            check_visitor(visitor, "tacit")


def test_the_owner_cannot_be_the_visitor(database: dict[str, Any]) -> None:
    with pytest.raises(DatabaseError, match="must be another login than the owner's"):
        check_database(database, login(database["USER"], database))


READABLE = [
    ("learn_only_passage", "GRANT SELECT ON {0} TO {1}", "REVOKE ALL ON {0} FROM {1}"),
    ("knowledge_document", "GRANT SELECT (text) ON {0} TO {1}", "REVOKE ALL (text) ON {0} FROM {1}"),
    ("knowledge_filepiece", "GRANT SELECT ON {0} TO PUBLIC", "REVOKE ALL ON {0} FROM PUBLIC"),
    ("told", "CREATE VIEW {0} AS SELECT text FROM learn_only_passage; GRANT SELECT ON {0} TO {1}", "DROP VIEW {0}"),
    (
        "kept",
        "CREATE MATERIALIZED VIEW {0} AS SELECT text FROM learn_only_passage; GRANT SELECT ON {0} TO {1}",
        "DROP MATERIALIZED VIEW {0}",
    ),
]


@pytest.mark.parametrize(("table", "grant", "revoke"), READABLE)
def test_tacit_refuses_to_serve_when_visitors_could_read_what_they_must_not(
    database: dict[str, Any], table: str, grant: str, revoke: str
) -> None:
    visitor = login("tacit_visitor", database)
    with (
        granted(database, grant.format(table, "tacit_visitor"), revoke.format(table, "tacit_visitor")),
        pytest.raises(DatabaseError, match=rf"Refusing to serve: .* can read {table}\. Revoke it") as refused,
    ):
        check_learn_only_unreadable(visitor)
    assert f"REVOKE ALL ON {table} FROM tacit_visitor, PUBLIC" in str(refused.value)
    check_learn_only_unreadable(visitor)


def test_what_is_open_to_visitors_is_a_short_list_of_tables_that_exist(database: dict[str, Any]) -> None:
    with psycopg.connect(connection_string(login("tacit_visitor", database)), autocommit=True) as visitor:
        for table in OPEN_TO_VISITORS:
            visitor.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(sql.Identifier(table)))
        readable = visitor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'v', 'm', 'p') AND has_any_column_privilege(oid, 'SELECT')"
        ).fetchall()
    assert {name for (name,) in readable} == {*OPEN_TO_VISITORS, *OPEN_COLUMNS}
