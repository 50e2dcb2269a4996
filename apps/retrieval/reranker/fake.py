"""A stand-in for tests: the share of the question's words that a text has."""

import re
from collections.abc import Sequence

_WORD = re.compile(r"\w+")


class FakeReranker:
    """Deterministic, and prefers the text that shares more words with the question."""

    name = "fake-shared-words"

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        wanted = set(_WORD.findall(query.casefold()))
        return [len(wanted & set(_WORD.findall(text.casefold()))) / max(len(wanted), 1) for text in texts]
