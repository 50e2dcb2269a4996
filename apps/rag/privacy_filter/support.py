"""Decides whether a passage bears out a sentence: its figures, dates, names, denials and most of its words."""

from collections.abc import Callable, Iterable, Sequence

from apps.rag.passage_units import UnitKind
from apps.rag.privacy_filter.dates import Mention, is_told
from apps.rag.privacy_filter.evidence import Claims, PassageText, Text, UnitText, is_named

# Chosen on data (benchmarks/answering.py, part "support"): shares of a sentence's words. Where words aren't parted, the
# bigrams across their edges differ with every wording, so that less of them agrees.
WORDS_IN_PASSAGE = 0.5
WORDS_IN_PASSAGE_UNSPACED = 0.3
WORDS_WHEN_UNCITED = 0.75
WORDS_WHEN_UNCITED_UNSPACED = 0.5
FEWEST_WHEN_UNCITED = 2  # words and figures; one alone stands in some passage by chance
NEW_WORDS_MISSING = 0.34  # share of the words that the question doesn't have, and the passage neither
NEW_WORDS_MISSING_UNSPACED = 0.6
DENIAL_AS_CLOSE = 0.7  # how close what the source denies must be to the sentence, against its closest unit
NEAR = 2  # units between a figure and the name it belongs to, in running text
UNSPACED = frozenset({"zh", "ja", "ko", "th"})


class Support:
    """Holds sentences against the passages of one turn and the visitor's question."""

    def __init__(self, *, question: str, language: str) -> None:
        self._question = Text(question, language)
        self._unspaced = language in UNSPACED

    def objection(self, claims: Claims, sources: Sequence[PassageText], *, cited: bool) -> str | None:
        """Return the name of the first rule by which the sources don't bear out the claims together, or None.

        A sentence that its writer didn't cite must agree with more of the source.
        """
        if claims.is_empty or (not cited and claims.size < FEWEST_WHEN_UNCITED):
            return "says_nothing"
        known: list[Text] = [*sources, self._question]
        rules: tuple[tuple[str, Callable[[], bool]], ...] = (
            ("unknown_figure", lambda: not all(_is_read(figure, known) for figure in claims.figures)),
            ("unknown_date", lambda: not all(self._is_dated(mention, known) for mention in claims.dates)),
            ("unknown_unit", lambda: not claims.units <= _all_units(known)),
            ("unknown_name", lambda: not all(_is_known(name, known) for name in claims.names)),
            ("too_few_words", lambda: self._has_too_few_words(claims, sources, cited=cited)),
            ("negation", lambda: any(self._denies_otherwise(claims, source) for source in sources)),
            ("figure_elsewhere", lambda: self._mixes_up(claims, sources)),
            ("question_only", lambda: self._confirms_the_question(claims, sources)),
        )
        return next((name for name, breaks in rules if breaks()), None)

    def share(self, claims: Claims, source: PassageText) -> float:
        """Return the share of the claims' words, figures and names that stand in one source."""
        said = len(claims.words & source.words) + sum(1 for figure in claims.figures if figure & source.readings)
        said += sum(1 for mention in claims.dates if is_told(mention, source.dates))
        return said / max(1, claims.size)

    def needed(self, claims: Claims, sources: Sequence[PassageText], *, weak: float) -> Sequence[PassageText]:
        """Return the sources without those that say little of the sentence and that the others can do without."""
        if len(sources) == 1:
            return sources
        kept = list(sources)
        for source in sorted(sources, key=lambda source: self.share(claims, source)):
            others = [other for other in kept if other is not source]
            if others and self.share(claims, source) < weak and self.objection(claims, others, cited=True) is None:
                kept = others
        return kept

    def _is_dated(self, mention: Mention, texts: Iterable[Text]) -> bool:
        return is_told(mention, [known for text in texts for known in text.dates])

    def _has_too_few_words(self, claims: Claims, sources: Sequence[PassageText], *, cited: bool) -> bool:
        if not claims.words:
            return False  # nothing but figures, and those are known
        known = frozenset[str]().union(*(source.words for source in sources))
        new = claims.words - self._question.words
        if len(new - known) > len(new) * (NEW_WORDS_MISSING_UNSPACED if self._unspaced else NEW_WORDS_MISSING):
            return True
        return len(claims.words & known) / len(claims.words) < self._needed(cited=cited)

    def _needed(self, *, cited: bool) -> float:
        if self._unspaced:
            return WORDS_IN_PASSAGE_UNSPACED if cited else WORDS_WHEN_UNCITED_UNSPACED
        return WORDS_IN_PASSAGE if cited else WORDS_WHEN_UNCITED

    def _denies_otherwise(self, claims: Claims, source: PassageText) -> bool:
        """Tell whether the sentence denies what the unit closest to it doesn't deny, or the other way round."""
        closest = _closest(claims, [source])
        if closest is None or not claims.words & closest.words:
            return False
        if claims.denies:
            agreeing = len(claims.words & closest.words)
            denying = max((len(claims.words & part.words) for part in source.parts if part.denies), default=0)
            return denying < DENIAL_AS_CLOSE * agreeing
        return closest.denies and closest.words <= claims.words | self._question.words

    def _mixes_up(self, claims: Claims, sources: Sequence[PassageText]) -> bool:
        """Tell whether a figure stands away from every name that the sentence gives it to."""
        asked = self._question.readings
        return any(
            not any(_stands_beside(figure, claims.names, source) for source in sources)
            for figure in claims.figures
            if not figure & asked
        )

    def _confirms_the_question(self, claims: Claims, sources: Sequence[PassageText]) -> bool:
        """Tell whether a sentence takes a figure or name from the question where its source has another.

        "Is the warranty 36 months?" makes 36 known, and must not get "It is 36 months" past a source that says 24.
        """
        if claims.denies:
            return False
        asked_figure = any(not _is_read(figure, sources) for figure in claims.figures)
        asked_name = any(not _is_known(name, sources) for name in claims.names)
        if not (asked_figure or asked_name) or (closest := _closest(claims, sources)) is None:
            return False
        read = frozenset[str]().union(*claims.figures) if claims.figures else frozenset[str]()
        other_figure = any(not figure & read for figure in closest.figures)
        other_name = any(not is_named(name, claims.names) for name in closest.proper_names)
        return (asked_figure and other_figure) or (asked_name and other_name)


