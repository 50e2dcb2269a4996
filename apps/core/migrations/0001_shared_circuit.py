"""The table of the circuits that all processes share."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [
        migrations.CreateModel(
            name="SharedCircuit",
            fields=[
                ("name", models.CharField(max_length=200, primary_key=True, serialize=False)),
                ("state", models.CharField(default="closed", max_length=10)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("refuses_until", models.DateTimeField(null=True)),
                ("era", models.PositiveBigIntegerField(default=0)),
                ("reason", models.TextField(blank=True)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={"db_table": "shared_circuit"},
        ),
    ]
