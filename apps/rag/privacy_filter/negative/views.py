"""The views of a growing text: every way in which a secret could be read in it."""

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from urllib.parse import unquote

from apps.rag.privacy_filter.negative.encodings import Decoded, decoded_bytes
from apps.rag.privacy_filter.negative.folding import fold, spaced, words_of
from apps.rag.privacy_filter.negative.numbers import has_digit, written_out
from apps.rag.privacy_filter.negative.oddness import odd_places
from apps.rag.privacy_filter.negative.spellings import spelled_out
from apps.rag.privacy_filter.splitter import visible

WINDOW = 600  # raw characters in which an encoded run must fit: 24 letters as `U+0054`, one on each line, take 240
TAIL = 64  # letters of each view that are kept for what comes next: as many runs as count in any view
ROW = 16  # words that are kept for what comes next
NEAR = 80  # folded characters that are kept: a number in words with its unit
NTH = (2, 3, 4)
APART = 48  # raw characters between two odd places that have nothing to do with each other
SHORT_WORD = 10  # raw characters of an encoded word that holds no more than two odd places
CONTEXT = 64  # raw characters round odd places that are decoded with them
NESTED = 2  # encodings within encodings
SHORTEST = 4  # characters of a decoded text that is worth a look
MOST_DECODED = 4_000_000  # characters of all that one stretch may be; of a whole answer it is a third at most
_LEET = {
    "leet": bytes.maketrans(b"0123456789@$!|", b"oizeasgtbgasil"),
    "leet l": bytes.maketrans(b"0123456789@$!|", b"olzeasgtbgasil"),
}
_NO_LEET = bytes(sign for sign in range(128) if not chr(sign).isalnum() and chr(sign) not in "@$!|")
_NATO_ALPHABET = (
    "alfa alpha bravo charlie delta echo foxtrot golf hotel india juliett juliet kilo lima mike november oscar papa "
    "quebec romeo sierra tango uniform victor whiskey whisky xray yankee zulu"
)
NATO = {**{word: word[0] for word in _NATO_ALPHABET.split()}, "ray": "x"}
_HAS_LEET = re.compile(r"[013456789@$!|](?<=[^\W\d_].)[013456789@$!|]*[^\W\d_]")
# Everywhere here what may repeat is bounded: a text made for it must not cost more than its length.
_LINE = re.compile(r"\n[^\w\n]{0,12}([^\W_])")
# The first sign stands by itself, for that makes the search fast.
_SENTENCE = re.compile(
    r"[.!?…。！？\n](?:(?<=[.!?…])[\"')\]»”]{0,3}\s{1,8}|(?<=[。！？])\s{0,8}|(?<=\n))[^\w\n]{0,12}([^\W_])"
)
_ODD_EDGE = 24  # raw characters before a piece that may be the beginning of such a place
_LONG_NUMBER = re.compile(r"\d[\d.,' ]{3,}")
# Numbers that folding takes for a citation or an item, and what may stand within one and not be seen.
_LIKE_A_MARKER = re.compile(r"\[\d{2,3}\]|^[ \t]*\d{2,3}[.)]", re.MULTILINE)
_MARKS = re.compile(r"[*_~`\\]|\]\s?\([^()\s]{0,200}\)|[\[\]]")
_JOINERS = re.compile("[\u200c\u200d]")
_EDGE = re.compile(r"\W*")  # read from its end
_TARGETS = re.compile(r"\]\s?(?:\([^()]{0,500}\)|\[[^\[\]]{0,100}\])|<[^<>]{1,500}>|https?://\S{1,500}")

_PLAIN = frozenset({"plain", "words reversed", *_LEET})


class OverlongError(ValueError):
    """A text stands for so much else that it can't be looked through."""


class View(NamedTuple):
    """A text as it can be read: its letters in a row, and its words with a space on each side where it has words.

    `is_plain` marks what is read without decoding, in which letters are moved along the alphabet as well.
    """

    name: str
    letters: str
    words: str = ""
    is_plain: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """What is remembered of the text before a piece."""

    raw: str = field(default="", repr=False)
    folded: str = field(default="\n", repr=False)
    words: tuple[str, ...] = field(default=(), repr=False)
    tails: dict[str, str] = field(default_factory=dict, repr=False)
    word_count: int = 0
    length: int = 0  # raw characters
    odd: tuple[int, ...] = ()  # where, of these, something odd stood


class Views(NamedTuple):
    """Every view of a piece with as much of what stands before it as they need, and what to remember after it."""

    views: list[View]
    number_texts: list[tuple[str, str]]
    after: Read


