"""Gets the words of a PDF page with their places, turned so that their lines run from left to right."""

import ctypes
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import Any

import pypdfium2 as pdfium
from pypdfium2 import raw

from apps.knowledge.extraction.geometry import Box
from apps.knowledge.extraction.pdf.joining import SOFT_HYPHEN

_SPLIT_GAP = 1.2
_STRETCHED_SPACE = 2.5
_SPACE_GAP = 0.25
_SEEN_GAP = 0.1
_MORE_GAP = 0.1
_LINE_SHIFT = 0.6
_BOLD_WEIGHT = 600
_NAMED_BOLD = 1_000
_BOLDER = 150
_BOLD_NAMES = ("bold", "black", "heavy", "demi")
_MONO_NAMES = ("courier", "mono", "consol", "typewriter", "cmtt", "menlo")
_FIXED_PITCH = 1
_BLANK = 32
_BLANKS = {9, 10, 11, 12, 13, 32, 0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000}
# pdfium's own function, but with a plain address for its result, which can be compared.
_text_object = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)(
    ctypes.cast(raw.FPDFText_GetTextObject, ctypes.c_void_p).value or 0
)
_NO_LETTER = {0, 0xFFFE, 0xFFFF}
# pdfium's mark for a hyphen at the end of a line, and Unicode's for one that may stand there.
_HYPHENS = {2, 0xAD}
_MOST_CHARACTERS = 400_000


@dataclass(kw_only=True, slots=True)
class Word:
    """A word with its place; y grows downwards. `breaks` says that the next word is not on the same run of text."""

    text: str = field(repr=False)
    box: Box
    size: float
    weight: int
    mono: bool = False
    bold: bool = False
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
    weight: int
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
    _mark_bold([word for words in groups.values() for word in words])
    ordered = sorted(groups.items(), key=lambda item: -sum(len(word.text) for word in item[1]))
    return PageText(
        directions=[words for _, words in ordered],
        rotations=[quarter for quarter, _ in ordered],
        characters=reader.count,
        unreadable=reader.unmapped / reader.count if reader.count else 0.0,
    )


def _baseline(quarter: int, x: float, y: float) -> float:
    """Return how far down a letter's line stands, in the turn of its text."""
    return (-y, x, y, -x)[quarter]


def _mark_bold(words: list[Word]) -> None:
    """Mark what is bolder than most of the page: the weights that fonts give can't be taken as they are."""
    letters: Counter[int] = Counter()
    for word in words:
        letters[word.weight] += len(word.text)
    usual = letters.most_common(1)[0][0] if letters else 0
    for word in words:
        word.bold = word.weight >= _BOLD_WEIGHT and word.weight - usual >= _BOLDER


def turn(quarter: int, box: Box) -> Box:
    """Turn a box of the page (y upwards) so that text in that quarter turn runs to the right, y downwards."""
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
        self._styles: dict[int | None, _Style] = {}
        self._named: dict[tuple[int, int], bool] = {}
        self._rect = raw.FS_RECTF()
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self.count = 0
        self.unmapped = 0

    def letters(self) -> Iterator[_Letter | None]:
        """Yield the visible letters, and None where pdfium sees a line end."""
        handle = self._text.raw
        for index in range(min(self._text.count_chars(), _MOST_CHARACTERS)):
            code = raw.FPDFText_GetUnicode(handle, index)
            if code in _BLANKS:
                if raw.FPDFText_IsGenerated(handle, index):
                    yield _GAP if code == _BLANK else None
                else:
                    yield _SPACE
                continue
            letter = self._letter(handle, index, code)
            if letter is not None:
                yield letter

    def _letter(self, handle: Any, index: int, code: int) -> _Letter | None:
        self.count += 1
        style = self._style(handle, index)
        if not self._is_named(handle, index, code, style):
            self.unmapped += 1
            return None
        if style.quarter is None:
            return None
        raw.FPDFText_GetLooseCharBox(handle, index, self._rect)
        raw.FPDFText_GetCharOrigin(handle, index, self._x, self._y)
        box = Box(self._rect.left, self._rect.bottom, self._rect.right, self._rect.top)
        if not self._is_on_page(box):
            return None
        text = SOFT_HYPHEN if code in _HYPHENS else chr(code)
        return _Letter(text, turn(style.quarter, box), _baseline(style.quarter, self._x.value, self._y.value), style)

    def _is_named(self, handle: Any, index: int, code: int, style: _Style) -> bool:
        """Tell whether the file says which letter this is; all letters of one text object with one code are alike."""
        known = self._named.get((id(style), code))
        if known is None:
            known = code not in _NO_LETTER and raw.FPDFText_HasUnicodeMapError(handle, index) != 1
            self._named[id(style), code] = known
        return known

    def _is_on_page(self, box: Box) -> bool:
        left, bottom, right, top = self._frame
        x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
        return bool(left - 1 <= x <= right + 1 and bottom - 1 <= y <= top + 1)

    def _style(self, handle: Any, index: int) -> _Style:
        address = _text_object(handle, index)
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
    is_named_bold = any(part in font for part in _BOLD_NAMES)
    weight = _NAMED_BOLD if is_named_bold else raw.FPDFText_GetFontWeight(handle, index)
    angle = math.degrees(math.atan2(matrix.b, matrix.a)) % 360
    quarter = round(angle / 90) % 4
    is_straight = abs((angle - quarter * 90 + 180) % 360 - 180) < 8
    mono = bool(flags.value & _FIXED_PITCH) or any(part in font for part in _MONO_NAMES)
    return _Style(
        size=max(1.0, round(2 * size) / 2), weight=weight, mono=mono, quarter=quarter if is_straight else None
    )


