"""A stand-in for tests: vectors of hashed words, so that texts which share words are alike."""

import hashlib
import re
from collections.abc import Sequence

import numpy as np

from apps.core.embedding_service.protocol import EmbeddingResult, Vector
from apps.core.embedding_service.registry import EmbeddingSettings

_WORD = re.compile(r"\w+")


class FakeEmbeddingService:
    """Deterministic on every machine, needs no model, and still ranks a text by the words it shares with a question."""

    max_tokens = 256

    def __init__(self, *, dimensions: int = 384, name: str = "fake-hashed-words") -> None:
        self.name = name
        self.dimensions = dimensions

    def embed_documents(self, texts: Sequence[str]) -> list[EmbeddingResult]:
        return [self._embed(text) for text in texts]

    def embed_query(self, text: str) -> EmbeddingResult:
        return self._embed(text)

    def count_tokens(self, text: str) -> int:
        return len(_WORD.findall(text)) + 1

    def fluency(self, text: str) -> float:
        return 1.0

    def _embed(self, text: str) -> EmbeddingResult:
        # The empty word stands in every text, so that no vector has length 0.
        words = ["", *_WORD.findall(text.casefold())][: self.max_tokens]
        vector: Vector = np.zeros(self.dimensions, dtype=np.float32)
        for word in words:
            digest = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "big")
            vector[digest % self.dimensions] += 1.0 if word else 0.1
        vector /= np.linalg.norm(vector)
        return EmbeddingResult(vector=vector, model=self.name, tokens=len(words))


def from_settings(_model: str, _settings: EmbeddingSettings) -> FakeEmbeddingService:
    return FakeEmbeddingService()
