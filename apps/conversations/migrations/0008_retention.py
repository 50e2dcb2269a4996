"""How many days a chatbot's conversations are kept."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chatbots", "0002_settings_of_pages"), ("conversations", "0007_trials")]

    operations = [
        migrations.CreateModel(
            name="Retention",
            fields=[
                (
                    "chatbot",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="retention",
                        serialize=False,
                        to="chatbots.chatbot",
                    ),
                ),
                ("days", models.PositiveIntegerField()),
            ],
        ),
    ]