# A space that is a letter of the file, and one that pdfium saw in a gap.
_SPACE = _Letter(" ", Box(0, 0, 0, 0), 0, _Style(size=0, weight=0, mono=False, quarter=0))
_GAP = _Letter(" ", Box(0, 0, 0, 0), 0, _SPACE.style)


def _runs(letters: Iterator[_Letter | None]) -> Iterator[tuple[int, list[_Letter]]]:
    """Part the letters where a line ends or the pen jumps to another place."""
    run: list[_Letter] = []
    last: _Letter | None = None
    for letter in letters:
        if letter is _SPACE or letter is _GAP:
            if run:
                run.append(letter)
            continue
        if run and (letter is None or (last is not None and _jumps(last, letter, spaced=run[-1] is _SPACE))):
            yield run[0].style.quarter or 0, run
            run = []
        last = letter
        if letter is not None:
            run.append(letter)
    if run:
        yield run[0].style.quarter or 0, run


def _jumps(last: _Letter, letter: _Letter, *, spaced: bool) -> bool:
    """Tell whether the pen went elsewhere; a space drawn with the words can be stretched to fill the line."""
    size = max(last.style.size, letter.style.size)
    if last.style.quarter != letter.style.quarter or abs(letter.baseline - last.baseline) > _LINE_SHIFT * size:
        return True
    is_one_object = last.style is letter.style
    return _gap(last, letter) > (_STRETCHED_SPACE if spaced and is_one_object else _SPLIT_GAP) * size


def _words(run: list[_Letter]) -> list[Word]:
    """Join the letters of a run into words, parted by spaces or by gaps that are wide for this run."""
    words: list[Word] = []
    part: list[_Letter] = []
    spacing = _spacing(run)
    gapped = False
    for letter in run:
        if letter is _GAP:
            gapped = True
            continue
        if part and (letter is _SPACE or _is_apart(part[-1], letter, spacing, gapped=gapped)):
            words.append(_word(part))
            part = []
        gapped = False
        if letter is not _SPACE:
            part.append(letter)
    if part:
        words.append(_word(part))
    if words:
        words[-1].breaks = True
    return words


def _spacing(run: list[_Letter]) -> float:
    """Return the usual gap between the run's letters in shares of their size; type can be set wide."""
    letters = [letter for letter in run if letter is not _SPACE and letter is not _GAP]
    shares = sorted(_gap(one, other) / other.style.size for one, other in pairwise(letters))
    return max(0.0, shares[len(shares) // 2]) if len(shares) > 3 else 0.0


def _is_apart(last: _Letter, letter: _Letter, spacing: float, *, gapped: bool) -> bool:
    widest = _SEEN_GAP if gapped else _SPACE_GAP
    return _gap(last, letter) > max(widest, spacing + _MORE_GAP) * max(last.style.size, letter.style.size)


def _gap(one: _Letter, other: _Letter) -> float:
    return max(other.box.x0 - one.box.x1, one.box.x0 - other.box.x1)


def _word(letters: list[_Letter]) -> Word:
    """Make a word; its height comes from its commonest size, not from raised marks in it."""
    style = Counter(letter.style for letter in letters).most_common(1)[0][0]
    baseline = next(letter.baseline for letter in letters if letter.style is style)
    x0, x1 = min(letter.box.x0 for letter in letters), max(letter.box.x1 for letter in letters)
    box = Box(x0, baseline - 0.8 * style.size, x1, baseline + 0.2 * style.size)
    text = "".join(_unfold(letters))
    return Word(text=text, box=box, size=style.size, weight=style.weight, mono=style.mono)


def _unfold(letters: list[_Letter]) -> Iterator[str]:
    """Yield the letters in reading order: pdfium turns round what one Hebrew or Arabic glyph stands for."""
    for box, together in groupby(letters, key=lambda letter: letter.box):
        texts = [letter.text for letter in together]
        turned = len(texts) > 1 and box.width > 0 and any("\u0590" <= text <= "\u08ff" for text in texts)
        yield from reversed(texts) if turned else texts
