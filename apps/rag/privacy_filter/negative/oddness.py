"""Finds the places in a text that running text hardly has and encodings are made of, at little cost a character."""

import re
from collections.abc import Iterator, Sequence

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
_PATTERNS = (
    b"aA", b"a0", b"0a", b"A0", b"0A", b"#a", b"#A", b"#0", b"##", b"A" * 8, b"a" * 24, b"0" * 6,
    b"0 0", b"0 00", b"0.0", b"0. 0", b". . ", b". .. ", b" .. .",
)  # fmt: skip
# Letters and figures apart from each other, whatever they are.
_SAME = bytes.maketrans(b"A0", b"aa")
_PATTERNS_APART = (b" a a a", b"a.a.a", b"a. a. a", b". a a", b"a# a#")
# Signs beyond ASCII that spell letters: Braille, letters in circles and squares, halves of flags.
_SPELLING_SIGN = re.compile("[\u24b6-\u24ff\u2801-\u28ff\U0001f110-\U0001f1ff]")


def odd_places(text: str) -> list[int]:
    """Return where something odd stands, in no order."""
    classes = text.encode("ascii", "replace").translate(_CLASSES)
    places = [*_matching(classes, _PATTERNS), *_matching(classes.translate(_SAME), _PATTERNS_APART)]
    if not text.isascii():
        places += [match.start() for match in _SPELLING_SIGN.finditer(text)]
    return places


def _matching(classes: bytes, patterns: Sequence[bytes]) -> Iterator[int]:
    for pattern in patterns:
        place = classes.find(pattern)
        while place >= 0:
            yield place
            place = classes.find(pattern, place + STEP)
