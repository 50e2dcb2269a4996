"""Cuts a passage into what can answer a question on its own: sentences, list items and table rows."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from apps.rag.sentences import Boundary, next_boundary

LONGEST_ITEM = 320  # characters; a longer list item is cut at its sentences
LONGEST_HEADING = 80
FEWEST_WRAPPED = 45  # a line at least this long that stops in mid-sentence was wrapped, not ended

_LINE = re.compile(r"[^\n]+")
_BULLET = re.compile(r"\s*(?:[-*•–·‣▪◦○●■□]|\(?\d{1,3}[.)]|[a-z]\))\s+")
# At least two headers: "The warranty applies: three years; call us first" is a sentence.
_ROW = re.compile(r"[^:;\n]{1,80}: [^;\n]+(?:; [^;\n]+)*?; [^:;\n]{1,80}: [^\n]+")
# A row of a table with two columns, "Weight: 8.4 kg": known as one by its neighbour.
_PAIR = re.compile(r"(?=[^:]{0,80}[^\W\d_])[^:;.!?\n]{1,60}: [^\n]{1,160}(?<![.!?:])")
_ASKS = re.compile(r"[?？؟][\"'”’»)\]]*$")
_ASKED = re.compile(
    r"(?:Q(?:uestion)?|Frage|F|P(?:regunta|ergunta)?|问|問|质问|質問)\s?\d*\s?[.:：)]\s*", re.IGNORECASE
)
_ANSWERED = re.compile(
    r"(?:A(?:ns(?:wer)?|ntwort|ccepted answer)?|R(?:éponse|espuesta|esposta)?|答|回答)\s?\d*\s?[.:：)]\s*",
    re.IGNORECASE,
)
_FIELDS = re.compile(r";\s")
_NUMBERS_IN_BRACKETS = re.compile(r"\s?\[\d{1,4}(?:[,–-]\s?\d{1,4})*\]")
_ENDS = (".", "!", "?", "。", "！", "？", "…", ":", "：", ";", "؟", "।")


class UnitKind(StrEnum):
    """What a unit is: questions and headings tell what the units after them are about and answer nothing."""

    SENTENCE = "sentence"
    ITEM = "item"
    ROW = "row"
    QUESTION = "question"
    HEADING = "heading"


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """`passage[start:end]` is the unit; `about` is the question or heading in the passage under which it stands.

    `block` counts the paragraphs, items and rows of the passage, `place` the units below the same `about`.
    """

    start: int
    end: int
    kind: UnitKind
    about: str = field(default="", repr=False)
    block: int = 0
    place: int = 0


def split_passage(text: str) -> list[Unit]:
    """Return the units of a passage in order."""
    units: list[Unit] = []
    about, place = "", 0
    for block, (start, end, kind) in enumerate(_blocks(text)):
        above = about
        for unit_start, unit_end, unit_kind in _parts(text, start, end, kind):
            units.append(Unit(start=unit_start, end=unit_end, kind=unit_kind, about=about, block=block, place=place))
            place += 1
            if unit_kind in {UnitKind.QUESTION, UnitKind.HEADING}:
                about, place = _ASKED.sub("", text[unit_start:unit_end], count=1), 0
        if kind is UnitKind.ROW:
            about = above  # a question in a row is answered in that row
    return units


def readable(text: str) -> str:
    """Return a unit as it reads in an answer: on one line, without its bullet, an "A:" and reference numbers."""
    line = " ".join(text.split())
    line = _BULLET.sub("", line, count=1) if _BULLET.match(line) else line
    answered = _ANSWERED.match(line)
    line = line[answered.end() :] if answered and answered.end() < len(line) else line
    return (_NUMBERS_IN_BRACKETS.sub("", line) if "[" in line else line).strip()


def _blocks(text: str) -> Iterator[tuple[int, int, UnitKind]]:
    """Yield the paragraphs, list items, rows and headings; lines that were only wrapped are one paragraph."""
    lines = [match for match in _LINE.finditer(text) if match.group().strip()]
    pairs = _pairs(text, lines)
    first = 0
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else None
        if number in pairs:
            yield line.start(), line.end(), UnitKind.ROW
            first = number + 1
            continue
        if number + 1 not in pairs and _is_wrapped(text, line, following):
            continue
        alone = first == number and (following is None or text.count("\n", line.end(), following.start()) > 1)
        yield lines[first].start(), line.end(), _kind(text[lines[first].start() : line.end()], alone, following)
        first = number + 1


def _pairs(text: str, lines: Sequence[re.Match[str]]) -> set[int]:
    """Return the numbers of the lines that are rows of a table with two columns: at least two in a row."""
    alike = [_PAIR.fullmatch(line.group().strip()) is not None and not _is_talk(line.group()) for line in lines]
    found: set[int] = set()
    for number in range(len(lines) - 1):
        gap = text[lines[number].end() : lines[number + 1].start()]
        if alike[number] and alike[number + 1] and gap.count("\n") == 1:
            found |= {number, number + 1}
    return found


def _is_talk(line: str) -> bool:
    """Tell whether a line with a colon is a list item, or a question or an answer under its letter."""
    return any(pattern.match(line) for pattern in (_BULLET, _ASKED, _ANSWERED))


def _is_wrapped(text: str, before: re.Match[str], following: re.Match[str] | None) -> bool:
    if following is None or text.count("\n", before.end(), following.start()) > 1:
        return False
    line, after = before.group(), following.group()
    if _BULLET.match(after) or _ROW.fullmatch(line) or _ROW.fullmatch(after):
        return False
    if line.rstrip().endswith(_ENDS):
        return False
    return after.lstrip()[:1].islower() or len(line) >= FEWEST_WRAPPED


def _kind(block: str, alone: bool, following: object) -> UnitKind:
    stripped = block.strip()
    if _ASKS.search(stripped) and len(stripped) <= 2 * LONGEST_HEADING:
        return UnitKind.QUESTION
    if _ROW.fullmatch(stripped):
        return UnitKind.ROW
    if _BULLET.match(block):
        return UnitKind.ITEM
    if alone and following is not None and len(stripped) <= LONGEST_HEADING and not stripped.endswith(_ENDS):
        return UnitKind.SENTENCE if ": " in stripped or any(c.isdigit() for c in stripped[-3:]) else UnitKind.HEADING
    return UnitKind.SENTENCE


def _parts(text: str, start: int, end: int, kind: UnitKind) -> Iterator[tuple[int, int, UnitKind]]:
    if kind is UnitKind.ROW:
        yield from _row_parts(text, start, end)
    elif kind is UnitKind.HEADING or (kind is UnitKind.ITEM and end - start <= LONGEST_ITEM):
        yield *_trimmed(text, start, end), kind
    else:
        yield from _sentences(text, start, end)


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int, UnitKind]]:
    flat = text[:end].replace("\n", " ")  # a wrapped line's break is no boundary; places stay the same
    while start < end:
        found = next_boundary(flat, start, start, final=True)
        stop = found.end if isinstance(found, Boundary) else end
        begin, finish = _trimmed(text, start, stop)
        if begin < finish:
            asks = _ASKS.search(text[begin:finish]) is not None
            yield begin, finish, UnitKind.QUESTION if asks else UnitKind.SENTENCE
        start = max(stop, start + 1)


def _row_parts(text: str, start: int, end: int) -> Iterator[tuple[int, int, UnitKind]]:
    """Yield a table row; one that holds a question and its answer as two units."""
    cut = _FIELDS.search(text, start, end)
    if cut is None or not _ASKS.search(text[start : cut.start()]):
        yield *_trimmed(text, start, end), UnitKind.ROW
        return
    yield *_trimmed(text, start, cut.start()), UnitKind.QUESTION
    answer, finish = _trimmed(text, cut.end(), end)
    label = _ANSWERED.match(text, answer)
    yield label.end() if label and label.end() < finish else answer, finish, UnitKind.SENTENCE


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
