"""Joins words into pieces of lines: as much of a line as stands without a wide gap."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from apps.knowledge.extraction.geometry import Box, around
from apps.knowledge.extraction.pdf.words import Word

_SAME_LINE = 0.4
_JOIN_GAP = 0.9
_OVERLAP = 0.5
_BULLET_GAP = 4.0
LIST_MARK = re.compile(r"(?:[•·●○▪◦■□‣➢➤✓✔❖\uf020-\uf0ff\-–—*]|\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,4})[.)])\s+")


@dataclass(kw_only=True, slots=True)
class Piece:
    """Words that follow each other on a line; or, with `rows`, a whole table that stands in their place."""

    words: list[Word] = field(repr=False)
    box: Box
    size: float
    rows: list[list[str]] | None = field(default=None, repr=False)

    @property
    def mono(self) -> bool:
        return bool(self.words) and all(word.mono for word in self.words)

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


def line_pieces(words: list[Word]) -> list[Piece]:
    """Return the pieces of lines from top to bottom; what was drawn twice for effect counts once."""
    pieces: list[Piece] = []
    run: list[Word] = []
    for word in words:
        run.append(word)
        if word.breaks:
            pieces.append(make_piece(run))
            run = []
    if run:
        pieces.append(make_piece(run))
    return _join_bullets(_join_neighbours(_without_shadows(pieces)))


def make_piece(words: list[Word]) -> Piece:
    """Make a piece of words in their order; its size is that of most of its letters."""
    sizes: dict[float, int] = {}
    for word in words:
        sizes[word.size] = sizes.get(word.size, 0) + len(word.text)
    size = max(sizes, key=sizes.__getitem__)
    return Piece(
        words=list(words),
        box=around(word.box for word in words),
        size=size,
    )


def _without_shadows(pieces: list[Piece]) -> list[Piece]:
    """Drop a piece that repeats another within a fraction of a letter: bold type and shadows are made so."""
    seen: dict[str, list[Box]] = {}
    kept = []
    for piece in pieces:
        earlier = seen.setdefault(piece.text, [])
        near = 0.3 * piece.size
        if not any(abs(box.x0 - piece.box.x0) < near and abs(box.y0 - piece.box.y0) < near for box in earlier):
            kept.append(piece)
            earlier.append(piece.box)
    return kept


def _join_neighbours(pieces: list[Piece]) -> list[Piece]:
    """Join pieces that stand side by side on one line, whatever the order in which they were drawn."""
    joined: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: (piece.box.y1, piece.box.x0)):
        for place in range(len(joined) - 1, max(-1, len(joined) - 40), -1):
            if _touch(joined[place], piece):
                joined[place] = _join(joined[place], piece)
                break
        else:
            joined.append(piece)
    return sorted(joined, key=lambda piece: (piece.box.y0, piece.box.x0))


def _join_bullets(pieces: list[Piece]) -> list[Piece]:
    """Join a bullet or number with the text that it stands before, however wide the gap."""
    joined: list[Piece] = []
    for row in rows_of(pieces):
        last: Piece | None = None
        for piece in row:
            if last is not None and _is_mark(last, piece):
                joined[-1] = last = make_piece([*last.words, *piece.words])
            else:
                joined.append(piece)
                last = piece
    return sorted(joined, key=lambda piece: (piece.box.y0, piece.box.x0))


def _is_mark(piece: Piece, follower: Piece) -> bool:
    is_mark = LIST_MARK.fullmatch(piece.text + " ") is not None
    return is_mark and _gap(piece, follower) < _BULLET_GAP * follower.size


def _gap(one: Piece, other: Piece) -> float:
    return max(other.box.x0 - one.box.x1, one.box.x0 - other.box.x1)


def _touch(one: Piece, other: Piece) -> bool:
    if one.rows is not None or other.rows is not None:
        return False
    size = max(one.size, other.size)
    if abs(one.box.y1 - other.box.y1) > _SAME_LINE * size:
        return False
    gap = _gap(one, other)
    return -_OVERLAP * size <= gap <= _JOIN_GAP * min(one.size, other.size)


def _join(one: Piece, other: Piece) -> Piece:
    first, second = (one, other) if one.box.x0 <= other.box.x0 else (other, one)
    if is_right_to_left(first.text) and is_right_to_left(second.text):
        first, second = second, first
    return make_piece([*first.words, *second.words])


def rows_of(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Group pieces that stand on one line, from top to bottom, each line in the order in which it is read."""
    rows: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda piece: piece.box.y1):
        if rows and abs(rows[-1][0].box.y1 - piece.box.y1) <= _SAME_LINE * min(rows[-1][0].size, piece.size):
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return [in_reading_order(row) for row in rows]


def in_reading_order(pieces: Sequence[Piece]) -> list[Piece]:
    """Order the pieces of one line."""
    if len(pieces) < 2:
        return list(pieces)
    backwards = is_right_to_left(" ".join(piece.text for piece in pieces))
    return sorted(pieces, key=lambda piece: -piece.box.x1 if backwards else piece.box.x0)


def is_right_to_left(text: str) -> bool:
    """Tell whether most letters are Hebrew or Arabic."""
    if text.isascii():
        return False
    letters = [char for char in text if char.isalpha()]
    return 2 * sum("\u0590" <= char <= "\u08ff" or "\ufb1d" <= char <= "\ufefc" for char in letters) > len(letters)
