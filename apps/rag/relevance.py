"""How well a sentence answers a question, and from which value on it counts as an answer at all."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

UNSPACED = frozenset({"zh", "ja", "ko", "th"})

# All chosen on data: benchmarks/answering.py prints what they do to answers and refusals.
DENSE_SHARE_LOWEST, DENSE_SHARE_GAIN = 0.15, 0.3  # of the vectors' say, by how well the model knows the language
PASSAGE_SHARE = 0.12  # of the score by which search ranked the passage
LEAST, LEAST_GAIN = 0.31, 0.1  # relevance of an answer, by how well the model knows the language
LEAST_LESS_UNSPACED = 0.06  # words aren't parted, and bigrams agree less
SENTENCE_SHARE = 0.7  # of the words' say in relevance; the rest is for the whole passage


@dataclass(frozen=True, kw_only=True, slots=True)
class Judge:
    """Weighs vectors against words for one question."""

    weights: Mapping[str, float]
    fluency: float
    language: str

    def coverage(self, words: Iterable[str]) -> float:
        """Return which share of the question's words stands among these; rare words count more."""
        total = sum(self.weights.values())
        return sum(self.weights.get(word, 0.0) for word in set(words)) / total if total else 0.0

    def rank(self, *, cosine: float, coverage: float, passage_score: float) -> float:
        """Return the value by which sentences are ordered."""
        return self._blend(cosine, coverage) + PASSAGE_SHARE * passage_score

    def is_relevant(self, *, cosine: float, coverage: float, passage_coverage: float) -> bool:
        """Tell whether the best sentence is an answer. What is only relative to other hits has no say in this."""
        words = SENTENCE_SHARE * coverage + (1 - SENTENCE_SHARE) * passage_coverage
        least = LEAST + LEAST_GAIN * self.fluency - (LEAST_LESS_UNSPACED if self.language in UNSPACED else 0.0)
        return self._blend(cosine, words) >= least

    def _blend(self, cosine: float, coverage: float) -> float:
        dense = DENSE_SHARE_LOWEST + DENSE_SHARE_GAIN * self.fluency
        return dense * cosine + (1 - dense) * coverage


def word_weights(asked: Iterable[str], texts: Sequence[frozenset[str]]) -> dict[str, float]:
    """Return how much each word of a question tells, by how few of the texts have it."""
    counts = Counter(word for text in texts for word in text)
    number = len(texts)
    return {word: math.log(1 + (number - counts[word] + 0.5) / (counts[word] + 0.5)) for word in set(asked)}
