"""Tells Django of this app, and takes a chatbot's own indexes away with the chatbot."""

from typing import Any

from django.apps import AppConfig
from django.db import transaction
from django.db.models.signals import post_delete

from apps.retrieval.cleaning_up import drop_indexes


class RetrievalConfig(AppConfig):
    name = "apps.retrieval"
    label = "retrieval"

    def ready(self) -> None:
        post_delete.connect(drop_own_indexes, sender="chatbots.Chatbot", dispatch_uid="drop_own_indexes")


def drop_own_indexes(instance: Any, **_: Any) -> None:
    """Drop the indexes that a deleted chatbot had of its own, once its deletion holds."""
    chatbot_id = instance.pk
    transaction.on_commit(lambda: drop_indexes(chatbot_id))
