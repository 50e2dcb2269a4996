"""Writing an answer from passages: the protocol, one file per provider, and the fake."""

from apps.rag.llm_service.configured import create_llm_service
from apps.rag.llm_service.extractive import ExtractiveLLMService
from apps.rag.llm_service.openai_compatible import OpenAICompatibleLLMService, Timeouts
from apps.rag.llm_service.protocol import ChatMessage, LLMService, Prompt, Stop, StopReason, Token, Usage
from apps.rag.llm_service.retrying import RetryingLLMService
from apps.rag.llm_service.scripted import ScriptedLLMService

__all__ = [
    "ChatMessage",
    "ExtractiveLLMService",
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
]
