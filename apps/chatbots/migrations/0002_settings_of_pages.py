"""Settings of the pages, limits, budgets, contacts, and being archived or deleted."""

import django.contrib.postgres.fields
from django.db import migrations, models

import apps.chatbots.models


class Migration(migrations.Migration):
    dependencies = [
        ("chatbots", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="chatbot",
            name="accent_colour",
            field=models.CharField(default="#0f5a57", max_length=7),
        ),
        migrations.AddField(
            model_name="chatbot",
            name="archived_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="chatbot",
            name="consent_text",
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name="chatbot",
            name="contact_email",
            field=models.EmailField(blank=True, max_length=254),
        ),
        migrations.AddField(
            model_name="chatbot",
            name="contact_fields",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=20),
                blank=True,
                default=apps.chatbots.models.usual_contact_fields,
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="chatbot",
            name="contact_offer",
            field=models.CharField(
                choices=[
                    ("never", "Never"),
                    ("unanswered", "When the chatbot can’t answer, or the visitor asks for a person"),
                    ("always", "Always"),
                ],
                default="never",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="chatbot",
            name="contact_webhook_secret",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name="chatbot",
            name="contact_webhook_url",
            field=models.CharField(blank=True, max_length=2000),
        ),
        migrations.AddField(
            model_name="chatbot",
            name="deleted_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="chatbot",
            name="longest_message",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="chatbot",
            name="messages_per_day",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="chatbot",
            name="monthly_cost",
            field=models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True),
        ),
        migrations.AddField(
            model_name="chatbot",
            name="monthly_tokens",
            field=models.PositiveBigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="chatbot",
            name="open_streams",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="chatbot",
            name="tone",
            field=models.CharField(
                choices=[
                    ("plain", "Plain and factual"),
                    ("friendly", "Friendly"),
                    ("formal", "Formal"),
                    ("brief", "As short as possible"),
                ],
                default="plain",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="chatbot",
            name="unanswered_message",
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name="chatbot",
            name="visitor_messages_per_day",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="chatbot",
            name="visitor_messages_per_minute",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="chatbot",
            name="widget_corner",
            field=models.CharField(
                choices=[("end", "Bottom, at the end of the line"), ("start", "Bottom, at the start of the line")],
                default="end",
                max_length=5,
            ),
        ),
    ]
