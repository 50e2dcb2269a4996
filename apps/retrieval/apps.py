"""Tells Django of this app; what the index does when a chatbot changes or goes."""

from typing import Any

from django.apps import AppConfig
from django.db import transaction
from django.db.models.signals import post_delete, post_save

from apps.core.services import load
from apps.retrieval.cleaning_up import drop_indexes


class RetrievalConfig(AppConfig):
    name = "apps.retrieval"
    label = "retrieval"

    def ready(self) -> None:
        post_delete.connect(drop_own_indexes, sender="chatbots.Chatbot", dispatch_uid="drop_own_indexes")
        post_save.connect(link_if_it_leads_nowhere, sender="chatbots.Chatbot", dispatch_uid="link_if_it_leads_nowhere")


def drop_own_indexes(instance: Any, **_: Any) -> None:
    """Drop the indexes that a deleted chatbot had of its own, once its deletion holds."""
    chatbot_id = instance.pk
    transaction.on_commit(lambda: drop_indexes(chatbot_id))


def link_if_it_leads_nowhere(instance: Any, *, created: bool, **_: Any) -> None:
    """Give a chatbot that has just been set to another mode than `sealed` its hints back."""
    if not created and instance.learn_only_use != "sealed":
        load("apps.retrieval.steering.relink_if_needed")(instance.pk)  # models aren't there yet when apps are loaded
