"""What may not be said by a chatbot, kept up to date by triggers, and the alarms."""

import uuid
from typing import Any

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

# Whoever changes passages, by whatever way, makes the guard out of date in the same transaction. A deletion must not
# make a row, for it may be the chatbot itself that is being deleted.
FUNCTIONS = """
CREATE FUNCTION passages_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO learn_only_guard AS guard (chatbot_id, wanted, made_from, format, runs, shifts, terms)
    SELECT DISTINCT chatbot_id, 1, 0, 0, ''::bytea, ''::bytea, '{}'::jsonb FROM changed ORDER BY chatbot_id
    ON CONFLICT (chatbot_id) DO UPDATE SET wanted = guard.wanted + 1;
    RETURN NULL;
END
$$;
CREATE FUNCTION passages_went() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE learn_only_guard SET wanted = wanted + 1 WHERE chatbot_id IN (SELECT chatbot_id FROM changed);
    RETURN NULL;
END
$$;
CREATE FUNCTION passages_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE learn_only_guard SET wanted = wanted + 1 WHERE chatbot_id IN (
        SELECT changed.chatbot_id FROM changed JOIN earlier USING (id)
        WHERE (changed.title, changed.url, changed.external_id, changed.heading_path, changed.text)
              IS DISTINCT FROM (earlier.title, earlier.url, earlier.external_id, earlier.heading_path, earlier.text)
    );
    RETURN NULL;
END
$$;
"""
TRIGGERS = """
CREATE TRIGGER guard_came AFTER INSERT ON {table} REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION passages_came();
CREATE TRIGGER guard_went AFTER DELETE ON {table} REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION passages_went();
CREATE TRIGGER guard_changed AFTER UPDATE ON {table} REFERENCING OLD TABLE AS earlier NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION passages_changed();
"""
# Chatbots that are there already get a guard that is out of date.
FIRST_ROWS = """
INSERT INTO learn_only_guard (chatbot_id, wanted, made_from, format, runs, shifts, terms)
SELECT id, 1, 0, 0, ''::bytea, ''::bytea, '{}'::jsonb FROM chatbots_chatbot ON CONFLICT DO NOTHING
"""


def guard(apps: Any, schema_editor: Any) -> None:
    """Lay the triggers and keep the visitor login away."""
    visitor = schema_editor.quote_name(settings.VISITOR_DATABASE["USER"])
    schema_editor.execute(FUNCTIONS, params=None)
    for table in ("citable_passage", "learn_only_passage"):
        schema_editor.execute(TRIGGERS.format(table=table), params=None)
    schema_editor.execute(FIRST_ROWS, params=None)
    schema_editor.execute(f"REVOKE ALL ON learn_only_guard, privacy_alarm FROM PUBLIC, {visitor}")


class Migration(migrations.Migration):
    dependencies = [("chatbots", "0001_initial"), ("retrieval", "0002_steering_hint")]

    operations = [
        migrations.CreateModel(
            name="LearnOnlyGuard",
            fields=[
                (
                    "chatbot",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="chatbots.chatbot",
                    ),
                ),
                ("wanted", models.BigIntegerField(default=1)),
                ("made_from", models.BigIntegerField(default=0)),
                ("format", models.PositiveSmallIntegerField(default=0)),
                ("runs", models.BinaryField(default=b"")),
                ("shifts", models.BinaryField(default=b"")),
                ("terms", models.JSONField(default=dict)),
            ],
            options={"db_table": "learn_only_guard"},
        ),
        migrations.CreateModel(
            name="PrivacyAlarm",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("message_id", models.UUIDField(db_index=True, null=True)),
                ("mode", models.CharField(max_length=10)),
                ("stopped", models.BooleanField()),
                ("hits", models.JSONField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "chatbot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="chatbots.chatbot"
                    ),
                ),
            ],
            options={"db_table": "privacy_alarm"},
        ),
        migrations.AddIndex(
            model_name="privacyalarm",
            index=models.Index(fields=["chatbot", "-created_at"], name="privacy_ala_chatbot_idx"),
        ),
        migrations.RunPython(guard, migrations.RunPython.noop),
    ]
