"""Finds the lines that stand at the top or bottom of page after page: running titles and page numbers."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from apps.knowledge.extraction.pdf.geometry import Box
from apps.knowledge.extraction.pdf.lines import Piece
from apps.knowledge.extraction.pdf.words import turn

_MARGIN = 0.13
_FEWEST_PAGES = 3
_SHARE = 0.2
_HEIGHT_STEP = 4.0
_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"[\s\-–—|•·\[(]*(?:(?:page|seite|p\.|pág\.?|página|pagina|strona|s\.)\s*)?(?:\d{1,4}|[ivxlc]{1,7})"
    r"(?:\s*(?:/|of|von|de|di|z|sur|из)\s*\d{1,4})?[\s\-–—|•·\])]*",
    re.IGNORECASE,
)
Frame = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningLines:
    """Lines, with their digits left out, and the heights at which they repeat."""

    repeated: frozenset[tuple[str, int]] = field(default=frozenset(), repr=False)

    def without(self, pieces: Sequence[Piece], frame: Frame, quarter: int) -> list[Piece]:
        """Return the pieces that are neither running lines nor page numbers."""
        return [piece for piece in pieces if not self._is_running(piece, frame, quarter)]

    def _is_running(self, piece: Piece, frame: Frame, quarter: int) -> bool:
        if piece.rows is not None or not _in_margin(piece, frame, quarter):
            return False
        keys = _keys(piece)
        return any(key in self.repeated for key in keys) or _PAGE_NUMBER.fullmatch(piece.text) is not None


def find_running_lines(pages: Iterable[tuple[Sequence[Piece], Frame, int]]) -> RunningLines:
    """Return the lines that repeat in the margins of several pages."""
    seen: Counter[tuple[str, int]] = Counter()
    count = 0
    for pieces, frame, quarter in pages:
        count += 1
        margin = {_keys(piece)[0] for piece in pieces if piece.rows is None and _in_margin(piece, frame, quarter)}
        seen.update(margin)
    fewest = max(_FEWEST_PAGES, _SHARE * count)
    near = {key: seen[key] + max(seen[key[0], key[1] - 1], seen[key[0], key[1] + 1]) for key in seen}
    return RunningLines(repeated=frozenset(key for key, times in near.items() if times >= fewest))


def _in_margin(piece: Piece, frame: Frame, quarter: int) -> bool:
    page = turn(quarter, Box(*frame))
    reach = _MARGIN * page.height
    middle = (piece.box.y0 + piece.box.y1) / 2
    return middle < page.y0 + reach or middle > page.y1 - reach


def _keys(piece: Piece) -> list[tuple[str, int]]:
    text = _DIGITS.sub("#", piece.text.casefold())
    height = round(piece.box.y1 / _HEIGHT_STEP)
    return [(text, height), (text, height - 1), (text, height + 1)]
