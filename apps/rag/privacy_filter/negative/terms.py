"""Terms of guarded texts that tell by themselves: names, codes, titles, file names, numbers; and how they are found."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import ahocorasick_rs
import numpy as np
from numpy.typing import NDArray

from apps.rag.privacy_filter.figures import is_unit
from apps.rag.privacy_filter.names import names
from apps.rag.privacy_filter.negative.folding import fold, spaced, words_of
from apps.rag.privacy_filter.negative.numbers import distinctive, numbers_in, written_out

LEAST_NAME = 3  # letters
LEAST_CODE = 4  # letters and digits of a name that holds digits
LEAST_HIDDEN = 6  # letters of a term that is looked for inside other letters, where words don't end
LEAST_JOINED = 8  # the same in running text without its spaces, where six letters meet by chance
LEAST_TURNED = 6  # letters of a term that is looked for backwards or moved along the alphabet
LEAST_TITLE = 8
WORDS_IN_A_ROW = 12
MOST_FOR_DFA = 4000  # patterns; about 10 MB
_CAPITALS = re.compile(r"(?<![^\W_])([^\W\d_a-z][^\W\d_]+) (?=([^\W\d_a-z][^\W\d_]+))")
_LETTERS = re.compile("[a-z]+")
_SPACE, _FIRST, _CODES = ord(" "), ord("a"), 128
_DROPPED = b"\0"
_EVERYDAY_WORDS = (
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "
    "september october november december montag dienstag mittwoch donnerstag freitag samstag sonntag januar februar "
    "märz mai juni juli oktober dezember lundi mardi mercredi jeudi vendredi samedi dimanche english german french "
    "spanish internet email e mail pdf url faq usa eu uk europe europa ceo web online ok id iphone android windows "
    "please dear mr mrs ms dr herr frau madame monsieur eur usd gbp chf jpy cny vat mwst ust tva iva gmbh ag inc ltd"
    " llc plc sarl sas srl co kg api http https html csv xml sql sla id tel fax iban bic din iso"
)
_EVERYDAY = frozenset(_EVERYDAY_WORDS.split())


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """`words` are whole words or rows of them, `joined` letters without spaces, `numbers` as `numbers_in` has them."""

    words: frozenset[str] = field(default=frozenset(), repr=False)
    joined: frozenset[str] = field(default=frozenset(), repr=False)
    numbers: frozenset[str] = field(default=frozenset(), repr=False)

    def __bool__(self) -> bool:
        return bool(self.words or self.joined or self.numbers)

    @staticmethod
    def union(parts: Iterable["Terms"]) -> "Terms":
        """Return the terms of all parts, each once."""
        words: set[str] = set()
        joined: set[str] = set()
        numbers: set[str] = set()
        for part in parts:
            words |= part.words
            joined |= part.joined
            numbers |= part.numbers
        return Terms(words=frozenset(words), joined=frozenset(joined), numbers=frozenset(numbers))

    def without(self, other: "Terms") -> "Terms":
        return Terms(
            words=self.words - other.words, joined=self.joined - other.joined, numbers=self.numbers - other.numbers
        )


def terms_of(text: str, *, titles: Iterable[str], language: str, least_run: int) -> Terms:
    """Return what tells by itself in a guarded text and its titles; `least_run` letters in a row are told anyway."""
    folded = fold(text)
    split = words_of(folded)
    words = set(_short_rows(split, least_run))
    # German writes every noun with a capital: there only two in a row are taken for a name.
    pairs = [" ".join(pair) for pair in _CAPITALS.findall(text)] if language == "de" else []
    for name in (*names(text, language), *pairs):
        if term := _name(words_of(fold(name))):
            words.add(term)
    joined = {title for one in titles if (title := _title(one))}
    if LEAST_TITLE <= len(whole := "".join(split)) < least_run:
        joined.add(whole)
    numbers = distinctive(numbers_in(f"{folded}\n{written_out(split)}"))
    joined |= {
        digits for number in numbers if len(digits := number.replace(".", "")) > LEAST_JOINED and digits.isdigit()
    }
    return Terms(words=frozenset(words), joined=frozenset(joined), numbers=numbers)


def _name(words: Sequence[str]) -> str:
    """Return a name's words as a term; "" for a short or an everyday one."""
    letters = "".join(words)
    least = LEAST_CODE if any(map(str.isdigit, letters)) else LEAST_NAME
    if len(letters) < least or letters.isdigit() or all(word in _EVERYDAY or is_unit(word) for word in words):
        return ""
    return " ".join(words)


def _title(title: str) -> str:
    """Return a title or a file's name as letters in a row; "" for one word alone, which may be anything."""
    words = words_of(fold(title))
    letters = "".join(words)
    return letters if len(letters) >= LEAST_TITLE and len(words) > 1 else ""


