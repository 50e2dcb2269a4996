"""Citation markers in a sentence: which passages it names, and the sentence without or with them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from apps.rag.sentences import MARKER

_MARKER = re.compile(f"({MARKER})")
_SPAN = re.compile(r"(\d{1,3})\s*[–-]\s*(?:[^\W\d_]{1,12}\s*)?(\d{1,3})")
_DIGITS = re.compile(r"\d{1,3}")
_OTHER_BRACKETED = re.compile(r"\[(\s*\d[\d\s,;–-]*)\]")
_NO_SPACE_AFTER = frozenset("。！？｡，、；：」』")
_FENCES = ("```", "~~~")
LONGEST_SPAN = 8  # "[1-3]" names three passages; "[1-900]" names none


@dataclass(frozen=True, kw_only=True, slots=True)
class Marked:
    """A sentence cut at its markers: `parts[i]` is followed by `numbers[i]`; there is one part more than numbers."""

    parts: tuple[str, ...] = field(repr=False)
    numbers: tuple[tuple[int, ...], ...]

    @property
    def plain(self) -> str:
        """The sentence without markers."""
        return "".join(self.parts).strip()

    @property
    def cited(self) -> tuple[int, ...]:
        """Every number that a marker names, each once, in order."""
        return tuple(dict.fromkeys(number for numbers in self.numbers for number in numbers))


def parse(sentence: str) -> Marked:
    """Cut a sentence at its markers. Other numbers in square brackets lose them, for nothing may look like a marker."""
    pieces = _MARKER.split(sentence)
    parts = [*(text.rstrip(" \t") for text in pieces[:-1:2]), pieces[-1]]
    texts = [_OTHER_BRACKETED.sub(r"(\1)", text) if "[" in text else text for text in parts]
    return Marked(parts=tuple(texts), numbers=tuple(_numbers(marker) for marker in pieces[1::2]))


def parse_code(block: str) -> Marked:
    """Cut off the markers after a block of code; brackets inside are part of the code."""
    last = max(block.rfind(fence) + len(fence) for fence in _FENCES)
    after = parse(block[last:])
    return Marked(parts=(block[:last], ""), numbers=(after.cited,))


def render(marked: Marked, renumbered: Mapping[int, Sequence[int]], extra: Sequence[int]) -> str:
    """Return the sentence with its markers under new numbers, those without one left out.

    `extra` are citations the writer didn't give; they stand where the first marker stood, or at the end.
    """
    text, places = marked.parts[0], list(marked.numbers)
    waiting = list(extra)
    for numbers, part in zip(places, marked.parts[1:], strict=True):
        shown = list(dict.fromkeys(new for old in numbers for new in renumbered.get(old, ())))
        if not shown and waiting:
            shown, waiting = waiting, []
        text = _with_markers(text, shown) + part
    return _with_markers(text.rstrip(), waiting).strip()


def _with_markers(text: str, shown: Sequence[int]) -> str:
    markers = "".join(f"[{number}]" for number in shown)
    if not markers or text.endswith(markers):
        return text
    space = (
        "\n" if text.endswith(_FENCES) else "" if not text or text[-1] in _NO_SPACE_AFTER or text[-1] == "]" else " "
    )
    return f"{text}{space}{markers}"


def _numbers(marker: str) -> tuple[int, ...]:
    if (number := marker[1:-1]).isdecimal():
        return (int(number),)
    inside = marker.split("](", maxsplit=1)[0].split("†", maxsplit=1)[0]
    spans = _SPAN.findall(inside)
    listed = [number for low, high in spans for number in _spanned(int(low), int(high))]
    return tuple(dict.fromkeys(listed + [int(digits) for digits in _DIGITS.findall(_SPAN.sub("", inside))]))


def _spanned(low: int, high: int) -> range:
    return range(low, high + 1) if 0 <= high - low < LONGEST_SPAN else range(0)
