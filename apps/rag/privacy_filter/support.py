"""Decides whether the passages contradict a sentence, or lack a figure, date, unit or name of it."""

import re
from collections.abc import Callable, Iterable, Sequence

from apps.rag.privacy_filter.by_unit import stretches_of
from apps.rag.privacy_filter.dates import Mention, is_told
from apps.rag.privacy_filter.evidence import Claims, PassageText, Text, UnitText
from apps.rag.privacy_filter.names import is_named
from apps.rag.words import content_words

DENIED = 0.75  # share of a denial's words in a unit that says them, for the two to contradict each other
SHORT = 4  # words of a sentence that says no more than one stretch of a unit
DENIAL_AS_CLOSE = 0.7  # share of those that a unit must have which denies them too
# A negation that denies nothing: "not only", "not always".
_SOFTENED = re.compile(
    r"\b(?:not|n't|nicht|pas|no|não) (?:only|just|always|necessarily|nur|immer|unbedingt|seulement|toujours|"
    r"nécessairement|solo|sólo|siempre|necesariamente|só|sempre|necessariamente)\b|\b(?:do|does)n['’]t necessarily\b",
    re.IGNORECASE,
)


class Support:
    """Holds sentences against the passages of one turn, the visitor's question and what else is known."""

    def __init__(self, *, sources: Sequence[PassageText], question: Text, known: Text, language: str) -> None:
        self._sources = sources
        self._question = question
        self._named = [*sources, question, known]
        self._language = language

    def objection(self, sentence: str, claims: Claims, said_yes: bool | None) -> str | None:
        """Return the name of the first rule of fact that the passages break for a sentence, or None."""
        known: list[Text] = [*self._sources, self._question]
        rules: tuple[tuple[str, Callable[[], bool]], ...] = (
            ("unknown_figure", lambda: not all(_is_read(figure, known) for figure in claims.figures)),
            ("unknown_date", lambda: not all(_is_dated(mention, known) for mention in claims.dates)),
            ("unknown_unit", lambda: self._counts_otherwise(claims)),
            ("unknown_name", lambda: not all(self._is_known(name) for name in claims.names)),
            ("negation", lambda: self._denies_otherwise(sentence, claims)),
            ("yes_or_no", lambda: said_yes is not None and self.contradicts(claims, said_yes)),
            ("question_only", lambda: self._confirms_the_question(claims)),
        )
        return next((name for name, breaks in rules if breaks()), None)

    def _counts_otherwise(self, claims: Claims) -> bool:
        """Tell whether the figures count other things here than in the units that have them."""
        if claims.units <= self._question.units.union(*(source.units for source in self._sources)):
            return False
        parts = [part for source in self._sources for part in source.parts]
        having = [part for figure in claims.figures for part in parts if figure & part.readings]
        return not having or all(part.units for part in having)

    def _is_known(self, name: str) -> bool:
        stems = frozenset(content_words(name, self._language))
        return any(is_named(name, text.names) or (stems and stems <= text.words) for text in self._named)

    def _denies_otherwise(self, sentence: str, claims: Claims) -> bool:
        """Tell whether the sentence denies what its sources say, or says what the unit closest to it denies."""
        if claims.denies:
            return any(self._is_denied_alone(piece, claims) for piece in stretches_of(sentence))
        closest = _closest(claims.words, self._sources)
        if closest is None or not closest.denies:
            return False
        if self._takes_what_is_denied(closest, claims):
            return True
        if not closest.words <= claims.words | self._question.words:
            return False
        return 2 * len(closest.words & claims.words) >= max(len(closest.words), len(claims.words))

    def _takes_what_is_denied(self, unit: UnitText, claims: Claims) -> bool:
        """Tell whether a sentence says what only a denying stretch of a unit has: "in the wood, not at the lake"."""
        stretches = [Text(stretch, self._language) for stretch in stretches_of(unit.original)]
        for denying in (stretch for stretch in stretches if stretch.denies):
            others = frozenset[str]().union(*(one.words for one in stretches if one is not denying))
            if (own := denying.words - others) and own <= claims.words and others & claims.words:
                return len(claims.words) <= SHORT
        return False

    def _is_denied_alone(self, piece: str, claims: Claims) -> bool:
        """Tell whether a stretch denies what a unit says and none denies."""
        text = Text(_SOFTENED.sub("", piece), self._language)
        if not text.denies:
            return False
        words = text.words if len(text.words) > 1 else claims.words
        parts = [part for source in self._sources for part in source.parts]
        saying, denying = (
            max((len(words & (part.words | part.topic.words)) for part in parts if part.denies is denies), default=0)
            for denies in (False, True)
        )
        return saying >= DENIED * len(words) and denying < DENIAL_AS_CLOSE * saying

    def contradicts(self, claims: Claims, said_yes: bool) -> bool:
        """Tell whether a leading yes is followed by a denial or by another figure, a leading no by what was asked."""
        if self._question.denies:
            return False
        asked = self._question.figures
        has_figures = all(any(a & b for b in claims.figures) for a in asked)
        if said_yes:
            return claims.denies or bool(claims.figures and not has_figures)
        asked_words = self._question.words
        return not claims.denies and has_figures and bool(asked_words) and asked_words <= claims.words

    def _confirms_the_question(self, claims: Claims) -> bool:
        """Tell whether a sentence takes a figure or name from the question where its source has another.

        "Is the warranty 36 months?" makes 36 known, and must not get "It is 36 months" past a source that says 24.
        """
        if claims.denies:
            return False
        asked_figure = any(not _is_read(figure, self._sources) for figure in claims.figures)
        asked_name = any(not any(is_named(name, text.names) for text in self._sources) for name in claims.names)
        if not (asked_figure or asked_name) or (closest := _closest(claims.words, self._sources)) is None:
            return False
        read = frozenset[str]().union(*claims.figures) if claims.figures else frozenset[str]()
        other_figure = any(not figure & read for figure in closest.figures)
        other_name = any(not is_named(name, claims.names) for name in closest.proper_names)
        return (asked_figure and other_figure) or (asked_name and other_name)


def _closest(words: frozenset[str], sources: Iterable[PassageText]) -> UnitText | None:
    """Return the unit that has most of some words."""
    parts = [part for source in sources for part in source.parts if words & part.words]
    return max(parts, key=lambda part: len(words & part.words), default=None)


def _is_read(figure: frozenset[str], texts: Iterable[Text]) -> bool:
    return any(figure & text.readings for text in texts)


def _is_dated(mention: Mention, texts: Iterable[Text]) -> bool:
    return is_told(mention, [known for text in texts for known in text.dates])