def views_of(piece: str, before: Read) -> Views:
    """Return the views of a piece of text that follows what was read before."""
    clean = visible(piece)
    if not clean.isascii():
        clean = _JOINERS.sub("", unicodedata.normalize("NFKC", clean))
    folded = fold(clean)
    words = words_of(folded)
    new = dict(_streams(folded, words, before))
    tails = {name: before.tails.get(name, "") + letters for name, letters in new.items()}
    row = (*before.words, *words)
    near = before.folded + folded
    odd = _odd_places(before, clean)
    has_leet = bool(odd) and _HAS_LEET.search(near) is not None
    views = [
        View(name, letters, spaced(row) if name == "plain" else "", is_plain=name in _PLAIN)
        for name, letters in tails.items()
        if new[name] and (has_leet or name not in _LEET)
    ]
    hidden = [*_links(before.raw, clean), *_escaped(before.raw, clean)]
    for part in _regions(before, clean, odd):
        hidden += [*_decoded(part), *((f"{name}, from its end", text) for name, text in decoded_bytes(part[::-1]))]
    decoded = [(name, fold(text)) for name, text in hidden]
    views += [_as_view(name, text) for name, text in decoded]
    numbers = [("plain", near), ("plain", written_out(row)), *decoded, *_marked_numbers(before.raw, clean)]
    numbers.append(("reversed", " ".join(_LONG_NUMBER.findall(near))[::-1]))
    after = replace(
        before,
        raw=(before.raw + clean)[-WINDOW:],
        folded=near[-NEAR:],
        words=row[-ROW:],
        tails={**before.tails, **{name: letters[-TAIL:] for name, letters in tails.items()}},
        word_count=before.word_count + len(words),
        length=before.length + len(clean),
        odd=tuple(place for place in odd if place >= before.length + len(clean) - WINDOW),
    )
    return Views(views, [(name, text) for name, text in numbers if has_digit(text)], after)


def _streams(folded: str, words: list[str], before: Read) -> Iterator[tuple[str, str]]:
    """Yield what a piece adds to each row of letters that grows with the text."""
    plain = "".join(words)
    yield "plain", plain
    yield "words reversed", "".join(" ".join(words)[::-1].split()[::-1])
    for name, table in _LEET.items():
        yield name, folded.encode("ascii", "ignore").translate(table, _NO_LEET).decode()
    edge = _EDGE.match(before.folded[::-1])
    edged = before.folded[len(before.folded) - (edge.end() if edge else 0) :] + folded
    yield "initials", "".join([word[0] for word in words])
    yield "nato", "" if NATO.keys().isdisjoint(words) else "".join(NATO[word] for word in words if word in NATO)
    yield "initials of lines", "".join(_LINE.findall(edged))
    yield "initials of sentences", "".join(_SENTENCE.findall(edged))
    for n in NTH:
        for first in range(n):
            yield f"every {n}. word from {first}", "".join(words[(first - before.word_count) % n :: n])


def _odd_places(before: Read, clean: str) -> list[int]:
    """Return where in the text so far, counted in raw characters, something odd stands."""
    edge = before.raw[-_ODD_EDGE:]
    first = before.length - len(edge)
    return sorted({*before.odd, *(first + place for place in odd_places(edge + clean))})


def _regions(before: Read, clean: str, odd: Sequence[int]) -> Iterator[str]:
    """Yield the stretches of raw text round odd places, where there are enough of them and some text is new."""
    text, first = before.raw + clean, before.length - len(before.raw)
    near: list[int] = []
    for place in (*(place - first for place in odd if place >= first), len(text) + WINDOW):
        if near and place - near[-1] >= APART:
            if _is_dense(near) and near[-1] + CONTEXT > len(before.raw):
                yield text[max(0, near[0] - CONTEXT) : near[-1] + CONTEXT]
            near = []
        near.append(place)


def _is_dense(places: Sequence[int]) -> bool:
    """Tell whether odd places near each other are more than "IL-2 and p53": three, or two in one short word."""
    return len(places) > 2 or (len(places) == 2 and places[1] - places[0] <= SHORT_WORD)


def _decoded(window: str) -> list[Decoded]:
    """Return what a stretch of raw text may be an encoding of, and what that may be; its links' parts too.

    All that may be of one encoding is one text, in order, so nothing is hidden behind any number of others. Raises
    OverlongError for a text that was made to be decoded without end.
    """
    found: list[Decoded] = []
    level = [("", window)]
    for _ in range(NESTED):
        kinds: dict[str, list[str]] = {}
        for outer, inner in level:
            for name, text in (*decoded_bytes(inner), *spelled_out(inner)):
                if len(text) >= SHORTEST and text != inner:
                    kinds.setdefault(f"{outer} {name}".strip(), []).append(text)
        level = [(name, "\n".join(texts)) for name, texts in kinds.items()]
        if sum(len(text) for _, text in level) > MOST_DECODED:
            raise OverlongError
        found += level
    return found


def _links(raw: str, clean: str) -> Iterator[Decoded]:
    """Yield a text without its links' targets and tags, and these by themselves, where it has any."""
    if any(mark in clean for mark in ("](", "][", "<", "://")):
        window = raw + clean
        yield "links' words", _TARGETS.sub("", window)
        yield "links' targets", "\n".join(_TARGETS.findall(window))


def _escaped(raw: str, clean: str) -> Iterator[Decoded]:
    """Yield a text with its escapes undone, where it has any: one alone parts a name as well as many do."""
    window = raw[-NEAR:] + clean
    if "&" in clean and (text := html.unescape(window)) != window:
        yield "entities", text
    if "%" in clean and (text := unquote(window)) != window:
        yield "url", text


def _marked_numbers(raw: str, clean: str) -> Iterator[tuple[str, str]]:
    """Yield a text as numbers may stand in it that are set like markers or items, or with marks of emphasis between."""
    window = raw[-NEAR:] + clean
    if _LIKE_A_MARKER.search(clean) or any(mark in clean for mark in "*_~`\\"):
        yield "marks", _MARKS.sub("", window).lower()


def _as_view(name: str, folded: str) -> View:
    words = words_of(folded)
    return View(name, "".join(words), spaced(words), is_plain=True)
