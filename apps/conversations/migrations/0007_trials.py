"""Marks the conversations that owners have themselves, to see how their chatbot answers."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conversations", "0005_usage")]

    operations = [
        migrations.AddField("conversation", "is_trial", models.BooleanField(default=False)),
    ]