def _short_rows(words: Sequence[str], least_run: int) -> Iterator[str]:
    """Yield rows of twelve words that are so short that they make no run."""
    ends = [0]
    for word in words:
        ends.append(ends[-1] + len(word))
    for first in range(len(words) - WORDS_IN_A_ROW + 1):
        if LEAST_TITLE <= ends[first + WORDS_IN_A_ROW] - ends[first] < least_run:
            yield " ".join(words[first : first + WORDS_IN_A_ROW])


class Found(NamedTuple):
    """A term that was found, and whether it stands there from its end to its beginning."""

    term: str
    is_reversed: bool = False


class TermFinder:
    """Finds terms in texts, forwards and backwards: all of them in one pass over each."""

    def __init__(self, terms: Terms) -> None:
        # A name may stand in the plural or the genitive.
        forms = [(form, word) for word in terms.words for form in (word, f"{word}s")]
        long = [(form, word) for form, word in forms if len(form) >= LEAST_TURNED]  # "and" is no hint at DNA
        self._words = [*(Found(word) for _, word in forms), *(Found(word, True) for _, word in long)]
        self._find_words = _automaton(
            [*(spaced([form]) for form, _ in forms), *(spaced([form])[::-1] for form, _ in long)]
        )
        inside = sorted(terms.joined | {joined(word) for word in terms.words if _stands_alone(word)})
        self._joined = [*map(Found, inside), *(Found(term, True) for term in inside)]
        self._find_joined = _automaton([*inside, *(term[::-1] for term in inside)])
        self._moved = sorted(filter(_can_be_moved, terms.words))
        self._find_moved = _automaton([_distances(spaced([word]))[0].decode() for word in self._moved])

    def words(self, text: str) -> Iterator[Found]:
        """Yield each whole word or row of words that is a term; words have a space on each side."""
        if self._find_words:
            for number, _, _ in self._find_words.find_matches_as_indexes(text.encode(), overlapping=True):
                yield self._words[number]

    def joined(self, letters: str) -> Iterator[Found]:
        """Yield each term among letters without spaces."""
        if self._find_joined:
            for number, _, _ in self._find_joined.find_matches_as_indexes(letters.encode(), overlapping=True):
                yield self._joined[number]

    def moved(self, text: str) -> Iterator[str]:
        """Yield each term that stands in a text of whole words when its letters are moved along the alphabet."""
        if self._find_moved:
            for distances in _distances(text):
                for number, _, _ in self._find_moved.find_matches_as_indexes(distances, overlapping=True):
                    yield self._moved[number]


def _distances(text: str) -> tuple[bytes, bytes]:
    """Return whole words as the distances between their letters, and the same for the alphabet turned round.

    A word's first letter has no distance: so all rotations of a word are one.
    """
    codes = np.frombuffer(text.encode("ascii", "replace"), np.uint8).astype(np.intp)
    pairs = codes[:-1] * _CODES + codes[1:]
    forwards, backwards = (table[pairs].tobytes().translate(None, _DROPPED) for table in (_BETWEEN, _BETWEEN_TURNED))
    return b" " + forwards, b" " + backwards


def _distance_table(sign: int) -> NDArray[np.uint8]:
    """Return for each two signs in a row how far it is from one to the other, as a letter; a space for a word's end."""
    before, after = np.divmod(np.arange(_CODES * _CODES), _CODES)
    distances = np.where(after == _SPACE, _SPACE, sign * (after - before) % 26 + _FIRST)
    return np.where((before == _SPACE) & (after != _SPACE), _DROPPED[0], distances).astype(np.uint8)


_BETWEEN, _BETWEEN_TURNED = _distance_table(1), _distance_table(-1)


def joined(term: str) -> str:
    """Return a term without spaces, as it is looked for among letters."""
    return term.replace(" ", "")


def _can_be_moved(term: str) -> bool:
    """Tell whether a term is one long word: of a short one hardly a distance is left, and any other may be alike."""
    return len(term) >= LEAST_TURNED and _LETTERS.fullmatch(term) is not None


def _stands_alone(term: str) -> bool:
    """Tell whether a term may be looked for among letters: one word or a code, not ordinary words in a row."""
    return len(joined(term)) >= LEAST_HIDDEN and (" " not in term or any(map(str.isdigit, term)))


def _automaton(patterns: Sequence[str]) -> ahocorasick_rs.BytesAhoCorasick | None:
    """Return what finds the patterns: the fastest kind of automaton whose memory stays within reason."""
    if not patterns:
        return None
    kinds = ahocorasick_rs.Implementation
    kind = kinds.DFA if len(patterns) <= MOST_FOR_DFA else kinds.ContiguousNFA
    return ahocorasick_rs.BytesAhoCorasick([pattern.encode() for pattern in patterns], implementation=kind)
