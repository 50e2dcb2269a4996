"""Finds the character that parts the columns of a delimited text."""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO

_CANDIDATES = ("\t", ";", ",", "|")
_SAMPLE_ROWS = 300
_REGULAR = 0.8
# A cell may hold a whole article; the default of csv is 128 kB.
csv.field_size_limit(100_000_000)


@dataclass(frozen=True, kw_only=True, slots=True)
class Delimiter:
    """A character with how many columns it gives, in what share of the rows, and how regular they look."""

    character: str
    columns: int
    share: float
    rows: int
    longest: int


def find_delimiter(text: str) -> Delimiter | None:
    """Return the delimiter that gives the most regular columns, None if none gives at least two."""
    found = [delimiter for character in _CANDIDATES if (delimiter := _try(text, character))]
    return max(found, key=lambda delimiter: (delimiter.share, delimiter.columns), default=None)


def split_rows(text: str, delimiter: str) -> Iterator[list[str]]:
    """Yield the rows of a delimited text; a broken quotation ends with its line's end at the latest."""
    return csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=False)


def _try(text: str, character: str) -> Delimiter | None:
    if character not in text:
        return None
    rows = []
    for row in split_rows(text, character):
        rows.append(row)
        if len(rows) == _SAMPLE_ROWS:
            break
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    columns, regular = Counter(map(len, filled)).most_common(1)[0] if filled else (0, 0)
    share = regular / len(filled) if filled else 0.0
    if columns < 2 or share < _REGULAR:
        return None
    longest = max(len(cell) for row in filled for cell in row)
    return Delimiter(character=character, columns=columns, share=share, rows=len(filled), longest=longest)
