"""What a sentence claims, and what the units of a passage say, in forms that can be compared."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from apps.core.chunking import BlockKind
from apps.rag.context_builder import ContextPassage
from apps.rag.passages.structure import LEADS_IN, LISTED, Unit, is_question, units_of, without_label
from apps.rag.privacy_filter.dates import Mention, dates, is_told
from apps.rag.privacy_filter.figures import (
    claimed_figures,
    figures,
    is_unit,
    normalise,
    readings_in,
    units,
    units_in,
    without_number_words,
)
from apps.rag.privacy_filter.names import folded_words, names
from apps.rag.words import content_words, has_negation

_QUOTED = 3  # units in a row that a quote may span
_BULLET = re.compile(r"(?:[-*•–·‣▪◦○●■□]|\(?\d{1,3}[.)]|[a-z]\))\s+")
_REFERENCES = re.compile(r"\s?\[\d{1,4}(?:[,–-]\s?\d{1,4})*\]")
_LABEL = re.compile(r"[^:：.!?\n]{2,60}[:：](?:\s+|$)")
# A word that only has its capital because a sentence begins with it: "Overall, IBM helps", "Enables SQL".
_OPENS_ALONE = re.compile(r"(?:^|(?<=[.!?:;] ))[^\W\d_]+(?=[,;:]|\s+[A-Z]{2})")
_WORD = re.compile(r"[^\W_]+(?:[-.'][^\W_]+)*")
_LINE = re.compile(r"\S[^\n]*")
_ACRONYM = re.compile(r"((?:[\w-]+ ){1,7})\(([A-Z]{2,6}\d?)s?\)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Claims:
    """What a sentence says that must be in its source."""

    words: frozenset[str] = field(repr=False)
    label: frozenset[str] = field(repr=False)  # those of the words that only announce the rest: "Price: 20 EUR"
    tokens: frozenset[str] = field(repr=False)  # words and figures alike, small counts too
    figures: tuple[frozenset[str], ...] = field(repr=False)
    units: frozenset[str] = field(repr=False)
    dates: tuple[Mention, ...] = field(repr=False)
    names: frozenset[str] = field(repr=False)
    denies: bool

    @property
    def size(self) -> int:
        """How many words, figures and dates there are to be supported."""
        return len(self.words) + len(self.figures) + len(self.dates)

    @property
    def is_bare(self) -> bool:
        """Whether there is no figure, date or name in it."""
        return not (self.figures or self.dates or self.names)


class Text:
    """A text that claims are held against. Each view of it is made once, when it is first asked for."""

    def __init__(self, text: str, language: str) -> None:
        self.original = text
        self._language = language

    @cached_property
    def text(self) -> str:
        return normalise(self.original)

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(content_words(without_number_words(self.text), self._language))

    @cached_property
    def readings(self) -> frozenset[str]:
        return readings_in(self.text)

    @cached_property
    def tokens(self) -> frozenset[str]:
        """Words and figures alike."""
        return self.words | as_tokens(self.readings)

    @cached_property
    def form(self) -> frozenset[str]:
        """Every word, small ones too; bigrams where words aren't parted."""
        return frozenset(_WORD.findall(self.text.casefold())) if " " in self.text.strip() else self.tokens

    def in_order(self) -> list[str]:
        """Return words and figures as they follow one another."""
        words = (Text(word, self._language) for word in _WORD.findall(self.text))
        return [token for word in words for token in sorted(word.tokens)]

    @cached_property
    def figures(self) -> list[frozenset[str]]:
        """Each number, by the ways to read it."""
        return figures(self.text)

    @cached_property
    def units(self) -> frozenset[str]:
        return units_in(self.text)

    @cached_property
    def dates(self) -> list[Mention]:
        return dates(self.text)

    @cached_property
    def names(self) -> frozenset[str]:
        """Every word, folded, for a name may be any of them."""
        return folded_words(self.text)

    @cached_property
    def proper_names(self) -> frozenset[str]:
        """The words that name somebody or something."""
        return frozenset(name for name in names(self.text, self._language) if not is_unit(name))

    @cached_property
    def denies(self) -> bool:
        return has_negation(self.text, self._language)


