"""Citation markers in a sentence: which passages it names, and the sentence without or with them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from apps.rag.sentences import MARKER

_MARKER = re.compile(f"({MARKER})")
_SPAN = re.compile(r"(\d{1,3})\s*[–-]\s*(?:[^\W\d_]{1,12}\s*)?(\d{1,3})")
_DIGITS = re.compile(r"\d{1,3}")
_OTHER_BRACKETED = re.compile(r"\[(\s*\d[\d\s,;–-]*)\]")
_IN_SOURCE = re.compile(r"(?:(?P<glued>\w+)|\w+[^\w\s\[\]]*\s)?(?P<brackets>\[\s*\d[\d\s,;–-]*\])")
_WORD_BEFORE = re.compile(r"\w+[^\w\s\[\]]*\s?$")
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


class SourceBrackets:
    """Numbers in square brackets that the sources have themselves: "a[0]", "built in 1904 [12]", "the law [2019]".

    A model that takes them over cites nothing by them. In doubt, a passage's number is a marker.
    """

    def __init__(self, texts: Iterable[str], passages: Iterable[int] = ()) -> None:
        numbers = frozenset(passages)
        found = [match for text in texts if "[" in text for match in _IN_SOURCE.finditer(text)]
        self._known = frozenset(
            _tight(match.group()) for match in found if match["glued"] or not numbers & set(_numbers(match["brackets"]))
        )

    @property
    def numbers(self) -> frozenset[int]:
        """Which numbers must not be given to citations."""
        return frozenset(number for known in self._known for number in _numbers(known[known.index("[") :]))

    def have(self, text: str, start: int, end: int) -> bool:
        """Tell whether the brackets at a place in a text, with the word before them, are in a source."""
        before = _WORD_BEFORE.search(text, 0, start)
        return _tight(text[before.start() if before else start : end]) in self._known


def parse(sentence: str, brackets: SourceBrackets) -> Marked:
    """Cut a sentence at its markers. Other numbers in brackets lose those, unless a source has them."""
    parts, numbers, place = [], [], 0
    for found in _MARKER.finditer(sentence):
        if not brackets.have(sentence, found.start(), found.end()):
            parts.append(sentence[place : found.start()].rstrip(" \t"))
            numbers.append(_numbers(found.group()))
            place = found.end()
    parts.append(sentence[place:])
    return Marked(parts=tuple(_without_brackets(part, brackets) for part in parts), numbers=tuple(numbers))


def _without_brackets(text: str, brackets: SourceBrackets) -> str:
    def replaced(found: re.Match[str]) -> str:
        return found.group() if brackets.have(text, found.start(), found.end()) else f"({found[1]})"

    return _OTHER_BRACKETED.sub(replaced, text) if "[" in text else text


def _tight(text: str) -> str:
    return "".join(text.split())


def parse_code(block: str) -> Marked:
    """Cut off the markers after a block of code; brackets inside are part of the code."""
    last = max(block.rfind(fence) + len(fence) for fence in _FENCES)
    after = parse(block[last:], SourceBrackets(()))
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
