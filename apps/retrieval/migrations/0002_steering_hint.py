"""Steering hints, and candidates by rare words that never scan a whole chatbot."""

import uuid
from typing import Any

import django.db.models.deletion
import pgvector.django.halfvec
from django.conf import settings
from django.db import migrations, models

OWN_CHATBOT = "chatbot_id = (SELECT NULLIF(current_setting('tacit.chatbot_id', true), '')::uuid)"

# The planner took a scan of all of a chatbot's passages for cheaper than the inverted index, and was wrong: it knows
# nothing of the cost of terms that are stored apart. It also believed in a thousand rows where a hundred come.
FUNCTION = "lexical_candidates(integer, sparsevec, integer[], integer)"
LEXICAL_CANDIDATES = f"""
ALTER FUNCTION {FUNCTION} ROWS 100;
ALTER FUNCTION {FUNCTION} SET enable_seqscan = off;
ALTER FUNCTION {FUNCTION} SET enable_indexscan = off;
ALTER FUNCTION {FUNCTION} SET random_page_cost = 1.1;
"""

# A hint is gone when either end of its link is: moved to the other class, made anew or deleted.
ENDS = (("citable_passage_id", "citable_passage"), ("learn_only_passage_id", "learn_only_passage"))
OPEN_COLUMNS = "chatbot_id, space_id, citable_passage_id, weight, embedding"


# Learn-only sources have no influence in a sealed chatbot: it has no hints.
SEALED = """
CREATE FUNCTION forget_steering_hints() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM steering_hint WHERE chatbot_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER sealed_chatbots_have_no_hints AFTER UPDATE OF learn_only_use ON chatbots_chatbot
    FOR EACH ROW WHEN (NEW.learn_only_use = 'sealed') EXECUTE FUNCTION forget_steering_hints();
CREATE FUNCTION refuse_steering_hint() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RETURN CASE WHEN EXISTS (SELECT 1 FROM chatbots_chatbot WHERE id = NEW.chatbot_id AND learn_only_use = 'sealed')
                THEN NULL ELSE NEW END;
END
$$;
CREATE TRIGGER no_hint_in_a_sealed_chatbot BEFORE INSERT ON steering_hint
    FOR EACH ROW EXECUTE FUNCTION refuse_steering_hint();
REVOKE ALL ON FUNCTION forget_steering_hints(), refuse_steering_hint() FROM PUBLIC;
"""


def open_to_visitors(apps: Any, schema_editor: Any) -> None:
    """Give the visitor login a hint's vector and where it leads, and nothing of where it came from."""
    visitor = schema_editor.quote_name(settings.VISITOR_DATABASE["USER"])
    for column, table in ENDS:
        schema_editor.execute(
            f"ALTER TABLE steering_hint ADD FOREIGN KEY ({column}) REFERENCES {table} (id) ON DELETE CASCADE"
        )
    schema_editor.execute("ALTER TABLE steering_hint ALTER COLUMN embedding SET STORAGE MAIN")
    schema_editor.execute("ALTER TABLE steering_hint ENABLE ROW LEVEL SECURITY")
    schema_editor.execute(
        f"CREATE POLICY visitors_of_one_chatbot ON steering_hint FOR SELECT TO {visitor} USING ({OWN_CHATBOT})"
    )
    schema_editor.execute(f"REVOKE ALL ON steering_hint, removed_steering_link FROM PUBLIC, {visitor}")
    schema_editor.execute(f"GRANT SELECT ({OPEN_COLUMNS}) ON steering_hint TO {visitor}")


class Migration(migrations.Migration):
    dependencies = [("chatbots", "0001_initial"), ("retrieval", "0001_initial")]

    operations = [
        migrations.RunSQL(LEXICAL_CANDIDATES, migrations.RunSQL.noop),
        migrations.CreateModel(
            name="SteeringHint",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("citable_passage_id", models.UUIDField(db_index=True)),
                ("learn_only_passage_id", models.UUIDField(db_index=True)),
                ("weight", models.FloatField()),
                ("embedding", pgvector.django.halfvec.HalfVectorField()),
                (
                    "chatbot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="chatbots.chatbot"
                    ),
                ),
                (
                    "space",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="retrieval.embeddingspace",
                    ),
                ),
            ],
            options={"db_table": "steering_hint"},
        ),
        migrations.CreateModel(
            name="RemovedSteeringLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("link_hash", models.CharField(max_length=64)),
                (
                    "chatbot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="chatbots.chatbot"
                    ),
                ),
            ],
            options={"db_table": "removed_steering_link"},
        ),
        migrations.AddConstraint(
            model_name="removedsteeringlink",
            constraint=models.UniqueConstraint(fields=("chatbot", "link_hash"), name="one_removal_per_link"),
        ),
        migrations.RunSQL(SEALED, migrations.RunSQL.noop),
        migrations.RunPython(open_to_visitors, migrations.RunPython.noop),
    ]
