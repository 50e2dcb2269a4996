"""Fills the demo bot from `demo/`: what a first look at Tacit shows."""

import tomllib
from pathlib import Path

from django.conf import settings

from apps.chatbots.models import Chatbot
from apps.core.services import ServiceRegistry

FOLDER = settings.BASE_DIR / "demo"


def fill_demo_bot() -> Chatbot | None:
    """Make the demo bot and queue its documents; without the folder there is no demo."""
    description = FOLDER / "demo.toml"
    if not description.exists():
        return None
    demo = tomllib.loads(description.read_text(encoding="utf-8"))
    users, chatbots = ServiceRegistry.get("users"), ServiceRegistry.get("chatbots")
    sources = demo.pop("sources")
    chatbot: Chatbot = chatbots.create(organization=users.default_organization(), **demo)
    chatbot.is_demo = True
    chatbot.save(update_fields=["is_demo"])
    for file in sources:
        with (FOLDER / file["file"]).open("rb") as content:
            ServiceRegistry.get("knowledge_sources").add_file(
                chatbot=chatbot,
                file_name=Path(file["file"]).name,
                title=file["title"],
                content=content,
                disclosure=file["disclosure"],
            )
    return chatbot
