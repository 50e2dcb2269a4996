"""Cuts running text at sentences; a sentence that is too long at lines, clauses, words and, last, anywhere."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

# Possessive repeats and the look-behind keep these linear: a run of a million full stops is read once.
MARKS = ".!?…؟।॥։۔"
CLOSERS = r"[\"'”’»)\]』」）〉》]{0,4}+"
SENTENCE_END = re.compile(
    rf"(?:(?<![{MARKS}])(?P<mark>[{MARKS}]++){CLOSERS}(?=\s)|(?:[。！？｡]|．(?!\d))++{CLOSERS})\s*+"
)
LINE_END = re.compile(r"\n\s*+")
CLAUSE_END = re.compile(r"(?:[,;:—–،؛](?=\s)|[，、；：])\s*")
WORD_END = re.compile(r"\s+")
DOTTED = re.compile(r"(?:\w\.)+\w")

# Words that end in a full stop within a sentence, in English, German, the Romance languages, Dutch and Russian.
# One that is missing here costs a needless cut, no more.
ABBREVIATED = """
    mr mrs ms dr prof st jr sr rev hon gen col capt lt sgt gov sen rep vs etc al fig figs eq eqs ref refs no nos vol
    vols pp ed eds ch sec inc ltd co corp dept est approx ca cf viz jan feb mar apr jun jul aug sep sept oct nov dec
    incl excl qty ext
    bzw usw vgl ggf evtl inkl exkl zzgl nr str abs art kap abb tab bspw sog allg hrsg mio mrd tel max min okt dez
    mme mlle mgr env sra srta dra ud uds núm pág págs aprox sig dott avv ecc pag blz bijv
    им ул тыс млн млрд руб стр рис табл др пр
"""
ABBREVIATIONS = frozenset(ABBREVIATED.split())

# What a cut costs; for the scale see `units`.
SENTENCE = 0.3
SENTENCE_AND_LINE = 0.15


class Piece(NamedTuple):
    """A stretch of text, and what a cut before it costs."""

    start: int
    end: int
    cost: float


class Level(NamedTuple):
    """One way to cut a sentence that is too long: where the parts end, and what a cut there costs."""

    ends: Callable[[str, int, int], Iterator[int]]
    cost: float


def split_text(text: str, *, longest: int, fragment: int) -> list[Piece]:
    """Return the sentences of `text`; those of more than `longest` bytes in fragments of at most `fragment` bytes."""
    pieces: list[Piece] = []
    behind = 0
    for end in (*sentence_ends(text), len(text)):
        new_line = bool(pieces) and "\n" in text[pieces[-1].end : behind]
        for sentence in _trimmed(text, behind, end, SENTENCE_AND_LINE if new_line else SENTENCE):
            short = _size(text, sentence.start, sentence.end) <= longest
            pieces += [sentence] if short else _fragments(text, sentence, LEVELS, fragment)
        behind = end
    return pieces


def sentence_ends(text: str) -> Iterator[int]:
    """Yield where each sentence ends, white space after it included."""
    for match in SENTENCE_END.finditer(text):
        mark = match["mark"]
        if mark is None or _ends_sentence(text, match.start(), mark, text[match.end() : match.end() + 1]):
            yield match.end()


def _ends_sentence(text: str, stop: int, mark: str, following: str) -> bool:
    if mark != ".":
        return not following.islower()  # “Why?” she asked … and then
    before = text[max(0, stop - 20) : stop].split()
    word = before[-1].lstrip("([{\"'“‘«") if before else ""
    if word.isdigit():
        return len(word) > 2  # "2020." ends a sentence; "3." counts something, or is the third of May
    return len(word) > 1 and word.casefold() not in ABBREVIATIONS and not DOTTED.fullmatch(word)


def _matches(pattern: re.Pattern[str]) -> Callable[[str, int, int], Iterator[int]]:
    return lambda text, start, end: (match.end() for match in pattern.finditer(text, start, end))


def _characters(text: str, start: int, end: int) -> Iterator[int]:
    """Yield each place where a cut doesn't part a character from its accents and joiners."""
    joiner = False
    for place in range(start + 1, end):
        glued = joiner or unicodedata.category(text[place])[0] == "M"
        joiner = text[place] == "\u200d"
        if not glued and not joiner:
            yield place


LEVELS = (
    Level(_matches(LINE_END), cost=0.6),
    Level(_matches(CLAUSE_END), cost=1.0),
    Level(_matches(WORD_END), cost=2.0),
    Level(_characters, cost=4.0),
)


def _fragments(text: str, whole: Piece, levels: Sequence[Level], fragment: int) -> Iterator[Piece]:
    """Cut a piece by the first level, and by the next ones what is still larger than a fragment."""
    level, *deeper = levels
    cost = whole.cost
    for start, end in _packed(text, whole, level, fragment):
        for part in _trimmed(text, start, end, cost):
            if deeper and _size(text, part.start, part.end) > fragment:
                yield from _fragments(text, part, deeper, fragment)
            else:
                yield part
            cost = level.cost


def _packed(text: str, whole: Piece, level: Level, fragment: int) -> Iterator[tuple[int, int]]:
    """Yield stretches between the level's cuts, as many together as a fragment holds."""
    begin = last = whole.start
    for place in (*level.ends(text, whole.start, whole.end), whole.end):
        if last > begin and _size(text, begin, place) > fragment:
            yield begin, last
            begin = last
        last = place
    yield begin, whole.end


def _trimmed(text: str, start: int, end: int, cost: float) -> Iterator[Piece]:
    """Yield the stretch without the white space around it, if anything is left."""
    piece = text[start:end]
    if stripped := piece.strip():
        begin = start + len(piece) - len(piece.lstrip())
        yield Piece(begin, begin + len(stripped), cost)


def _size(text: str, start: int, end: int) -> int:
    return len(text[start:end].encode(errors="surrogatepass"))
