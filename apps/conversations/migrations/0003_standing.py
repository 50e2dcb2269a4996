"""Lets the visitor login see whether the chatbot it serves is published, and nothing else of any chatbot."""

from typing import Any

from django.conf import settings
from django.db import migrations

OWN = "id = (SELECT NULLIF(current_setting('tacit.chatbot_id', true), '')::uuid)"


def open_to_visitors(apps: Any, schema_editor: Any) -> None:
    visitor = schema_editor.quote_name(settings.VISITOR_DATABASE["USER"])
    schema_editor.execute("ALTER TABLE chatbots_chatbot ENABLE ROW LEVEL SECURITY")
    schema_editor.execute(
        f"CREATE POLICY visitors_of_one_chatbot ON chatbots_chatbot FOR SELECT TO {visitor} USING ({OWN})"
    )
    schema_editor.execute(f"GRANT SELECT (id, is_published) ON chatbots_chatbot TO {visitor}")


def close_to_visitors(apps: Any, schema_editor: Any) -> None:
    visitor = schema_editor.quote_name(settings.VISITOR_DATABASE["USER"])
    schema_editor.execute(f"REVOKE SELECT (id, is_published) ON chatbots_chatbot FROM {visitor}")
    schema_editor.execute("DROP POLICY visitors_of_one_chatbot ON chatbots_chatbot")
    schema_editor.execute("ALTER TABLE chatbots_chatbot DISABLE ROW LEVEL SECURITY")


class Migration(migrations.Migration):
    dependencies = [("conversations", "0002_message_context"), ("chatbots", "0001_initial")]

    operations = [migrations.RunPython(open_to_visitors, close_to_visitors)]
