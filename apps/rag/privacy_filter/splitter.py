"""Cuts a model's stream into pieces that can be checked: sentences, lines of a list or table, blocks of code."""

import re
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from apps.rag.sentences import TRAILING_MARKERS, Boundary, next_boundary

# Nothing that shows as nothing: controls, bidirectional overrides, tags, variation selectors and other carriers of
# hidden text. The two joiners stay, for Persian and the Indic scripts need them.
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff\ud800-\udfff]+"
)
_CONTROLS = dict.fromkeys(code for code in range(128) if INVISIBLE.match(chr(code)))
LONGEST = 2000  # characters of a sentence; the longest real one is far below, and a filter must not hold everything
LONGEST_CODE = 6000
_FENCE = re.compile(r"`{3,}|~{3,}")
_VISIBLE = re.compile(r"\S")
_SENTENCE_END = re.compile(r"[.!?…؟।॥。！？｡]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A stretch of the stream with the white space before it. `whole` is False for what was cut off or cut up."""

    text: str = field(repr=False)
    gap: str
    whole: bool = True
    is_code: bool = False


class _Cut(NamedTuple):
    end: int
    whole: bool
    is_code: bool = False


def visible(text: str) -> str:
    """Return text without characters that don't show."""
    return text.translate(_CONTROLS) if text.isascii() else INVISIBLE.sub("", text)


class SentenceSplitter:
    """Gives each piece once it is certain where it ends; the pieces don't depend on how the stream was split."""

    def __init__(self) -> None:
        self._buffer = ""
        self._scan = 0  # where in the buffer to look for the next boundary
        self._at_line_start = True
        self._torn = False  # whether the beginning of this sentence was given up for its length

    def feed(self, text: str) -> list[Piece]:
        self._buffer += visible(text)
        return self._pieces(final=False)

    def flush(self, *, complete: bool = True) -> list[Piece]:
        """Return what is left; when the stream was broken off, a last sentence without an end isn't `whole`."""
        pieces = self._pieces(final=True)
        if pieces and not complete and not _SENTENCE_END.search(pieces[-1].text[-40:]):
            pieces[-1] = replace(pieces[-1], whole=False)
        return pieces

    def _pieces(self, *, final: bool) -> list[Piece]:
        pieces: list[Piece] = []
        begin = 0  # what stands before it in the buffer was given out
        while True:
            visible = _VISIBLE.search(self._buffer, begin)
            if visible is None:
                break
            start = visible.start()
            gap = self._buffer[begin:start]
            self._at_line_start = self._at_line_start or "\n" in gap
            cut = self._cut(start, final=final)
            if cut is None:
                break
            text = self._buffer[start : cut.end].rstrip()
            pieces.append(Piece(text=text, gap=gap, whole=cut.whole and not self._torn, is_code=cut.is_code))
            self._torn, self._at_line_start = not cut.whole, False
            begin = self._scan = cut.end
        self._buffer = self._buffer[begin:]
        self._scan = max(0, self._scan - begin)
        return pieces

    def _cut(self, start: int, *, final: bool) -> _Cut | None:
        if self._at_line_start and self._buffer[start] in "`~":
            if len(self._buffer) - start < 3 and not final:
                return None
            if fence := _FENCE.match(self._buffer, start):
                return self._cut_code(start, fence.group()[:3], final=final)
        found = next_boundary(self._buffer, start, max(start, self._scan), final=final)
        if isinstance(found, Boundary):
            if found.end - start <= LONGEST:
                return _Cut(found.end, True)
        else:
            self._scan = found.scan
        # By now every boundary within the first LONGEST characters would have been found.
        too_long = final or len(self._buffer) - start > LONGEST + LONGEST // 2
        return _Cut(start + LONGEST, False) if too_long else None

    def _cut_code(self, start: int, fence: str, *, final: bool) -> _Cut | None:
        end = rf"\n[ \t]*{fence}[`~]*{TRAILING_MARKERS.pattern}(?=\n{'|$' if final else ''})"
        closing = re.compile(end).search(self._buffer, start)
        if closing and closing.end() - start <= LONGEST_CODE:
            return _Cut(closing.end(), True, True)
        too_long = final or len(self._buffer) - start > LONGEST_CODE
        return _Cut(min(len(self._buffer), start + LONGEST_CODE), False, True) if too_long else None
