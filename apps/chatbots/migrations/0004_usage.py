"""The ledger of what language models use up, and what calls under way may use. The latter outlives no crash."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chatbots", "0003_put_away")]

    operations = [
        migrations.CreateModel(
            name="ModelUsage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("answers", models.PositiveIntegerField(default=0)),
                ("input_tokens", models.PositiveBigIntegerField(default=0)),
                ("output_tokens", models.PositiveBigIntegerField(default=0)),
                ("cost", models.DecimalField(decimal_places=8, default=0, max_digits=18)),
                (
                    "chatbot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="model_usage", to="chatbots.chatbot"
                    ),
                ),
            ],
            options={"db_table": "model_usage"},
        ),
        migrations.AddConstraint(
            model_name="modelusage",
            constraint=models.UniqueConstraint(fields=("chatbot", "day"), name="one_usage_per_day"),
        ),
        migrations.CreateModel(
            name="ReservedUsage",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("input_tokens", models.PositiveBigIntegerField()),
                ("output_tokens", models.PositiveBigIntegerField()),
                ("cost", models.DecimalField(decimal_places=8, max_digits=18)),
                ("reserved_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "chatbot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="chatbots.chatbot"
                    ),
                ),
            ],
            options={"db_table": "reserved_usage"},
        ),
        migrations.RunSQL("ALTER TABLE reserved_usage SET UNLOGGED", "ALTER TABLE reserved_usage SET LOGGED"),
    ]
