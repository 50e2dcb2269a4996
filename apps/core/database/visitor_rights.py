"""Asks the catalogue what the visitor login could do beyond what it needs; anything there is a way round the tables."""

import psycopg
from psycopg import sql

from apps.core.error_handling import DatabaseError

# Runs with its owner's rights and gives ids of the session's own chatbot's citable rows (retrieval's first migration).
DEFINER_FUNCTIONS = ("lexical_candidates(integer,sparsevec,integer[],integer)",)
FILE_FUNCTIONS = ("pg_read_file", "pg_read_binary_file", "pg_ls_dir", "pg_stat_file", "lo_import", "lo_export")

# `n` are all schemas but the system's own, `c` the tables, views and sequences in them.
CATALOGUE = """
WITH n AS (
    SELECT * FROM pg_namespace
    WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND nspname !~ '^pg_(toast|temp)'
),
c AS (
    SELECT pg_class.*, pg_class.oid AS id, nspname, format('%%I.%%I', nspname, relname) AS name
    FROM pg_class JOIN n ON n.oid = relnamespace
)
"""

# Each finds things by name, under the words that tell what is wrong with them.
CHECKS = {
    "may write to": """
        SELECT name FROM c WHERE relkind IN ('r', 'p', 'v', 'm', 'f')
        AND (has_table_privilege(id, 'DELETE, TRUNCATE, TRIGGER')
             OR has_any_column_privilege(id, 'INSERT, UPDATE, REFERENCES'))
        OR relkind = 'S' AND has_sequence_privilege(id, 'USAGE, SELECT, UPDATE')
    """,
    "may read, outside the schema public,": """
        SELECT name FROM c WHERE nspname <> 'public' AND relkind IN ('r', 'p', 'v', 'm', 'f')
        AND has_schema_privilege(relnamespace, 'USAGE') AND has_any_column_privilege(id, 'SELECT')
    """,
    "sees all chatbots' rows of": """
        SELECT name FROM c WHERE nspname = 'public' AND relkind IN ('r', 'p') AND relname <> 'embedding_space'
        AND has_any_column_privilege(id, 'SELECT') AND NOT row_security_active(id)
    """,
    "may run, with another's rights,": """
        SELECT p.oid::regprocedure::text FROM pg_proc p JOIN n ON n.oid = p.pronamespace
        WHERE p.prosecdef AND has_function_privilege(p.oid, 'EXECUTE')
        AND p.oid::regprocedure::text <> ALL(%(definer_functions)s)
    """,
    "may make things in": """
        SELECT 'schema ' || nspname FROM n WHERE has_schema_privilege(oid, 'CREATE')
        UNION ALL
        SELECT 'database ' || current_database() WHERE has_database_privilege(current_database(), 'CREATE')
    """,
    "may reach the server's files by": """
        SELECT DISTINCT proname::text FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
        AND proname = ANY(%(file_functions)s) AND has_function_privilege(oid, 'EXECUTE')
    """,
    "owns": "SELECT name FROM c WHERE relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)",
}


def check_rights_of_visitor(connection: psycopg.Connection) -> None:
    """Raise DatabaseError if this connection's login, the visitors', may do more than read what is open to it."""
    names = {"definer_functions": list(DEFINER_FUNCTIONS), "file_functions": list(FILE_FUNCTIONS)}
    found = {
        words: sorted(name for (name,) in connection.execute(sql.SQL(CATALOGUE) + sql.SQL(query), names).fetchall())
        for words, query in CHECKS.items()
    }
    if any(found.values()):
        told = "; ".join(f"it {words} {', '.join(names)}" for words, names in found.items() if names)
        raise DatabaseError(
            f"Refusing to serve: the login for visitors has rights it must not have: {told}. Revoke them from"
            f" {connection.info.user} and from PUBLIC, then start again."
        )
