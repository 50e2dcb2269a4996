"""Gets the words of a PDF page with their places, turned so that their lines run from left to right."""

import ctypes
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from apps.knowledge.extraction.pdf.geometry import Box

_SPLIT_GAP = 1.2
_SPACE_GAP = 0.25
_LINE_SHIFT = 0.6
_BOLD_WEIGHT = 600
_BOLD_NAMES = ("bold", "black", "heavy", "demi")
_MONO_NAMES = ("courier", "mono", "consol", "typewriter", "cmtt", "menlo")
_FIXED_PITCH = 1
_SOFT_HYPHEN = "\x02"
_MOST_CHARACTERS = 400_000


@dataclass(kw_only=True, slots=True)
class Word:
    """A word with its place; y grows downwards. `breaks` says that the next word is not on the same run of text."""

    text: str = field(repr=False)
    box: Box
    size: float
    bold: bool
    mono: bool = False
    breaks: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class PageText:
    """The words of a page, for each direction in which text runs on it, the commonest first.

    `unreadable` is the share of letters for which the file doesn't say which letters they are.
    """

    directions: list[list[Word]] = field(repr=False)
    rotations: list[int]
    characters: int
    unreadable: float


@dataclass(frozen=True, slots=True)
class _Style:
    size: float
    bold: bool
    mono: bool
    quarter: int | None


@dataclass(slots=True)
class _Letter:
    text: str
    box: Box
    baseline: float
    style: _Style


def page_text(page: pdfium.PdfPage) -> PageText:
    """Return the words of a page in the order in which the file draws them."""
    reader = _LetterReader(page)
    groups: dict[int, list[Word]] = {}
    for quarter, letters in _runs(reader.letters()):
        groups.setdefault(quarter, []).extend(_words(letters))
    ordered = sorted(groups.items(), key=lambda item: -sum(len(word.text) for word in item[1]))
    return PageText(
        directions=[words for _, words in ordered],
        rotations=[quarter for quarter, _ in ordered],
        characters=reader.count,
        unreadable=reader.unmapped / reader.count if reader.count else 0.0,
    )


def turn(quarter: int, box: Box) -> Box:
    """Turn a box of the page (y upwards) so that text which runs in that quarter turn runs to the right, y downwards."""
    if quarter == 0:
        return Box(box.x0, -box.y1, box.x1, -box.y0)
    if quarter == 1:
        return Box(box.y0, box.x0, box.y1, box.x1)
    if quarter == 2:
        return Box(-box.x1, box.y0, -box.x0, box.y1)
    return Box(-box.y1, -box.x1, -box.y0, -box.x0)


class _LetterReader:
    """Asks pdfium for one letter after the other; styles are asked once for each text object."""

    def __init__(self, page: pdfium.PdfPage) -> None:
        self._text = page.get_textpage()
        self._frame = page.get_bbox()
        self._styles: dict[int, _Style] = {}
        self._rect = raw.FS_RECTF()
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self.count = 0
        self.unmapped = 0

    def letters(self) -> Iterator[_Letter | None]:
        """Yield the visible letters, and None where pdfium sees a line end."""
        handle = self._text.raw
        for index in range(min(self._text.count_chars(), _MOST_CHARACTERS)):
            code = raw.FPDFText_GetUnicode(handle, index)
            if raw.FPDFText_IsGenerated(handle, index):
                yield self._generated(code)
                continue
            letter = self._letter(handle, index, code)
            if letter is not None:
                yield letter

    def _generated(self, code: int) -> _Letter | None:
        return _SPACE if code == 32 else None

    def _letter(self, handle: Any, index: int, code: int) -> _Letter | None:
        text = chr(code) if code not in (0, 2, 0xFFFE, 0xFFFF) else ""
        if code in (2, 0xAD):
            text = _SOFT_HYPHEN
        if text.isspace():
            return _SPACE
        self.count += 1
        if not text or raw.FPDFText_HasUnicodeMapError(handle, index) == 1:
            self.unmapped += 1
        style = self._style(handle, index)
        raw.FPDFText_GetLooseCharBox(handle, index, self._rect)
        raw.FPDFText_GetCharOrigin(handle, index, self._x, self._y)
        box = Box(self._rect.left, self._rect.bottom, self._rect.right, self._rect.top)
        if not text or style.quarter is None or not self._is_on_page(box):
            return None
        origin = Box(self._x.value, self._y.value, self._x.value, self._y.value)
        baseline = turn(style.quarter, origin).y0
        return _Letter(text, turn(style.quarter, box), baseline, style)

    def _is_on_page(self, box: Box) -> bool:
        left, bottom, right, top = self._frame
        x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
        return left - 1 <= x <= right + 1 and bottom - 1 <= y <= top + 1

    def _style(self, handle: Any, index: int) -> _Style:
        text_object = raw.FPDFText_GetTextObject(handle, index)
        address = ctypes.cast(text_object, ctypes.c_void_p).value or 0
        found = self._styles.get(address)
        if found is None:
            found = self._styles[address] = _read_style(handle, index)
        return found


