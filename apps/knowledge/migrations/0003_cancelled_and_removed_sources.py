"""Reading that was stopped, and what is kept for an hour of a deleted source."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chatbots", "0001_initial"),
        ("knowledge", "0002_both_classes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="filepiece",
            name="source",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="pieces", to="knowledge.source"
            ),
        ),
        migrations.AlterField(
            model_name="source",
            name="status",
            field=models.CharField(
                choices=[
                    ("queued", "Waiting"),
                    ("running", "Reading"),
                    ("ready", "Ready"),
                    ("failed", "Failed"),
                    ("cancelled", "Cancelled"),
                ],
                default="queued",
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="RemovedSource",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(choices=[("file", "File"), ("url", "Web page"), ("text", "Text")], max_length=4),
                ),
                (
                    "disclosure",
                    models.CharField(choices=[("citable", "Citable"), ("learn_only", "Learn-only")], max_length=10),
                ),
                ("title", models.CharField(max_length=500)),
                ("file_name", models.CharField(blank=True, max_length=500)),
                ("url", models.CharField(blank=True, max_length=2000)),
                ("content_hash", models.CharField(blank=True, max_length=64)),
                ("size", models.PositiveBigIntegerField(default=0)),
                ("both_accepted", models.BooleanField(default=False)),
                ("revision", models.PositiveIntegerField()),
                ("created_at", models.DateTimeField()),
                ("removed_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "added_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "chatbot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="removed_sources",
                        to="chatbots.chatbot",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="filepiece",
            name="removed",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="pieces",
                to="knowledge.removedsource",
            ),
        ),
        migrations.AddConstraint(
            model_name="filepiece",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("removed__isnull", True), ("source__isnull", False)),
                    models.Q(("removed__isnull", False), ("source__isnull", True)),
                    _connector="OR",
                ),
                name="a_piece_has_one_owner",
            ),
        ),
        migrations.AddIndex(
            model_name="removedsource",
            index=models.Index(fields=["removed_at"], name="knowledge_r_removed_b0c7fe_idx"),
        ),
    ]
