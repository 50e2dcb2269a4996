"""Which code and which sources a figure was measured on."""

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from django.conf import settings

from apps.chatbots.models import Chatbot
from apps.knowledge.models import Source
from apps.rag.privacy_service import privacy

CODE = "apps"


@cache
def code_revision() -> str:
    """Return the version and a digest of the code, which tells apart what a version number does not."""
    digest = hashlib.sha256()
    for file in sorted((settings.BASE_DIR / CODE).rglob("*.py")):
        if "tests" not in file.parts:
            digest.update(file.read_bytes())
    try:
        number = version("tacit")
    except PackageNotFoundError:
        number = "unknown"
    return f"{number}+{digest.hexdigest()[:12]}"


def model_name() -> str:
    """Return the name of the language model in use."""
    return settings.LANGUAGE_MODEL.model if settings.LANGUAGE_MODEL else "extraction"


def subject_of(chatbot: Chatbot) -> str:
    """Return a digest of what a leak test of this chatbot would test: its mode, its model and its sources."""
    rows = (
        Source.objects.filter(chatbot=chatbot)
        .order_by("pk")
        .values_list("pk", "disclosure", "indexed_revision", "status")
    )
    mode = privacy().promise(chatbot).mode
    return hashlib.sha256(repr([str(mode), model_name(), *rows]).encode()).hexdigest()
