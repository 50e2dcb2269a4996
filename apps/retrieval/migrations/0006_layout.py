"""Keeps with each passage which blocks it consists of: kinds, spans, levels and pages, and no words."""

import django.contrib.postgres.fields
from django.db import migrations, models

TABLES = ("citable_passage", "learn_only_passage")


def layout() -> models.Field:
    return django.contrib.postgres.fields.ArrayField(
        base_field=models.IntegerField(), db_default=[], default=list, size=None
    )


class Migration(migrations.Migration):
    dependencies = [("retrieval", "0005_one_index_of_terms")]

    operations = [
        migrations.AddField(model_name="citablepassage", name="layout", field=layout()),
        migrations.AddField(model_name="learnonlypassage", name="layout", field=layout()),
        # As with texts: the planner's estimates must not confirm a guess at another chatbot's passage.
        *(
            migrations.RunSQL(f"ALTER TABLE {table} ALTER COLUMN layout SET STATISTICS 0", migrations.RunSQL.noop)
            for table in TABLES
        ),
    ]
