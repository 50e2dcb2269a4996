"""Reads the text of a message or of a piece of one: a string, or a list of parts as newer servers send it."""

from typing import Any

from apps.core.error_handling import ProviderAnswerError


def field(part: object, name: str) -> Any:
    """Return a field of a JSON object, None where there is none or what came is no object."""
    return part.get(name) if isinstance(part, dict) else None


def text_of(content: object) -> str:
    """Return the text of a message's content, without what is no text. Raises ProviderAnswerError for other shapes."""
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list):
        raise ProviderAnswerError
    return "".join(part if isinstance(part, str) else _string(field(part, "text")) for part in content)


def thought_of(message: object) -> str:
    """Return what a server keeps apart as the model's thinking, in whichever of the usual places."""
    apart = field(message, "reasoning_content") or field(message, "reasoning") or ""
    content = field(message, "content")
    parts = content if isinstance(content, list) else []
    return str(apart) + "".join(str(field(part, "thinking") or "") for part in parts)


def _string(text: object) -> str:
    return text if isinstance(text, str) else ""