class UnitText(Text):
    """One sentence, item, row or piece of code of a passage.

    `topic` is what it stands under: the document's title, its headings, the question it answers, its lead-in; `head`
    is what of that is in the passage.
    """

    def __init__(self, text: str, language: str, *, unit: Unit, topic: Text, head: Text) -> None:
        super().__init__(text, language)
        self.start, self.end, self.kind, self.page = unit.start, unit.end, unit.kind, unit.page
        self.part = unit.part
        self.topic, self.head = topic, head

    @property
    def is_heading(self) -> bool:
        return self.kind is BlockKind.HEADING

    @property
    def is_listed(self) -> bool:
        return self.kind in LISTED

    @cached_property
    def all_tokens(self) -> frozenset[str]:
        """What the unit says together with what it stands under."""
        return self.tokens | self.topic.tokens


class PassageText(Text):
    """A passage with its headings, and its units by themselves."""

    def __init__(self, passage: ContextPassage, language: str) -> None:
        self.passage = passage
        super().__init__(f"{passage.heading}\n{passage.text}", language)

    @cached_property
    def parts(self) -> tuple[UnitText, ...]:
        return tuple(self._parts())

    def _parts(self) -> Iterator[UnitText]:
        text, heading = self.passage.text, self.passage.heading
        topics: dict[str, Text] = {}
        lead_in = before = asked = ""
        for unit in units_of(self.passage):
            if unit.kind not in LISTED:
                lead_in = ""
            elif before.endswith(LEADS_IN):
                lead_in = before
            asked = "" if unit.kind is BlockKind.HEADING else before if is_question(before) else asked
            said = text[unit.start : unit.end]
            head, topic = (
                topics.setdefault(above, Text(above, self._language))
                for above in (f"{unit.about}\n{asked}\n{lead_in}", f"{heading}\n{unit.about}\n{asked}\n{lead_in}")
            )
            yield UnitText(said, self._language, unit=unit, topic=topic, head=head)
            before = said

    @cached_property
    def _copies(self) -> dict[str, UnitText]:
        """Each unit by how it reads in an answer, with and without the numbers of its references."""
        return {plain(reading): part for part in self.parts for reading in _readings_of(part.original)}

    def copied(self, sentence: "Sentence") -> UnitText | None:
        """Return the unit that the sentence repeats word for word, from its beginning to its end."""
        return self._copies.get(sentence.plain)

    def claimed(self, claims: Claims) -> frozenset[object]:
        """Return the words, figures and dates of some claims that are in the passage."""
        read = frozenset(figure for figure in claims.figures if figure & self.readings)
        return frozenset[object](claims.words & self.words) | read | {m for m in claims.dates if is_told(m, self.dates)}

    def said_of(self, claims: Claims) -> int:
        return len(self.claimed(claims))

    def quote_of_lines(self, lines: Sequence[Sequence[str]]) -> "Quote | None":
        """Return the stretch of the passage that consists of these lines, given as their words."""
        text = self.passage.text
        found = list(_LINE.finditer(text))
        words = [line.group().split() for line in found]
        for first in range(len(found) - len(lines) + 1):
            if words[first : first + len(lines)] == list(lines):
                begin, end = found[first].start(), found[first + len(lines) - 1].end()
                page = next((part.page for part in self.parts if part.end > begin), None)
                return Quote(self, text[begin:end], page)
        return None

    def quote(self, claims: Claims) -> "Quote | None":
        """Return the stretch of at most three units that says most of what is claimed, word for word."""
        said = [_Said.of(claims, part) for part in self.parts]
        gains = [(_gain(said[first : last + 1]), first, last) for first, last in _stretches(said)]
        if not gains:
            return None
        _, first, last = max(gains, key=lambda gain: (gain[0], -gain[1]))
        begin, end = self.parts[first], self.parts[last]
        return Quote(self, self.passage.text[begin.start : end.end], begin.page)


class Quote(NamedTuple):
    """A stretch of a passage, word for word, and the page it is on."""

    source: PassageText
    text: str
    page: int | None


