"""What may not be said: fingerprints and terms of learn-only texts, minus those that stand in citable ones."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

import numpy as np

from apps.rag.privacy_filter.negative.common_phrases import COMMON_PHRASES
from apps.rag.privacy_filter.negative.fingerprints import (
    RUN,
    STRIDE,
    Hashes,
    HashSet,
    run_symbols,
    shift_symbols,
    telling,
    united,
    window_hashes,
)
from apps.rag.privacy_filter.negative.folding import fold, spaced, words_of
from apps.rag.privacy_filter.negative.numbers import numbers_in, signature, written_out
from apps.rag.privacy_filter.negative.screening import Screen
from apps.rag.privacy_filter.negative.terms import TermFinder, Terms, terms_of
from apps.rag.privacy_filter.negative.terms import joined as as_joined

FORMAT = 3  # of everything here; what was made by another one is made anew
AT_ONCE = 1_000_000  # letters of guarded text whose fingerprints are held at once: about 80 MB while they are made
BATCH = 60_000  # letters of open text that are looked up together
LEAST_RUN = RUN + STRIDE - 1  # letters that hold a kept run wherever they begin


@dataclass(frozen=True, kw_only=True, slots=True)
class GuardedText:
    """A passage's text, where it stands (headings, which are text too), and its title and file's name."""

    text: str = field(repr=False)
    headings: tuple[str, ...] = field(default=(), repr=False)
    titles: tuple[str, ...] = field(default=(), repr=False)
    language: str = ""

    @property
    def whole(self) -> str:
        return "\n".join(dict.fromkeys(part for part in (*self.titles, *self.headings, self.text) if part))


@dataclass(frozen=True, kw_only=True, slots=True)
class Forbidden:
    """What a chatbot's answers may not hold. Its `terms` are text: only the owner's login may read it."""

    runs: Hashes = field(repr=False)
    shifts: Hashes = field(repr=False)
    terms: Terms = field(repr=False)

    def screen(self) -> Screen:
        """Return it ready to be looked for; making that takes a moment, so keep it."""
        return Screen(runs=self.runs, shifts=self.shifts, terms=self.terms)


class OpenWords(NamedTuple):
    """An open text in its folded form, and its words."""

    folded: str
    words: list[str]


def build_forbidden(guarded: Iterable[GuardedText], open_texts: Callable[[], Iterable[GuardedText]]) -> Forbidden:
    """Return what is forbidden. `open_texts` gives the citable texts each time it is called: a large chatbot's are
    read once for each million letters of guarded text, so that neither is held in memory as a whole.
    """
    parts = [_without_open(part, open_texts()) for part in _parts(guarded)]
    return Forbidden(
        runs=united(part.runs for part in parts),
        shifts=united(part.shifts for part in parts),
        terms=Terms.union(part.terms for part in parts),
    )


def _without_open(guarded: Sequence[GuardedText], open_texts: Iterable[GuardedText]) -> Forbidden:
    """Return what tells in some guarded texts, without what stands in open ones too."""
    letters = ["".join(words_of(fold(text.whole))) for text in guarded]
    runs, shifts = _Own(run_symbols, letters), _Own(lambda text: shift_symbols(text)[0], letters)
    terms = _OwnTerms(guarded)
    for batch in _batches(open_texts):
        together = "\x00".join("".join(text.words) for text in batch)
        runs.release(together)
        shifts.release(together)
        for text in batch:
            terms.release(text)
    return Forbidden(runs=runs.left(), shifts=shifts.left(), terms=terms.left())


class _Own:
    """The fingerprints of guarded texts, of which those that stand in open texts are released."""

    def __init__(self, symbols_of: Callable[[str], Hashes], guarded: Sequence[str]) -> None:
        self._symbols_of = symbols_of
        self._symbols = [symbols_of(letters) for letters in guarded]
        self._hashes = [window_hashes(row) for row in self._symbols]
        self._known = HashSet(united(self._hashes))
        self._is_open = np.zeros(len(self._known.hashes), bool)

    def release(self, letters: str) -> None:
        found = window_hashes(self._symbols_of(letters))
        self._is_open[np.searchsorted(self._known.hashes, found[self._known.find(found)])] = True

    def left(self) -> Hashes:
        return united(
            hashes[telling(symbols, self._is_open[np.searchsorted(self._known.hashes, hashes)])]
            for symbols, hashes in zip(self._symbols, self._hashes, strict=True)
            if len(hashes)
        )


class _OwnTerms:
    """The terms of guarded texts, of which those that stand in open texts are released."""

    def __init__(self, guarded: Iterable[GuardedText]) -> None:
        self._terms = Terms.union(
            terms_of(text.whole, titles=text.titles, language=text.language, least_run=LEAST_RUN) for text in guarded
        )
        self._finder = TermFinder(self._terms)
        self._signatures = frozenset(map(signature, self._terms.numbers))
        self._words: set[str] = set()
        self._joined: set[str] = set()
        self._numbers: set[str] = set()

    def release(self, open_words: OpenWords) -> None:
        words = open_words.words
        self._words.update(found.term for found in self._finder.words(spaced(words)) if not found.is_reversed)
        self._joined.update(found.term for found in self._finder.joined("".join(words)) if not found.is_reversed)
        if self._signatures:
            self._numbers |= numbers_in(f"{open_words.folded}\n{written_out(words)}", self._signatures)

    def left(self) -> Terms:
        # A part of an open word is no secret either.
        inside = {word for word in self._terms.words if as_joined(word) in self._joined}
        return self._terms.without(
            Terms(
                words=frozenset(self._words | inside),
                joined=frozenset(self._joined),
                numbers=frozenset(self._numbers),
            )
        )


def _parts(guarded: Iterable[GuardedText]) -> Iterator[list[GuardedText]]:
    part: list[GuardedText] = []
    size = 0
    for text in guarded:
        part.append(text)
        size += len(text.text)
        if size >= AT_ONCE:
            yield part
            part, size = [], 0
    if part:
        yield part


def _batches(texts: Iterable[GuardedText]) -> Iterator[list[OpenWords]]:
    """Yield open texts folded, many at once, and in the end the phrases that are everybody's."""
    batch: list[OpenWords] = []
    size = 0
    phrases = (GuardedText(text=line) for line in COMMON_PHRASES.split("\n") if line)
    for text in chain(texts, phrases):
        folded = fold(text.whole)
        batch.append(OpenWords(folded, words_of(folded)))
        size += len(folded)
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    yield batch
