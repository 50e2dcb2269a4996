"""Whether a sentence that breaks no rule of fact says enough of what the passages say, in their words or in others."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from apps.core.error_handling import ProviderError
from apps.rag.privacy_filter.courtesies import without_courtesies
from apps.rag.privacy_filter.evidence import PassageText

# Chosen on data (benchmarks/checking.py, and benchmarks/answering.py, part "support").
# How far a sentence must agree with its sources: at first, and after one, two, three of this writer's that were not
# supported. Who was caught is trusted less, for what models make up comes in rows.
NEEDED = (0.4, 0.45, 0.7, 1.0)
NEEDED_WITHOUT_READER = (0.55, 0.6, 0.75, 0.9)  # the same, where no reader knows the language
NEEDED_UNSPACED = (
    0.3,
    0.45,
    0.6,
)  # where words aren't parted, the bigrams across their edges differ with every wording
IN_WINDOW = 0.7  # weight of the words in one stretch of a passage, against those anywhere in the passages
# Share of the words that the question doesn't have, and some passage must: a short answer stands or falls with them.
NEW_WORDS, NEW_IF_FEW, FEW = 0.34, 0.66, 3
NEW_UNSPACED = 0.5
NEAR_BEST = 0.6  # how good another stretch of a passage must be to have those words, against the best
BY_READER = 0.03  # what a point of the reader's logit counts; it goes from about -11 to 11
WIDEST = 10.0
LONGEST_WINDOW = 3  # units in a row that support one sentence
MOST_READ = 3
LONGEST_READ = 500  # characters
KNOWS_LANGUAGE = 0.5
UNSPACED = frozenset({"zh", "ja", "ko", "th"})


class SecondOpinion(Protocol):
    """Reads a sentence and a text together and says how well they agree; calls block."""

    def score(self, question: str, texts: Sequence[str]) -> list[float]: ...
    def fluency(self, text: str) -> float: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """Some units in a row of one passage, and which of a sentence's words are in them or above them."""

    source: PassageText
    first: int
    last: int
    words: frozenset[str] = field(repr=False)

    @property
    def worth(self) -> float:
        return len(self.words) - 0.2 * (self.last - self.first)

    @property
    def text(self) -> str:
        parts = self.source.parts[self.first : self.last + 1]
        return self.source.passage.text[parts[0].start : parts[-1].end][:LONGEST_READ]


def windows_of(source: PassageText, words: frozenset[str]) -> list[Window]:
    """Return the stretches of a passage that have any of the words, best first."""
    found = []
    for first, part in enumerate(source.parts):
        said = frozenset[str]()
        for last in range(first, min(len(source.parts), first + LONGEST_WINDOW)):
            following = source.parts[last]
            said |= words & following.all_tokens
            if words & part.tokens and (last == first or words & following.tokens):
                found.append(Window(source=source, first=first, last=last, words=said))
    return sorted(found, key=lambda window: -window.worth)


class Wording:
    """Weighs shared words and, where they don't decide, the reader's opinion."""

    def __init__(
        self, *, sources: Sequence[PassageText], asked: frozenset[str], language: str, reader: SecondOpinion | None
    ) -> None:
        self._language = language
        self._asked = asked
        self._reader = reader
        self._words = frozenset[str]().union(*(source.tokens for source in sources))

    def is_enough(self, sentence: str, words: frozenset[str], windows: Sequence[Window], *, caught: int) -> bool:
        """Tell whether what the windows (best first) say supports a sentence with these words."""
        if not words:
            return True  # nothing but figures and names, and those are known
        new = without_courtesies(words - self._asked, self._language)
        is_read = self._reader is not None and self._reader.fluency(sentence) >= KNOWS_LANGUAGE
        near = [window.words for window in windows if window.worth >= NEAR_BEST * windows[0].worth]
        said = max((len(new & words) for words in near), default=0) if len(new) <= FEW else len(new & self._words)
        if said < self._new_needed(len(new), is_read=is_read) * len(new):
            return False
        best = len(windows[0].words) if windows else 0
        agreement = (IN_WINDOW * best + (1 - IN_WINDOW) * len(words & self._words)) / len(words)
        missing = self._needed(is_read=is_read)[min(caught, len(NEEDED) - 1)] - agreement
        if not is_read:
            return missing <= 0
        if abs(missing) >= BY_READER * WIDEST:
            return missing <= 0
        return missing <= BY_READER * self._opinion(sentence, windows)

    def _needed(self, *, is_read: bool) -> tuple[float, ...]:
        if self._language in UNSPACED:
            return NEEDED_UNSPACED
        return NEEDED if is_read else NEEDED_WITHOUT_READER

    def _new_needed(self, number: int, *, is_read: bool) -> float:
        if self._language in UNSPACED:
            return NEW_UNSPACED
        return NEW_WORDS if is_read and number > FEW else NEW_IF_FEW

    def _opinion(self, sentence: str, windows: Sequence[Window]) -> float:
        texts: list[str] = []
        for window in windows:
            if not any(window.text in text or text in window.text for text in texts):
                texts.append(window.text)
            if len(texts) == MOST_READ:
                break
        if self._reader is None or not texts:
            return 0.0
        try:
            return max(self._reader.score(sentence, texts))
        except ProviderError:
            return 0.0  # the words alone decide
