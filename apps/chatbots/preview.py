"""A chatbot as it would look with settings that nobody saved, for who holds a preview that an owner's page signed."""

import copy
from typing import Any

from django.core import signing

from apps.chatbots.models import Chatbot
from apps.chatbots.setting_rules import mistakes

SALT = "tacit.preview"
LASTS_SECONDS = 3600
PREVIEWED = {"accent_colour", "widget_corner", "welcome_message", "suggested_questions", "language"}


def preview_of(chatbot: Chatbot, **settings: Any) -> str:
    """Return a preview of settings, fit for an address; what could not be saved is not shown either."""
    wrong = mistakes(settings, settings)
    settings = {name: value for name, value in settings.items() if name not in wrong}
    return signing.dumps({"of": chatbot.public_id, **settings}, salt=SALT, compress=True)


def with_preview(chatbot: Chatbot, preview: str) -> Chatbot:
    """Return the chatbot as the preview shows it; as it is without one, and with one that is foreign or too old."""
    try:
        settings = signing.loads(preview, salt=SALT, max_age=LASTS_SECONDS) if preview else {}
    except signing.BadSignature:
        settings = {}
    if settings.get("of") != chatbot.public_id:
        return chatbot
    shown = copy.copy(chatbot)
    for name in PREVIEWED & settings.keys():
        setattr(shown, name, settings[name])
    return shown
