"""Looks for what is forbidden in the views of a text: runs, shifts, terms and numbers, forwards and backwards."""

import re
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from itertools import repeat
from typing import NamedTuple

import numpy as np

from apps.rag.privacy_filter.negative.fingerprints import (
    Hashes,
    HashSet,
    run_symbols,
    shift_symbols,
    united,
    window_hashes,
)
from apps.rag.privacy_filter.negative.numbers import numbers_in, signature
from apps.rag.privacy_filter.negative.terms import LEAST_HIDDEN, LEAST_JOINED, TermFinder, Terms
from apps.rag.privacy_filter.negative.views import View, Views

_BETWEEN = "\x00"
LEAST_PLACES = 3  # of runs in views that put other words together: three words of one subject meet there by chance
_LEAST_REVERSED_NUMBER = 5  # characters; three digits read backwards are many a number
# Views that give a letter for each word or sign: there a short secret is looked for between other letters.
_LETTER_BY_LETTER = re.compile(r"initials|(?:spelled|apart|nato|morse|places|braille)$")

# Views that put words together which are whole in the text itself: a term of one word is found there.
_OTHER_WORDS = re.compile("every|words reversed")
_NTH = re.compile("every")


class Finding(NamedTuple):
    """Something forbidden: the rule that knows it, its hash, and the view it was read in. Never its text."""

    rule: str
    digest: str
    view: str


class Screen:
    """What is forbidden, ready to be looked for. It holds no state and serves any number of answers at once.

    Making one takes a while for a large chatbot, so it is made in a thread and kept.
    """

    def __init__(self, *, runs: Hashes, shifts: Hashes, terms: Terms) -> None:
        self._terms = terms
        self._known = HashSet(united([runs, shifts]))
        self._finder = TermFinder(terms)
        self._signatures = frozenset(signature(number) for number in terms.numbers)

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is forbidden."""
        return not (len(self._known.hashes) or self._terms)

    def findings(self, views: Views) -> frozenset[Finding]:
        """Return everything forbidden that can be read in these views."""
        return frozenset((*self._in_letters(views.views), *self._in_words(views.views), *self._in_numbers(views)))

    def _in_letters(self, views: Sequence[View]) -> Iterator[Finding]:
        if not views:
            return
        rows = _together(views)
        yield from self._hashed(views, rows)
        if not self._terms or not any(self._finder.joined(rows.all if self._terms.joined else rows.both)):
            return
        for view in views:
            if _OTHER_WORDS.match(view.name) and not self._terms.joined:
                continue
            for term, is_reversed in self._finder.joined(view.letters):
                if self._counts(term, view.name):
                    yield Finding("term", digest_of(term), view.name + (" reversed" if is_reversed else ""))

    def _counts(self, term: str, view: str) -> bool:
        """Tell whether a term among a view's letters is more than chance: words that meet make other words."""
        if _OTHER_WORDS.match(view):
            return term in self._terms.joined
        return len(term) >= (LEAST_HIDDEN if _LETTER_BY_LETTER.search(view) else LEAST_JOINED)

    def _hashed(self, views: Sequence[View], together: "_Together") -> Iterator[Finding]:
        """Look for fingerprints in all views at once; only where there are any, look which view they are in."""
        if not len(self._known.hashes):
            return
        symbols = [symbols for _, _, symbols in _rows(View("", together.both, is_plain=False))]
        symbols += [*_moved(together.plain), run_symbols(together.nth)]
        if not len(self._known.find(window_hashes(np.concatenate(symbols)))):
            return
        for view in views:
            for rule, suffix, row in _rows(view):
                hashes = window_hashes(row)
                places = self._known.find(hashes)
                if len(places) < LEAST_PLACES and _OTHER_WORDS.match(view.name):
                    continue
                for place in places:
                    yield Finding(rule, f"{hashes[place]:016x}", view.name + suffix)

    def _in_words(self, views: Sequence[View]) -> Iterator[Finding]:
        for view in views:
            if not view.words:
                continue
            for term, is_reversed in self._finder.words(view.words):
                yield Finding("term", digest_of(term), view.name + (" reversed" if is_reversed else ""))
            for term in self._finder.moved(view.words):
                yield Finding("term", digest_of(term), f"{view.name} moved")

    def _in_numbers(self, views: Views) -> Iterator[Finding]:
        if not self._terms.numbers:
            return
        for name, text in views.number_texts:
            for number in numbers_in(text, self._signatures) & self._terms.numbers:
                if name != "reversed" or len(number) >= _LEAST_REVERSED_NUMBER:
                    yield Finding("number", digest_of(number), name)


def digest_of(term: str) -> str:
    """Return the hash by which the owner's alarm names a term."""
    return blake2b(term.encode(), digest_size=8).hexdigest()


class _Together(NamedTuple):
    """The letters of many views in a row, each apart from the next by a sign that no run and no term holds."""

    plain: str
    both: str  # these, and those that are read backwards too
    nth: str
    all: str


def _together(views: Sequence[View]) -> _Together:
    kinds: tuple[list[str], list[str], list[str]] = ([], [], [])
    for view in views:
        kinds[0 if view.is_plain else 2 if _NTH.match(view.name) else 1].append(view.letters)
    plain, others, nth = map(_BETWEEN.join, kinds)
    both = f"{plain}{_BETWEEN}{others}"
    return _Together(plain, both, nth, f"{both}{_BETWEEN}{nth}")


def _rows(view: View) -> Iterator[tuple[str, str, Hashes]]:
    """Yield the symbols in which a view is looked through, each with the rule and how it is read."""
    symbols = run_symbols(view.letters)
    yield "run", "", symbols
    if not _NTH.match(view.name):
        yield "run", " reversed", symbols[::-1]
    if view.is_plain:
        yield from zip(repeat("shift"), (" moved", " turned", " reversed", " reversed, turned"), _moved(view.letters))


def _moved(letters: str) -> tuple[Hashes, Hashes, Hashes, Hashes]:
    """Return the symbols of letters moved along the alphabet, and of the alphabet turned round; then both backwards."""
    distances, turned = shift_symbols(letters)
    return distances, turned, turned[::-1], distances[::-1]
