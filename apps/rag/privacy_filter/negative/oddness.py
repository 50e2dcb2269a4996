"""Finds the places in a text that running text hardly has and encodings are made of, at little cost a character."""

import re
from collections.abc import Iterator, Sequence

import numpy as np

STEP = 3  # characters from one odd place to where the next is looked for
_LOWER, _UPPER, _DIGIT, _SPACE, _POINT, _SIGN = b"a", b"A", b"0", b" ", b".", b"#"
_MEMBERS = {
    _LOWER: b"abcdefghijklmnopqrstuvwxyz",
    _UPPER: b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    _DIGIT: b"0123456789",
    _SPACE: b" \t\r\n\x0b\x0c",
    _POINT: b".,;:-_/|",
    _SIGN: b"#$%&*+<=>@\\^`{}~!",
}
_CLASSES = bytes(
    next((kind[0] for kind, members in _MEMBERS.items() if code in members), ord("?")) for code in range(256)
)
# Rows of classes: capitals and figures inside words, signs before letters, long words, many figures, points and
# strokes apart.
_PAIRS = (b"aA", b"a0", b"0a", b"A0", b"0A", b"#a", b"#A", b"#0", b"##")
_LONG_WORDS = (b"A" * 8, b"a" * 24)
_FIGURES = (b"0" * 6, b"0 0", b"0 00", b"0.0", b"0. 0")
_POINTS_APART = (b". . ", b". .. ", b" .. .")
_KINDS = b"".join((*_MEMBERS, b"?"))
_NUMBERED = bytes(max(0, _KINDS.find(code)) for code in range(256))
_PAIR_NUMBERS = np.array(
    [
        _PAIRS.index(pair) if (pair := bytes((one, other))) in _PAIRS else len(_PAIRS)
        for one in _KINDS
        for other in _KINDS
    ],
    np.uint8,
)
# Letters and figures apart from each other, whatever they are.
_SAME = bytes.maketrans(b"A0", b"aa")
_PATTERNS_APART = (b" a a a", b"a.a.a", b"a. a. a", b". a a", b"a# a#")
# Three numbers with whatever between them that isn't a word.
_NUMBERS_IN_A_ROW = re.compile(rb"0(?=[^aA0]{1,8}0{1,7}[^aA0]{1,8}0)")
_OTHER_DIGIT = re.compile(r"[^\D0-9]")
_OTHER_POINTS = str.maketrans("·•∙–—−", "......")  # of Morse
# Signs beyond ASCII that spell letters: Braille, letters in circles and squares, halves of flags.
_SPELLING_SIGN = re.compile("[\u24b6-\u24ff\u2801-\u28ff\U0001f110-\U0001f1ff]")


def odd_places(text: str) -> list[int]:
    """Return where something odd stands, in no order."""
    if not text.isascii():
        text = _OTHER_DIGIT.sub("0", text.translate(_OTHER_POINTS))
    classes = text.encode("ascii", "replace").translate(_CLASSES)
    figures = _FIGURES if _DIGIT in classes else ()
    points = _POINTS_APART if _SPACE + _POINT in classes else ()
    places = [*_matching(classes, (*_pairs_in(classes), *_LONG_WORDS, *figures, *points))]
    places += _matching(classes.translate(_SAME), _PATTERNS_APART)
    if figures:
        places += [match.start() for match in _NUMBERS_IN_A_ROW.finditer(classes)]
    if not text.isascii():
        places += [match.start() for match in _SPELLING_SIGN.finditer(text)]
    return places


def _pairs_in(classes: bytes) -> Iterator[bytes]:
    """Yield the odd pairs that there are: one look at all pairs costs less than one search for each."""
    codes = np.frombuffer(classes.translate(_NUMBERED), np.uint8)
    known = _PAIR_NUMBERS[codes[:-1] * np.uint8(len(_KINDS)) + codes[1:]]
    return (_PAIRS[number] for number in np.unique(known[known < len(_PAIRS)]).tolist())


def _matching(classes: bytes, patterns: Sequence[bytes]) -> Iterator[int]:
    for pattern in patterns:
        place = classes.find(pattern)
        while place >= 0:
            yield place
            place = classes.find(pattern, place + STEP)
