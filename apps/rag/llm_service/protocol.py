"""The seam: what a language model is given, and what it hands back."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol, Self, runtime_checkable

from apps.core.language_model import LanguageModelSettings
from apps.rag.context_builder import Context


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatMessage:
    """One message of a prompt, as chat models take it."""

    role: Literal["system", "user", "assistant"]
    content: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Prompt:
    """What to answer and from what. A model that talks takes the messages; extraction takes question and context.

    `question` stands on its own: what a follow-up refers to is spelled out in it.
    """

    question: str = field(repr=False)
    context: Context = field(default=Context(), repr=False)
    messages: tuple[ChatMessage, ...] = field(default=(), repr=False)
    language: str = "en"
    max_tokens: int = 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """How many tokens a model says it has read and written."""

    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """A piece of the answer, of any length."""

    text: str = field(repr=False)


class StopReason(StrEnum):
    """Why a model stopped: it was done, it was cut off, or it has no answer."""

    COMPLETE = "complete"
    CUT_OFF = "cut_off"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stop:
    """The end of an answer; always the last thing that is yielded. `usage` is None where a server doesn't tell."""

    reason: StopReason
    usage: Usage | None = None


@runtime_checkable
class LLMService(Protocol):
    """Writes an answer, piece by piece.

    Every failure is an `apps.core.error_handling.ProviderError`, raised before the first token or between any two.
    Closing the generator ends the work at once, on the model's server too.
    """

    @property
    def provider(self) -> str:
        """Which kind of service this is, for the owner's view: "openai-compatible", "extractive", …"""

    @property
    def model(self) -> str:
        """The model's name."""

    def generate(self, prompt: Prompt) -> AsyncGenerator[Token | Stop, None]:
        """Yield the answer's tokens, then one Stop."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """How a model does: `state` is ok, slow or broken; what was seen, and what to do about it."""

    state: Literal["ok", "slow", "broken"]
    seen: str
    advice: str = ""


class LLMProvider(LLMService, Protocol):
    """A language model that settings name. What goes round it, retries and a breaker, is no provider but a service."""

    @classmethod
    def from_settings(cls, configured: LanguageModelSettings) -> Self:
        """Return the model that settings name. Raises SettingsError for settings that can't be right."""

    @property
    def place(self) -> str:
        """Where it is asked, for people to read; models at one place share a breaker."""

    async def probe(self, *, patience: float, slow: float) -> Finding:
        """Ask for a word, and find out what is wrong. Raises nothing that has to do with the model.

        `patience` is how many seconds the whole answer may take, `slow` from how many on its first token is a slow one.
        """
