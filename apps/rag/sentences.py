"""Finds where a sentence ends, in a whole text and in a stream whose next characters aren't there yet."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from apps.core.chunking.sentences import ABBREVIATIONS, CLOSERS, DOTTED

# "[1]", "[1, 2]", "[^1]", "[passage 1]", "【1†source】", also as a Markdown link: what models write when asked to cite.
_NUMBER = r"(?:[^\W\d_]{1,12}[ \t]*)?#?[ \t]*\d{1,3}"
MARKER = (
    rf"(?:\[\^?[ \t]*{_NUMBER}(?:[ \t]*[,;–-][ \t]*{_NUMBER})*[ \t]*\](?:\([^()\s]{{0,300}}\))?"
    rf"|【[ \t]*{_NUMBER}[^】\n]{{0,40}}】)"
)
TRAILING_MARKERS = re.compile(rf"(?:[ \t]*{MARKER})*[ \t]*")
CANDIDATE = re.compile(rf"(?P<line>\n)|(?P<mark>[.!?…؟।॥]+){CLOSERS}(?=[\s\[【])|(?P<full>[。！？｡]+){CLOSERS}")
_SIGN = re.compile(r"[\n.!?…؟।॥。！？｡]")  # what a candidate begins with
NEXT_WORD = re.compile(r"[^\W\d_]{0,12}")
LONGEST_MARKER = 360  # characters to wait for before an open bracket counts as one that opens no marker
# A table row as far as its second header: from there on, a full stop is one of its values'.
ROW_SO_FAR = re.compile(r"[^:;.!?\n]{1,80}: [^;\n]{1,400}; [^:;.!?\n]{1,80}: ")
# A short word with a capital, or one of "number" in it, that counts what comes next.
_NUMBERED = re.compile(r"[^\W\d_a-zß-ÿ][^\W\d_]{1,3}|\w*(?:nr|no)")
LONGEST_WORD = 52  # characters to look back for the word before a full stop

# Before a number that is followed by a full stop: "am 3. Tag", "der 2. Stock", "Nr. 5." are no ends.
_COUNTED = frozenset(
    [
        "der",
        "die",
        "das",
        "den",
        "dem",
        "des",
        "am",
        "im",
        "vom",
        "zum",
        "beim",
        "ab",
        "bis",
        "seit",
        "jeder",
        "jede",
        "jedes",
        "jeden",
        "nr",
        "nummer",
    ]
)
_AFTER_ORDINAL = frozenset(
    [
        "januar",
        "februar",
        "märz",
        "april",
        "mai",
        "juni",
        "juli",
        "august",
        "september",
        "oktober",
        "november",
        "dezember",
        "jan",
        "feb",
        "apr",
        "jun",
        "jul",
        "aug",
        "sep",
        "okt",
        "nov",
        "dez",
        "jahrhundert",
    ]
)


class Boundary(NamedTuple):
    """A sentence's text, with the markers that follow it, reaches to `end`."""

    end: int


class Undecided(NamedTuple):
    """The text stops before it can be told whether a sentence ends: look again from `scan` when there is more."""

    scan: int


def next_boundary(text: str, start: int, scan: int, *, final: bool) -> Boundary | Undecided:
    """Return the first boundary at or after `scan` of the sentence that begins at `start`.

    What is returned never depends on text that isn't there yet, so a stream is cut alike however it is split.
    With `final` the text is all there is, and its end is a boundary.
    """
    for match in _candidates(text, scan):
        if match["line"]:
            return Boundary(match.start())
        end = _end_with_markers(text, match.end(), final=final)
        if end is None:
            return Undecided(match.start())
        ends = bool(match["full"]) or _ends_sentence(text, start, match.start("mark"), match["mark"], end)
        if not final and not match["full"] and _needs_next_word(text, start, match.start("mark"), end):
            return Undecided(match.start())
        if ends:
            return Boundary(end)
    return Boundary(len(text)) if final else Undecided(_safe_scan(text, scan))


def _candidates(text: str, place: int) -> Iterator[re.Match[str]]:
    """Yield where a sentence may end; to look for one sign first is faster than to try everything everywhere."""
    while sign := _SIGN.search(text, place):
        match = CANDIDATE.match(text, sign.start())
        place = (match or sign).end()
        if match:
            yield match


def _end_with_markers(text: str, place: int, *, final: bool) -> int | None:
    """Return where the markers after `place` end, or None if what follows decides that and isn't there yet."""
    trailing = TRAILING_MARKERS.match(text, place)
    end = trailing.end() if trailing else place
    if final:
        return end
    return None if end == len(text) or _may_become_marker(text, end) else end


def _needs_next_word(text: str, start: int, stop: int, end: int) -> bool:
    """Tell whether the whole next word decides, and isn't there yet: "3. Mai" goes on, "3. Maison" doesn't."""
    following = NEXT_WORD.match(text, end)
    return text[start:stop][-1:].isdigit() and following is not None and following.end() == len(text)


def _may_become_marker(text: str, end: int) -> bool:
    """Tell whether an open bracket at `end` could still become a marker, or the link of the marker before it."""
    rest = text[end : end + LONGEST_MARKER]
    closing = {"[": "]\n", "【": "】\n", "(": ") \t\n" if text[end - 1] == "]" else ""}.get(text[end], "")
    return bool(closing) and len(rest) < LONGEST_MARKER and not any(mark in rest for mark in closing)


def _ends_sentence(text: str, start: int, stop: int, mark: str, end: int) -> bool:
    following = NEXT_WORD.match(text, end)
    next_word = following.group() if following else ""
    if mark != ".":
        return not next_word[:1].islower()  # “Why?” she asked … and then
    if ROW_SO_FAR.match(text, start, stop):
        return False
    words = text[max(start, stop - LONGEST_WORD) : stop].split()
    if not words:
        return True
    word = words[-1].lstrip("([{\"'“‘«*_`")
    if word.isdigit() and len(word) <= 2:
        return _number_ends(words, next_word)
    if word.casefold() == "no":
        return not text[end : end + 1].isdigit()  # "No. 5" counts, "No. It" answers
    counts = _NUMBERED.fullmatch(word) and text[end : end + 1].isdigit()  # "Bldg. 4", "Hausnr. 9"
    return len(word) > 1 and not counts and word.casefold() not in ABBREVIATIONS and not DOTTED.fullmatch(word)


def _number_ends(words: list[str], next_word: str) -> bool:
    """Tell whether a sentence ends at a short number and a full stop: "costs 20. It" does, "1. Open" doesn't."""
    if len(words) == 1 or words[-2].casefold().rstrip(".") in _COUNTED or not next_word[:1].isupper():
        return False
    return next_word.casefold() not in _AFTER_ORDINAL


def _safe_scan(text: str, scan: int) -> int:
    """Return where to look again: before the marks and closers that the text ends with, as they may grow."""
    place = len(text)
    while place > scan and not text[place - 1].isalnum():
        place -= 1
    return place
