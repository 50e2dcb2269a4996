"""Writing an answer from passages: the protocol, one file per provider, and the fake.

The OpenAI-compatible provider is loaded when it is first named: its SDK takes two seconds and 30 MB, which a server
without a language model can do without.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from apps.rag.llm_service.configured import create_llm_service, llm
from apps.rag.llm_service.protocol import ChatMessage, LLMService, Prompt, Stop, StopReason, Token, Usage
from apps.rag.llm_service.retrying import RetryingLLMService
from apps.rag.llm_service.scripted import ScriptedLLMService

if TYPE_CHECKING:
    from apps.rag.llm_service.openai_compatible import OpenAICompatibleLLMService, Timeouts

__all__ = [
    "ChatMessage",
    "LLMService",
    "OpenAICompatibleLLMService",
    "Prompt",
    "RetryingLLMService",
    "ScriptedLLMService",
    "Stop",
    "StopReason",
    "Timeouts",
    "Token",
    "Usage",
    "create_llm_service",
    "llm",
]


def __getattr__(name: str) -> Any:
    if name in {"OpenAICompatibleLLMService", "Timeouts"}:
        return getattr(import_module("apps.rag.llm_service.openai_compatible"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