class _Said(NamedTuple):
    """What a unit says of what is claimed."""

    words: frozenset[str]
    names: frozenset[str]
    figures: frozenset[int]  # by their places among those claimed

    @staticmethod
    def of(claims: Claims, unit: UnitText) -> "_Said":
        figures = [place for place, figure in enumerate(claims.figures) if not figure.isdisjoint(unit.readings)]
        return _Said(claims.words & unit.words, claims.names & unit.names, frozenset(figures))


def _stretches(said: Sequence[_Said]) -> Iterator[tuple[int, int]]:
    """Yield from where to where a quote may go: a unit that says nothing of it is no end of a longer one."""
    for first, one in enumerate(said):
        yield first, first
        if any(one):
            for last in range(first + 1, min(len(said), first + _QUOTED)):
                if any(said[last]):
                    yield first, last


def _gain(stretch: Sequence[_Said]) -> float:
    """Count what of the claims is in a stretch of units; figures and names twice, each further unit costs."""
    words, names, figures = (frozenset[Any]().union(*parts) for parts in zip(*stretch, strict=True))
    return len(words) + 2 * len(names) + 2 * len(figures) - 0.9 * (len(stretch) - 1)


def claims_of(sentence: str, language: str) -> Claims:
    """Return what a sentence claims. A date counts as a date, not as figures and the name of a month besides."""
    text = _without_acronyms(normalise(sentence))
    mentions = tuple(dates(text)) if any(map(str.isdigit, text)) else ()
    rest = without_dates(text)
    label = _LABEL.match(rest)
    words = frozenset(content_words(without_number_words(rest), language))
    after = frozenset(content_words(without_number_words(rest[label.end() :]), language)) if label else words
    return Claims(
        words=words,
        label=words - after if label and rest[label.end() :].strip() else frozenset(),
        tokens=words | as_tokens(readings_in(rest)),
        figures=tuple(claimed_figures(rest)),
        units=units(rest),
        dates=mentions,
        names=frozenset(_names(rest, label.end() if label else 0, language)),
        denies=has_negation(rest, language),
    )


def without_dates(text: str) -> str:
    """Return a normalised text with spaces for its dates."""
    for mention in dates(text) if any(map(str.isdigit, text)) else ():
        text = text[: mention.start] + " " * (mention.end - mention.start) + text[mention.end :]
    return text


def as_tokens(readings: Iterable[str]) -> frozenset[str]:
    return frozenset(f"#{reading}" for reading in readings)


def _names(text: str, label: int, language: str) -> Iterator[str]:
    """Yield the names that a sentence claims. The capitals of a label mean nothing, its codes do."""
    lowered = _OPENS_ALONE.sub(lambda match: match.group().lower(), text)
    yield from (name for name in names(lowered[label:], language) if not is_unit(name))
    yield from (name for name in names(text[:label].casefold(), language) if not is_unit(name))


def _without_acronyms(text: str) -> str:
    """Leave out an acronym of the words right before it: "polycystic ovarian syndrome (PCOS)"."""
    return _ACRONYM.sub(_acronym_of, text) if "(" in text else text


def _acronym_of(match: re.Match[str]) -> str:
    letters = iter(match[1].upper())
    return match[1] if all(letter in letters for letter in match[2].rstrip("0123456789")) else match.group()


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a model wrote, without markers, and how it compares with others."""

    text: str = field(repr=False)
    plain: str = field(repr=False)

    @property
    def leads_in(self) -> bool:
        return self.text.endswith(LEADS_IN)

    @staticmethod
    def of(text: str) -> "Sentence":
        return Sentence(text, plain(text))


def plain(text: str) -> str:
    """Return text without what doesn't change its meaning: case, white space, its last full stop."""
    return " ".join(text.casefold().split()).rstrip(".。")


def _readings_of(unit: str) -> Iterator[str]:
    """Yield how a unit reads in an answer: as it is, without its mark and label, without the numbers of references."""
    line = " ".join(unit.split())
    bare = without_label(_BULLET.sub("", line, count=1) if _BULLET.match(line) else line)
    yield _REFERENCES.sub("", bare)
    yield bare
    yield line
