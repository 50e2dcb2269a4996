"""Finds the lines that stand at the top or bottom of page after page: running titles and page numbers."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from apps.knowledge.extraction.geometry import Box
from apps.knowledge.extraction.pdf.lines import Piece, rows_of
from apps.knowledge.extraction.pdf.words import turn

_MARGIN = 0.06
_OUTER_ROWS = 3
_SHARE_OF_LINES = 6
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
        outer = {id(piece) for piece in _outer(pieces, frame, quarter, rows=_OUTER_ROWS)}
        outermost = {id(piece) for piece in _outer(pieces, frame, quarter, rows=1)}
        return [
            piece
            for piece in pieces
            if not (id(piece) in outer and any(key in self.repeated for key in _keys(piece)))
            and not (id(piece) in outermost and _PAGE_NUMBER.fullmatch(piece.text))
        ]


def find_running_lines(pages: Iterable[tuple[Sequence[Piece], Frame, int]]) -> RunningLines:
    """Return the lines that repeat at the top or bottom of several pages."""
    seen: Counter[tuple[str, int]] = Counter()
    count = 0
    for pieces, frame, quarter in pages:
        count += 1
        seen.update({_keys(piece)[0] for piece in _outer(pieces, frame, quarter, rows=_OUTER_ROWS)})
    fewest = max(_FEWEST_PAGES, _SHARE * count)
    near = {key: seen[key] + max(seen[key[0], key[1] - 1], seen[key[0], key[1] + 1]) for key in seen}
    return RunningLines(repeated=frozenset(key for key, times in near.items() if times >= fewest))


def inside(pieces: Sequence[Piece], frame: Frame, quarter: int) -> list[Piece]:
    """Return the pieces that do not lie in the page's margins."""
    page = turn(quarter, Box(*frame))
    return [piece for piece in pieces if not _in_margin(piece, page)]


def _outer(pieces: Sequence[Piece], frame: Frame, quarter: int, *, rows: int) -> list[Piece]:
    """Return the pieces of the page's first and last lines, and all in its margins."""
    page = turn(quarter, Box(*frame))
    lines = rows_of([piece for piece in pieces if piece.rows is None])
    rows = min(rows, max(1, len(lines) // _SHARE_OF_LINES))
    ends = [*lines[:rows], *lines[-rows:]] if len(lines) > 2 * rows else []
    margins = (line for line in lines if _in_margin(line[0], page))
    return [piece for line in (*ends, *margins) for piece in line]


def _in_margin(piece: Piece, page: Box) -> bool:
    reach = _MARGIN * page.height
    return piece.box.y1 < page.y0 + reach or piece.box.y0 > page.y1 - reach


def _keys(piece: Piece) -> list[tuple[str, int]]:
    """Return the line without its digits, with its height and the heights next to it."""
    text = _DIGITS.sub("#", piece.text.casefold())
    height = round(piece.box.y1 / _HEIGHT_STEP)
    return [(text, height), (text, height - 1), (text, height + 1)]
