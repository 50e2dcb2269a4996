"""Fills the demo bot from `demo/`: what a first look at Tacit shows."""

import tomllib
from pathlib import Path

from django.conf import settings

from apps.accounts.services import users
from apps.chatbots.models import Chatbot
from apps.chatbots.services import chatbots
from apps.knowledge.services import knowledge_sources

FOLDER = settings.BASE_DIR / "demo"


def fill_demo_bot() -> Chatbot | None:
    """Make the demo bot and queue its documents; without the folder there is no demo."""
    description = FOLDER / "demo.toml"
    if not description.exists():
        return None
    demo = tomllib.loads(description.read_text(encoding="utf-8"))
    sources = demo.pop("sources")
    chatbot = chatbots().create(organization=users().default_organization(), **demo)
    chatbot.is_demo = True
    chatbot.save(update_fields=["is_demo"])
    for file in sources:
        with (FOLDER / file["file"]).open("rb") as content:
            knowledge_sources().add_file(
                chatbot=chatbot,
                file_name=Path(file["file"]).name,
                title=file["title"],
                content=content,
                disclosure=file["disclosure"],
            )
    return chatbot
