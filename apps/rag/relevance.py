"""How well a sentence answers a question, and from which value on it counts as an answer at all."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

# All chosen on data: benchmarks/answering.py prints what they do to answers and refusals.
DENSE_SHARE_LOWEST, DENSE_SHARE_GAIN = 0.15, 0.3  # of the vectors' say, by how well the model knows the language
PASSAGE_SHARE = 0.12  # of the score by which search ranked the passage
LEAST, LEAST_GAIN = 0.26, 0.15  # relevance of an answer, by how well the model knows the language
# Whose words make a sentence relevant: its own, those of its headings besides, those of the whole passage. A heading
# with half of the question's words is about something else as often as not.
OWN_SHARE, FRAMED_SHARE, PASSAGE_WORDS_SHARE = 0.35, 0.35, 0.3

SYNONYM_SHARE = 1.0  # of a word's weight, where another one stands for it
OWN_IN_RANK = 0.15  # share of a sentence's own words in its rank, against those of its headings besides
ROW_SUBJECT, ROW_COVERS = 0.2, 0.85  # rank that a row about the question's subject gains, if it has its other words
NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Judge:
    """Weighs vectors against words for one question."""

    weights: Mapping[str, float] = field(repr=False)
    fluency: float
    alternatives: Mapping[str, frozenset[str]] = field(default_factory=dict, repr=False)

    def coverage(self, words: Iterable[str]) -> float:
        """Return which share of the question's words stands among these; rare words count more."""
        total = sum(self.weights.values())
        return sum(self._covered(word, frozenset(words)) for word in self.weights) / total if total else 0.0

    def _covered(self, asked: str, words: frozenset[str]) -> float:
        if asked in words:
            return self.weights[asked]
        return SYNONYM_SHARE * self.weights[asked] if self.alternatives.get(asked, NONE) & words else 0.0

    def rank(self, *, cosine: float, coverage: float, passage_score: float) -> float:
        """Return the value by which sentences are ordered."""
        return self._blend(cosine, coverage) + PASSAGE_SHARE * passage_score

    def row_gain(self, *, subject: Sequence[str], framed: float) -> float:
        """Return what a table row gains that is about the question's subject instead of just mentioning it."""
        if framed < ROW_COVERS or not self.coverage(subject):
            return 0.0
        return ROW_SUBJECT if self.coverage(subject[:1]) else ROW_SUBJECT / 2

    def is_relevant(self, *, cosine: float, own: float, framed: float, passage: float) -> bool:
        """Tell whether the best sentence is an answer, by its cosine and the coverage of its own words and of more.

        What is only relative to other hits, such as search's score, has no say in this.
        """
        words = OWN_SHARE * own + FRAMED_SHARE * framed + PASSAGE_WORDS_SHARE * passage
        return self._blend(cosine, words) >= LEAST + LEAST_GAIN * self.fluency

    def _blend(self, cosine: float, coverage: float) -> float:
        dense = DENSE_SHARE_LOWEST + DENSE_SHARE_GAIN * self.fluency
        return dense * cosine + (1 - dense) * coverage


def word_weights(
    asked: Iterable[str], texts: Sequence[frozenset[str]], alternatives: Mapping[str, frozenset[str]]
) -> dict[str, float]:
    """Return how much each word of a question tells: the more, the fewer of the texts have it.

    A word that none has counts no more than one that a single text has: there are few texts, and many ways to say it.
    """
    counts = Counter(word for text in texts for word in text)
    found = {
        word: max(counts[word], max((counts[other] for other in alternatives.get(word, NONE)), default=0), 1) + 0.5
        for word in set(asked)
    }
    return {word: 1 + math.log(1 + (len(texts) - count + 1) / count) for word, count in found.items()}
