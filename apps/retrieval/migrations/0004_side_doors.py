"""Closes two side doors of the visitor login.

It may make no temporary tables, which could stand in front of ours in a search path. And the planner keeps no common
values of texts: its estimates would confirm a guess at another chatbot's text to whoever may run EXPLAIN, for row-level
security hides rows and not what is known of them.
"""

from typing import Any

from django.db import migrations

TEXTS = {"external_id": "text", "title": "text", "url": "text", "heading_path": "text[]", "text": "text"}


def close_side_doors(apps: Any, schema_editor: Any) -> None:
    database = schema_editor.quote_name(schema_editor.connection.settings_dict["NAME"])
    schema_editor.execute(f"REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC")
    for table in ("citable_passage", "learn_only_passage"):
        for column, of_type in TEXTS.items():
            # Naming the type anew costs nothing and throws away what is known of the column so far.
            schema_editor.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {of_type}")
            schema_editor.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0")


class Migration(migrations.Migration):
    dependencies = [("retrieval", "0003_learn_only_guard")]

    operations = [migrations.RunPython(close_side_doors, migrations.RunPython.noop)]
