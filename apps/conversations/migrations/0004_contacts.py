"""Contacts: who left word, what they wrote and agreed to, and what became of each delivery."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chatbots", "0002_settings_of_pages"),
        ("conversations", "0003_standing"),
    ]

    operations = [
        migrations.CreateModel(
            name="Contact",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(blank=True, max_length=200)),
                ("email", models.CharField(blank=True, max_length=254)),
                ("phone", models.CharField(blank=True, max_length=50)),
                ("company", models.CharField(blank=True, max_length=200)),
                ("email_key", models.CharField(blank=True, max_length=254)),
                ("phone_key", models.CharField(blank=True, max_length=50)),
                ("state", models.CharField(choices=[("new", "New"), ("done", "Done")], default="new", max_length=4)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("last_message_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "chatbot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="contacts", to="chatbots.chatbot"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ContactMessage",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("fields", models.JSONField()),
                ("consent_text", models.TextField(blank=True)),
                ("consented_at", models.DateTimeField(null=True)),
                ("request_hash", models.BinaryField(max_length=32, null=True, unique=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "answer",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, to="conversations.message"
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="messages", to="conversations.contact"
                    ),
                ),
                (
                    "conversation",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, to="conversations.conversation"
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
            },
        ),
        migrations.CreateModel(
            name="ContactDelivery",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("channel", models.CharField(choices=[("webhook", "Webhook"), ("email", "E-mail")], max_length=7)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Under way"),
                            ("delivered", "Delivered"),
                            ("failed", "Failed, tried again"),
                            ("dead", "Not delivered"),
                        ],
                        default="pending",
                        max_length=9,
                    ),
                ),
                ("round", models.PositiveIntegerField(default=1)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("last_error", models.TextField(blank=True)),
                ("next_try_at", models.DateTimeField(null=True)),
                ("delivered_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="conversations.contactmessage",
                    ),
                ),
            ],
            options={
                "ordering": ["channel"],
            },
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["chatbot", "-last_message_at"], name="latest_contacts"),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["chatbot", "email_key"], name="contacts_by_email"),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["chatbot", "phone_key"], name="contacts_by_phone"),
        ),
        migrations.AddConstraint(
            model_name="contactmessage",
            constraint=models.UniqueConstraint(fields=("contact", "number"), name="one_contact_message_per_number"),
        ),
        migrations.AddConstraint(
            model_name="contactdelivery",
            constraint=models.UniqueConstraint(fields=("message", "channel"), name="one_contact_delivery_per_channel"),
        ),
    ]
