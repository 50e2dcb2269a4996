"""Gets the database ready for a command: started if it is ours, checked, migrated."""

import json
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.accounts.actors import at_the_command_line, become
from apps.core.database.embedded import EmbeddedPostgres
from apps.core.database.requirements import check_database, check_learn_only_unreadable

postgres = EmbeddedPostgres(settings.DATA_DIR)
MIGRATION_LOCK = 7264_001  # any number that means the same to all of our processes


def prepare() -> None:
    """Start the embedded database if it is used, check the database and bring its tables up to date.

    Raises DatabaseError, saying what to do.
    """
    become(at_the_command_line())
    if settings.EMBEDDED_DATABASE:
        postgres.start()
    check_database(settings.DATABASES["default"], settings.VISITOR_DATABASE)
    bring_up_to_date()
    check_learn_only_unreadable(settings.VISITOR_DATABASE)


def bring_up_to_date() -> None:
    """Run the migrations that are missing; of several processes at once, one does and the others wait."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        try:
            executor = MigrationExecutor(connection)
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                call_command("migrate", verbosity=0, interactive=False)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])


def print_json(value: Any) -> None:
    """Print one JSON document."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str))
