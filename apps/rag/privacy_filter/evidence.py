"""What a sentence claims, and what a passage says, in forms that can be compared."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from apps.rag.context_builder import ContextPassage
from apps.rag.passage_units import UnitKind, readable, split_passage
from apps.rag.privacy_filter.dates import Mention, dates
from apps.rag.privacy_filter.figures import (
    figures,
    is_unit,
    normalise,
    readings_in,
    units,
    units_in,
    without_number_words,
)
from apps.rag.privacy_filter.names import fold, folded_words, names
from apps.rag.words import content_words, has_negation

_QUOTED = 3  # units in a row that a quote may span


@dataclass(frozen=True, kw_only=True, slots=True)
class Claims:
    """What a sentence says that must stand in its source."""

    words: frozenset[str] = field(repr=False)
    figures: tuple[frozenset[str], ...] = field(repr=False)
    units: frozenset[str] = field(repr=False)
    dates: tuple[Mention, ...] = field(repr=False)
    names: frozenset[str] = field(repr=False)
    denies: bool

    @property
    def size(self) -> int:
        """How many words, figures and dates there are to be borne out."""
        return len(self.words) + len(self.figures) + len(self.dates)

    @property
    def is_empty(self) -> bool:
        """Whether a sentence says nothing that could be true or false."""
        return self.size == 0


class Text:
    """A text that claims are held against. Each view of it is made once, when it is first asked for."""

    def __init__(self, text: str, language: str) -> None:
        self._original = text
        self._language = language

    @cached_property
    def text(self) -> str:
        return normalise(self._original)

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(content_words(self.text, self._language))

    @cached_property
    def readings(self) -> frozenset[str]:
        return readings_in(self.text)

    @cached_property
    def units(self) -> frozenset[str]:
        return units_in(self.text)

    @cached_property
    def dates(self) -> list[Mention]:
        return dates(self.text)

    @cached_property
    def names(self) -> frozenset[str]:
        return folded_words(self.text)

    @cached_property
    def denies(self) -> bool:
        return has_negation(self.text, self._language)


class UnitText(Text):
    """One sentence, item or row of a passage, with where it stands there."""

    def __init__(self, text: str, language: str, *, start: int, kind: UnitKind) -> None:
        super().__init__(text, language)
        self.original = text
        self.start = start
        self.end = start + len(text)
        self.kind = kind

    @cached_property
    def figures(self) -> list[frozenset[str]]:
        """Each number, by the ways to read it."""
        return figures(self.text)

    @cached_property
    def proper_names(self) -> frozenset[str]:
        """The names that stand in the unit."""
        return frozenset(name for name in names(self.text, self._language) if not is_unit(name))


class PassageText(Text):
    """A passage with its headings, and its units by themselves."""

    def __init__(self, passage: ContextPassage, language: str) -> None:
        self.passage = passage
        self.heading = Text(passage.heading, language)
        super().__init__(f"{passage.heading}\n{passage.text}", language)

    @cached_property
    def parts(self) -> tuple[UnitText, ...]:
        text = self.passage.text
        return tuple(
            UnitText(text[unit.start : unit.end], self._language, start=unit.start, kind=unit.kind)
            for unit in split_passage(text)
        )

    @cached_property
    def _copies(self) -> dict[str, UnitText]:
        """Each unit by how it reads in an answer."""
        return {plain(readable(part.original)): part for part in self.parts}

    def copied(self, sentence: "Sentence") -> UnitText | None:
        """Return the unit that the sentence repeats word for word, from its beginning to its end."""
        return self._copies.get(sentence.plain)

    def quote(self, claims: Claims) -> str:
        """Return the stretch of at most three units that says most of what is claimed, word for word."""
        said = [_Said.of(claims, part) for part in self.parts]
        gains = [(_gain(said[first : last + 1]), first, last) for first, last in self._stretches(said)]
        if not gains:
            return ""
        _, first, last = max(gains, key=lambda gain: (gain[0], -gain[1]))
        return self.passage.text[self.parts[first].start : self.parts[last].end]

    @staticmethod
    def _stretches(said: Sequence["_Said"]) -> Iterator[tuple[int, int]]:
        """Yield from where to where a quote may go: a unit that says nothing of it is no end of a longer one."""
        for first, one in enumerate(said):
            yield first, first
            if any(one):
                for last in range(first + 1, min(len(said), first + _QUOTED)):
                    if any(said[last]):
                        yield first, last


class _Said(NamedTuple):
    """What a unit says of what is claimed."""

    words: frozenset[str]
    names: frozenset[str]
    figures: frozenset[int]  # by their places among those claimed

    @staticmethod
    def of(claims: Claims, unit: UnitText) -> "_Said":
        figures = [place for place, figure in enumerate(claims.figures) if not figure.isdisjoint(unit.readings)]
        return _Said(claims.words & unit.words, claims.names & unit.names, frozenset(figures))


def _gain(stretch: Sequence[_Said]) -> float:
    """Count what of the claims stands in a stretch of units; figures and names twice, each further unit costs."""
    words, names, figures = (frozenset[Any]().union(*parts) for parts in zip(*stretch, strict=True))
    return len(words) + 2 * len(names) + 2 * len(figures) - 0.9 * (len(stretch) - 1)


def claims_of(sentence: str, language: str) -> Claims:
    """Return what a sentence claims. A date counts as a date, not as figures and the name of a month besides."""
    text = normalise(sentence)
    has_figures = any(map(str.isdigit, text))
    mentions = tuple(dates(text)) if has_figures else ()
    rest = text
    for mention in mentions:
        rest = rest[: mention.start] + " " * (mention.end - mention.start) + rest[mention.end :]
    return Claims(
        words=frozenset(content_words(without_number_words(rest), language)),
        figures=tuple(figures(rest)),
        units=units(rest),
        dates=mentions,
        names=frozenset(name for name in names(rest, language) if not is_unit(name)),
        denies=has_negation(rest, language),
    )


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a model wrote, without markers, and how it compares with others."""

    text: str = field(repr=False)
    plain: str = field(repr=False)

    @staticmethod
    def of(text: str) -> "Sentence":
        return Sentence(text, plain(text))


def plain(text: str) -> str:
    """Return text without what doesn't change its meaning: case, white space, its last full stop."""
    return " ".join(text.casefold().split()).rstrip(".。")


def is_named(name: str, known: frozenset[str]) -> bool:
    """Tell whether a name, or each part of a joined one, is among the known words; plurals and possessives too."""
    if name in known or fold(name.removesuffix("s")) in known or f"{name}s" in known:
        return True
    parts = [part for part in name.replace("'", "-").replace(".", "-").replace("&", "-").split("-") if part]
    return len(parts) > 1 and all(part in known for part in parts)