def _read_style(handle: Any, index: int) -> _Style:
    matrix = raw.FS_MATRIX()
    raw.FPDFText_GetMatrix(handle, index, matrix)
    scale = math.hypot(matrix.c, matrix.d) or 1.0
    size = raw.FPDFText_GetFontSize(handle, index) * scale
    name, flags = ctypes.create_string_buffer(128), ctypes.c_int()
    raw.FPDFText_GetFontInfo(handle, index, name, 128, flags)
    font = name.value.decode("utf-8", "replace").lower()
    bold = raw.FPDFText_GetFontWeight(handle, index) >= _BOLD_WEIGHT or any(part in font for part in _BOLD_NAMES)
    angle = math.degrees(math.atan2(matrix.b, matrix.a)) % 360
    quarter = round(angle / 90) % 4
    is_straight = abs((angle - quarter * 90 + 180) % 360 - 180) < 8
    mono = bool(flags.value & _FIXED_PITCH) or any(part in font for part in _MONO_NAMES)
    return _Style(size=max(1.0, size), bold=bold, mono=mono, quarter=quarter if is_straight else None)


_SPACE = _Letter(" ", Box(0, 0, 0, 0), 0, _Style(size=0, bold=False, mono=False, quarter=0))


def _runs(letters: Iterator[_Letter | None]) -> Iterator[tuple[int, list[_Letter]]]:
    """Part the letters where a line ends or the pen jumps to another place."""
    run: list[_Letter] = []
    last: _Letter | None = None
    for letter in letters:
        if letter is _SPACE:
            if run:
                run.append(_SPACE)
            continue
        if run and (letter is None or (last is not None and _jumps(last, letter))):
            yield run[0].style.quarter or 0, run
            run = []
        last = letter
        if letter is not None:
            run.append(letter)
    if run:
        yield run[0].style.quarter or 0, run


def _jumps(last: _Letter, letter: _Letter) -> bool:
    size = max(last.style.size, letter.style.size)
    gap = max(letter.box.x0 - last.box.x1, last.box.x0 - letter.box.x1)
    turned = last.style.quarter != letter.style.quarter
    return turned or gap > _SPLIT_GAP * size or abs(letter.baseline - last.baseline) > _LINE_SHIFT * size


def _words(run: list[_Letter]) -> list[Word]:
    """Join the letters of a run into words, parted by spaces or by gaps as wide as one."""
    words: list[Word] = []
    part: list[_Letter] = []
    for letter in run:
        if letter is not _SPACE and not (part and _is_apart(part[-1], letter)):
            part.append(letter)
            continue
        if part:
            words.append(_word(part))
        part = [] if letter is _SPACE else [letter]
    if part:
        words.append(_word(part))
    if words:
        words[-1].breaks = True
    return words


def _is_apart(last: _Letter, letter: _Letter) -> bool:
    gap = max(letter.box.x0 - last.box.x1, last.box.x0 - letter.box.x1)
    return gap > _SPACE_GAP * max(last.style.size, letter.style.size)


def _word(letters: list[_Letter]) -> Word:
    """Make a word; its height comes from its commonest size, not from raised marks in it."""
    style = Counter(letter.style for letter in letters).most_common(1)[0][0]
    baseline = next(letter.baseline for letter in letters if letter.style is style)
    x0, x1 = min(letter.box.x0 for letter in letters), max(letter.box.x1 for letter in letters)
    box = Box(x0, baseline - 0.8 * style.size, x1, baseline + 0.2 * style.size)
    text = "".join(_unfold(letters))
    return Word(text=text, box=box, size=style.size, bold=style.bold, mono=style.mono)


def _unfold(letters: list[_Letter]) -> Iterator[str]:
    """Yield the letters in reading order: pdfium turns round what one Hebrew or Arabic glyph stands for."""
    for box, together in groupby(letters, key=lambda letter: letter.box):
        texts = [letter.text for letter in together]
        turned = len(texts) > 1 and box.width > 0 and any("\u0590" <= text <= "\u08ff" for text in texts)
        yield from reversed(texts) if turned else texts
