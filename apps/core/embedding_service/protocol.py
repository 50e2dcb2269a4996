"""The seam: what an embedding service is and what it hands back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class EmbeddingResult:
    """One text's vector: float32, shape `(dimensions,)`, length 1.

    `model` is the name of the embedding space; only vectors of the same space can be compared.
    `tokens` counts what the model read of the text, after truncation.
    """

    vector: Vector = field(repr=False)
    model: str
    tokens: int


@runtime_checkable
class EmbeddingService(Protocol):
    """Turns texts into unit vectors whose inner product says how alike they are.

    Calls block; call them from a thread. Every failure is an `apps.core.error_handling.ProviderError`.
    """

    @property
    def name(self) -> str:
        """The embedding space's stable id, stored with every vector."""

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has."""

    @property
    def max_tokens(self) -> int:
        """How many tokens of a text the model reads; the rest has no influence."""

    def embed_documents(self, texts: Sequence[str]) -> list[EmbeddingResult]:
        """One result per text, in order."""

    def embed_query(self, text: str) -> EmbeddingResult:
        """The vector to search with; some models embed questions and documents differently."""

    def count_tokens(self, text: str) -> int:
        """How many tokens the whole text has, to compare with `max_tokens`; estimated where the tokenizer is remote."""

    def fluency(self, text: str) -> float:
        """0..1: how well the model knows the language of a question, so how far search should trust its vector."""