def _closest(claims: Claims, sources: Iterable[PassageText]) -> UnitText | None:
    """Return the unit that has most of the sentence's words."""
    parts = [part for source in sources for part in source.parts]
    return max(parts, key=lambda part: len(claims.words & part.words), default=None)


def _is_read(figure: frozenset[str], texts: Iterable[Text]) -> bool:
    return any(figure & text.readings for text in texts)


def _is_known(name: str, texts: Iterable[Text]) -> bool:
    return any(is_named(name, text.names) for text in texts)


def _all_units(texts: Iterable[Text]) -> frozenset[str]:
    return frozenset[str]().union(*(text.units for text in texts))


def _stands_beside(figure: frozenset[str], names: frozenset[str], source: PassageText) -> bool:
    """Tell whether a unit with the figure names one of the names that tell units apart; in a table, in its own row."""
    if not figure & source.readings:
        return False
    places = [place for place, part in enumerate(source.parts) if not figure.isdisjoint(part.readings)]
    if not places or not names:
        return True
    standing = {name: sum(is_named(name, part.names) for part in source.parts) for name in names}
    telling = [name for name, count in standing.items() if 0 < count < len(source.parts)]
    return not telling or any(_names_one(telling, _around(source.parts, place)) for place in places)


def _around(parts: Sequence[UnitText], place: int) -> Sequence[UnitText]:
    if parts[place].kind is UnitKind.ROW:
        return parts[place : place + 1]
    return parts[max(0, place - NEAR) : place + 2]


def _names_one(names: Iterable[str], parts: Iterable[UnitText]) -> bool:
    return any(is_named(name, part.names) for part in parts for name in names)
