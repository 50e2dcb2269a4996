"""What a server is asked with, and what is left out or put otherwise once it has turned out not to take it."""

import re
from collections.abc import Collection, Sequence
from typing import Any

from openai import APIStatusError

from apps.rag.llm_service.protocol import ChatMessage, Prompt

# Near the most likely words: an answer should follow its sources, not surprise.
TEMPERATURE = 0.1
SYSTEM_ROLE = "system role"
STREAM = "stream"

_OPTIONAL = frozenset({"temperature", "stream_options", "max_tokens", "max_completion_tokens", STREAM})
_ABOUT_THE_BODY = frozenset({400, 422})
# Chat templates without a system role fail in the server's own code, which some servers report as their own fault.
_ABOUT_THE_TEMPLATE = _ABOUT_THE_BODY | {500}
# "System role not supported", "Only user and assistant roles are supported!", "Conversation roles must alternate
# user/assistant/…", "'messages[0].role' does not support 'system'", "Developer instruction is not enabled for …".
_REFUSES_SYSTEM = re.compile(
    r"system[ _-](?:role|messages?|prompts?|instructions?)|developer instruction|role.{0,60}\bsystem\b"
    r"|roles must alternate|only.{0,12}\buser\b.{0,40}\broles?\b",
    re.IGNORECASE | re.DOTALL,
)


def request_body(model: str, prompt: Prompt, *, refused: Collection[str], is_openai: bool) -> dict[str, Any]:
    """Return the body of a request, without what is `refused`."""
    messages = prompt.messages if SYSTEM_ROLE not in refused else without_system_role(prompt.messages)
    optional = {
        "temperature": TEMPERATURE,
        STREAM: True,
        "stream_options": {"include_usage": True},
        # The newer name is OpenAI's own; most other servers know the older one only.
        "max_completion_tokens" if is_openai else "max_tokens": prompt.max_tokens,
    }
    left_out = {*refused, "stream_options"} if STREAM in refused else {*refused}
    return {
        "model": model,
        "messages": [{"role": message.role, "content": message.content} for message in messages],
        **{name: value for name, value in optional.items() if name not in left_out},
    }


def refused_part(error: APIStatusError, body: dict[str, Any]) -> str | None:
    """Return what of a body a server complains of and could do without; None where it is something else."""
    said = f"{error.param or ''} {error.message}"
    if error.status_code in _ABOUT_THE_BODY:
        # The longest name first: who complains of "stream_options" may well name "stream" too.
        names = sorted(_OPTIONAL & body.keys(), key=len, reverse=True)
        if name := next((name for name in names if re.search(rf"\b{name}\b", said)), None):
            return name
    has_system = any(message["role"] == "system" for message in body["messages"])
    if has_system and error.status_code in _ABOUT_THE_TEMPLATE and _REFUSES_SYSTEM.search(said):
        return SYSTEM_ROLE
    return None


def without_system_role(messages: Sequence[ChatMessage]) -> tuple[ChatMessage, ...]:
    """Return the messages with the system's text at the beginning of the first one of the user's."""
    rules = [message.content for message in messages if message.role == "system"]
    others = [message for message in messages if message.role != "system"]
    first = next((place for place, message in enumerate(others) if message.role == "user"), None)
    if not rules or first is None:
        return tuple(others)
    others[first] = ChatMessage(role="user", content="\n\n".join([*rules, others[first].content]))
    return tuple(others)
