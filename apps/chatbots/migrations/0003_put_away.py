"""Chatbots that are archived or deleted are offline and remember what they were; a deleted one's name is free again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chatbots", "0002_settings_of_pages")]

    operations = [
        migrations.AddField(model_name="chatbot", name="is_demo", field=models.BooleanField(default=False)),
        migrations.AddField(model_name="chatbot", name="was_published", field=models.BooleanField(default=False)),
        migrations.RemoveConstraint(model_name="chatbot", name="one_chatbot_per_name"),
        migrations.AddConstraint(
            model_name="chatbot",
            constraint=models.UniqueConstraint(
                fields=["organization", "name"],
                condition=models.Q(("deleted_at__isnull", True)),
                name="one_chatbot_per_name",
            ),
        ),
        migrations.AddConstraint(
            model_name="chatbot",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_published", False),
                    models.Q(("archived_at__isnull", True), ("deleted_at__isnull", True)),
                    _connector="OR",
                ),
                name="put_away_is_offline",
            ),
        ),
    ]
