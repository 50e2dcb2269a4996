"""A fake for tests: the share of the question's longer words that a text has, as a logit."""

import re
from collections.abc import Sequence

_WORD = re.compile(r"\w+")
_HIGHEST = 8.0
_LONG = 5  # letters; shorter words ask and link


class FakeReader:
    """Deterministic: -8 for a text that shares no long word with the question, 8 for one that has them all."""

    name = "fake-shared-words"
    calibrated = True

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        wanted = {word for word in _words(question) if len(word) >= _LONG} or _words(question)
        shares = [len(wanted & _words(text)) / max(len(wanted), 1) for text in texts]
        return [_HIGHEST * (2 * share - 1) for share in shares]

    def fluency(self, text: str) -> float:
        return 1.0


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))
