"""Checks a database before Tacit uses it: version, pgvector, rights and the visitor login, each with what to do."""

from typing import Any

import psycopg
from psycopg import sql

from apps.core.error_handling import DatabaseError

LEAST_POSTGRES = 160000
LEAST_PGVECTOR = (0, 8)
OPEN_TO_VISITORS = ("citable_passage", "term_statistic", "index_statistics", "embedding_space")
OPEN_COLUMNS = {
    "steering_hint": ("chatbot_id", "space_id", "citable_passage_id", "weight", "embedding"),
    "chatbots_chatbot": ("id", "is_published"),
}


def connection_string(database: dict[str, Any]) -> str:
    """Return a Django database entry as libpq understands it."""
    return psycopg.conninfo.make_conninfo(
        host=database["HOST"] or None,
        port=database["PORT"] or None,
        dbname=database["NAME"],
        user=database["USER"],
        password=database["PASSWORD"] or None,
        connect_timeout=10,
        **{name: value for name, value in database["OPTIONS"].items() if name != "pool"},
    )


def check_database(owner: dict[str, Any], visitor: dict[str, Any]) -> None:
    """Raise DatabaseError, saying what to do, unless Tacit can work with this database and these two logins."""
    with connect(owner, "TACIT_DATABASE_URL") as connection:
        check_version(connection)
        check_pgvector(connection)
        check_rights(connection, visitor["USER"])
    with connect(visitor, "TACIT_VISITOR_DATABASE_URL") as connection:
        check_visitor(connection, owner["USER"])


def connect(database: dict[str, Any], variable: str) -> psycopg.Connection:
    try:
        return psycopg.connect(connection_string(database), autocommit=True)
    except (psycopg.OperationalError, psycopg.ProgrammingError) as error:  # the latter for options that don't exist
        reason = str(error).strip().splitlines()[-1]
        raise DatabaseError(
            f"PostgreSQL can't be reached ({reason}). Check {variable} and that the server runs."
        ) from None


def check_version(connection: psycopg.Connection) -> None:
    version = connection.info.server_version
    if version < LEAST_POSTGRES:
        raise DatabaseError(f"This is PostgreSQL {version // 10000}; Tacit needs 16 or newer. Upgrade the server.")


def check_pgvector(connection: psycopg.Connection) -> None:
    row = connection.execute(
        "SELECT default_version, installed_version FROM pg_available_extensions WHERE name = 'vector'"
    ).fetchone()
    if row is None:
        raise DatabaseError("The server has no pgvector. Install pgvector 0.8 or newer for its PostgreSQL version.")
    available, installed = row
    if tuple(map(int, (installed or available).split(".")[:2])) < LEAST_PGVECTOR:
        raise DatabaseError(
            f"The database has pgvector {installed or available}; Tacit needs 0.8 or newer. Install it, then run"
            " `ALTER EXTENSION vector UPDATE` as a superuser."
        )
    if installed is None and not can_create_extension(connection):
        raise DatabaseError(
            "pgvector is there but not switched on. Run `CREATE EXTENSION vector` as a superuser in this database."
        )


def can_create_extension(connection: psycopg.Connection) -> bool:
    row = connection.execute(
        "SELECT rolsuper OR (SELECT bool_or(trusted) FROM pg_available_extension_versions WHERE name = 'vector')"
        " FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    return bool(row and row[0])


def check_rights(connection: psycopg.Connection, visitor: str) -> None:
    row = connection.execute("SELECT has_schema_privilege(current_user, 'public', 'CREATE')").fetchone()
    if not (row and row[0]):
        raise DatabaseError(
            f"The login {connection.info.user!r} may not create tables. Run `ALTER DATABASE {connection.info.dbname}"
            f" OWNER TO {connection.info.user}` as a superuser."
        )
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [visitor]).fetchone():
        create_visitor = sql.SQL("CREATE ROLE {} LOGIN NOINHERIT PASSWORD '…'").format(sql.Identifier(visitor))
        raise DatabaseError(
            f"The login for visitors does not exist. Run `{create_visitor.as_string(connection)}` as a superuser and"
            " put it into TACIT_VISITOR_DATABASE_URL."
        )


def check_visitor(connection: psycopg.Connection, owner: str) -> None:
    """The visitor login must not be able to step round row-level security or to become anybody else."""
    row = connection.execute(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, rolname = %(owner)s,"
        " EXISTS (SELECT 1 FROM pg_auth_members WHERE member = pg_roles.oid)"
        " FROM pg_roles WHERE rolname = current_user",
        {"owner": owner},
    ).fetchone()
    if row is None or any(row):
        raise DatabaseError(
            "The login for visitors has too many rights: it must be another login than the owner's, no superuser,"
            " without BYPASSRLS, CREATEROLE, CREATEDB and REPLICATION, and no member of any role. Make one with"
            " `CREATE ROLE tacit_visitor LOGIN NOINHERIT PASSWORD '…'`."
        )


def check_learn_only_unreadable(visitor: dict[str, Any]) -> None:
    """Raise DatabaseError if the visitor login can read learn-only passages, documents or files."""
    with connect(visitor, "TACIT_VISITOR_DATABASE_URL") as connection:
        rows = connection.execute(
            "SELECT c.relname, a.attname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped"
            " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'v', 'm', 'p', 'f')"
            " AND has_column_privilege(c.oid, a.attnum, 'SELECT') AND c.relname <> ALL(%s)",
            [list(OPEN_TO_VISITORS)],
        ).fetchall()
    if seen := {table for table, column in rows if column not in OPEN_COLUMNS.get(table, ())}:
        names = ", ".join(sorted(seen))
        raise DatabaseError(
            f"Refusing to serve: the login for visitors can read {names}. Revoke it with"
            f" `REVOKE ALL ON {names} FROM {visitor['USER']}, PUBLIC`."
        )
