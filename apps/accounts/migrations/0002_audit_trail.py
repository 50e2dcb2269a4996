"""The audit trail, which the database itself keeps from being changed."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

# By the database and not by Django, so that the trigger below can tell it from a deletion of entries: when the
# cascade comes to them, their organization is gone already.
GOES_WITH_ITS_ORGANIZATION = """
ALTER TABLE accounts_auditentry ADD CONSTRAINT audit_entry_of_organization
    FOREIGN KEY (organization_id) REFERENCES accounts_organization (id) ON DELETE CASCADE
"""
ONLY_GROWS = """
CREATE FUNCTION audit_trail_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND NOT EXISTS (SELECT FROM accounts_organization WHERE id = OLD.organization_id) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'The audit trail only grows: its entries are neither changed nor deleted.'
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER audit_trail_only_grows BEFORE UPDATE OR DELETE ON accounts_auditentry
    FOR EACH ROW EXECUTE FUNCTION audit_trail_only_grows();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("action", models.CharField(max_length=40)),
                ("actor_kind", models.CharField(max_length=12)),
                ("actor_label", models.TextField()),
                ("user_id", models.UUIDField(null=True)),
                ("key_id", models.UUIDField(null=True)),
                ("chatbot_id", models.UUIDField(null=True)),
                ("object_kind", models.CharField(max_length=20)),
                ("object_id", models.CharField(max_length=64)),
                ("object_name", models.CharField(blank=True, max_length=300)),
                ("details", models.JSONField(default=dict)),
                (
                    "organization",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="accounts.organization",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["organization", "-id"], name="accounts_au_organiz_8ff5de_idx"),
                    models.Index(fields=["organization", "at"], name="accounts_au_organiz_d70af8_idx"),
                    models.Index(fields=["chatbot_id", "-id"], name="accounts_au_chatbot_4b9efd_idx"),
                ],
            },
        ),
        migrations.RunSQL(
            GOES_WITH_ITS_ORGANIZATION, "ALTER TABLE accounts_auditentry DROP CONSTRAINT audit_entry_of_organization"
        ),
        migrations.RunSQL(
            ONLY_GROWS,
            "DROP TRIGGER audit_trail_only_grows ON accounts_auditentry; DROP FUNCTION audit_trail_only_grows()",
        ),
    ]
