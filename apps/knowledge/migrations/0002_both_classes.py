"""What finds texts that stand in both classes, and what the owner decided about them."""

from typing import Any

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

from apps.knowledge.likeness import bands_of

BATCH = 200


def give_bands(apps: Any, schema_editor: Any) -> None:
    """Give the documents that are there their bands; they are compared when they or the ones like them next change."""
    documents = apps.get_model("knowledge", "Document").objects
    some = []
    for document in documents.only("text").iterator(chunk_size=BATCH):
        document.bands = bands_of(document.text)
        some.append(document)
        if len(some) == BATCH:
            documents.bulk_update(some, ["bands"])
            some.clear()
    documents.bulk_update(some, ["bands"])


class Migration(migrations.Migration):
    dependencies = [("knowledge", "0001_initial")]

    operations = [
        migrations.AddField(model_name="source", name="both_accepted", field=models.BooleanField(default=False)),
        migrations.AddField(
            model_name="document",
            name="bands",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="document",
            name="twin",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="withheld",
                to="knowledge.document",
            ),
        ),
        migrations.RunPython(give_bands, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="document",
            index=django.contrib.postgres.indexes.GinIndex(
                fastupdate=False, fields=["bands"], name="documents_by_band"
            ),
        ),
    ]
