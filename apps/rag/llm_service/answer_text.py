"""Makes plain text with citations of what a model writes: small transforms, one after another, while it streams."""

from typing import Protocol

from apps.rag.context_builder import Context
from apps.rag.llm_service.code_fence import FenceUnwrapper
from apps.rag.llm_service.json_answer import JsonUnwrapper
from apps.rag.llm_service.reasoning import ReasoningStripper
from apps.rag.llm_service.round_citations import RoundCitations


class TextTransform(Protocol):
    """Takes an answer piece by piece. What it is not sure of yet it holds back, at most until the end."""

    def feed(self, text: str) -> str:
        """Return what is ready now."""

    def flush(self) -> str:
        """Return what was held back; nothing more comes."""


class ChainedTransforms:
    """Several transforms as one: each is fed what the one before it gives."""

    def __init__(self, *transforms: TextTransform) -> None:
        self._transforms = transforms

    def feed(self, text: str) -> str:
        for transform in self._transforms:
            text = transform.feed(text) if text else ""
        return text

    def flush(self) -> str:
        rest = ""
        for transform in self._transforms:
            rest = (transform.feed(rest) if rest else "") + transform.flush()
        return rest


def answer_text(context: Context) -> TextTransform:
    """Return what an answer goes through that was asked for from these passages."""
    return ChainedTransforms(ReasoningStripper(), FenceUnwrapper(), JsonUnwrapper(), RoundCitations(context))
