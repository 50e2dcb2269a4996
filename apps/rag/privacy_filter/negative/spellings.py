"""Texts spelled out sign by sign: code points, entities, escapes, Morse, Braille, single letters."""

import html
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from urllib.parse import unquote

from apps.rag.privacy_filter.negative.encodings import Decoded

_ESCAPE = re.compile(r"(?:\\u\{?|\\x|[uU]\+|\\U)([0-9a-fA-F]{2,8})\}?[ ,;]?")
_CODES = re.compile(r"(?:\d{1,7}[\W_]{1,8}){4,}\d{1,7}")
_FEWEST_CODES = 5
_MORSE = re.compile(r"(?:[.-]{1,6}[ \n/|]{1,4}){3,}[.-]{1,6}")
_HAS_MORSE = re.compile(r"[.·•∙–—−_-]{1,6}[ \n/|]{1,4}[.·•∙–—−_-]")
_MORSE_SIGNS = str.maketrans("·•∙–—−_", "...----")
_MORSE_ALPHABET = (
    ".-:a -...:b -.-.:c -..:d .:e ..-.:f --.:g ....:h ..:i .---:j -.-:k .-..:l --:m -.:n ---:o .--.:p --.-:q .-.:r "
    "...:s -:t ..-:u ...-:v .--:w -..-:x -.--:y --..:z -----:0 .----:1 ..---:2 ...--:3 ....-:4 .....:5 -....:6 "
    "--...:7 ---..:8 ----.:9"
)
_MORSE_LETTERS = dict(pair.split(":") for pair in _MORSE_ALPHABET.split())
# The dots of a Braille cell are the bits of its code point; the letters of the first line have the upper four dots.
_BRAILLE = dict(zip("⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵", "abcdefghijklmnopqrstuvwxyz", strict=True))
_BRAILLE_TEXT = str.maketrans({**_BRAILLE, "\u2800": " "})
_HAS_BRAILLE = re.compile("[\u2801-\u28ff]")
_SINGLE = re.compile(r"(?<![^\W_])(?:[^\W_][\W_]{1,4}){3,}[^\W_](?![^\W_])")
_SIGNS_APART = re.compile(r"(?<!\S)(?:\S\s{1,3}){12,}\S(?!\S)")
_WIDE_GAP = re.compile(r"\s{2,}|[/|]+")


def spelled_out(text: str) -> Iterator[Decoded]:
    """Yield every text that a stretch of text may spell."""
    if "%" in text:
        yield "url", unquote(text.replace("+", " "))
    if "&" in text:
        yield "entities", html.unescape(text)
    if "\\" in text or "+" in text:
        yield "escapes", _ESCAPE.sub(lambda match: _character(int(match[1], 16)), text)
    yield from _code_points(text)
    yield from _morse(text)
    if _HAS_BRAILLE.search(text):
        yield "braille", text.translate(_BRAILLE_TEXT)
    for match in _SIGNS_APART.finditer(text):
        yield "apart", "".join(match.group().split())
    for match in _SINGLE.finditer(text):
        parts = ["".join(c for c in part if c.isalnum()) for part in _WIDE_GAP.split(match.group())]
        yield "spelled", " ".join(parts)
        if len(parts) > 1:
            yield "spelled", "".join(parts)


def _code_points(text: str) -> Iterator[Decoded]:
    """Numbers as characters: by their code points, written in tens or in eights, or by their place in the alphabet.

    Other numbers may stand right before and after them.
    """
    for match in _CODES.finditer(text):
        digits = re.findall(r"\d{1,7}", match.group())
        yield "code points", "".join(_character(int(one)) for one in digits)
        for row in _rows(digits, lambda one: 1 <= int(one) <= 27):
            yield "places", "".join(" abcdefghijklmnopqrstuvwxyz "[int(one)] for one in row)
        for row in _rows(digits, lambda one: one.strip("0") != "" and max(one) < "8"):
            yield "octal", "".join(_character(int(one, 8)) for one in row)


def _rows(digits: Iterable[str], fits: Callable[[str], bool]) -> Iterator[list[str]]:
    """Yield the numbers in a row that fit, where there are enough of them."""
    for is_fit, row in groupby(digits, fits):
        if is_fit and len(found := list(row)) >= _FEWEST_CODES:
            yield found


def _morse(text: str) -> Iterator[Decoded]:
    if not _HAS_MORSE.search(text):
        return
    for match in _MORSE.finditer(text.translate(_MORSE_SIGNS)):
        words = re.split(r"\s*[/|]\s*|\s{2,}", match.group())
        yield "morse", " ".join("".join(_MORSE_LETTERS.get(sign, "") for sign in word.split()) for word in words)


def _character(code: int) -> str:
    return chr(code) if 32 <= code < 0x110000 and not 0xD800 <= code < 0xE000 else " "
