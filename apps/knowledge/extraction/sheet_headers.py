"""Finds the header rows of a table on a sheet and joins them into one name for each column."""

from collections.abc import Sequence
from itertools import groupby

from apps.knowledge.extraction.tables import (
    Row,
    column_names,
    count_grouped_rows,
    guess_header_rows,
    is_amount,
    is_year,
)

_MOST_HEADER_ROWS = 4
_LONGEST_NAME = 120
_MOST_WORDS_OF_NAME = 2


def count_header_rows(rows: Sequence[Row], *, expected: bool = False) -> int:
    """Return how many rows at the top name the columns."""
    if len(rows) < 2 or len(rows[0]) < 2:
        return 0
    grouped = count_grouped_rows(rows) or (2 if _is_layered(rows) else 0)
    if grouped:
        return grouped
    above = _rows_above_numbers(rows)
    if 1 < above < len(rows) and _is_stacked(rows[:above]):
        return above
    if above == 0:
        return 0
    guessed = guess_header_rows(rows)
    return 1 if not guessed and expected and _all_words(rows[0]) else guessed


def only_names(rows: Sequence[Row]) -> bool:
    """Tell whether all rows could be header rows whose table comes after an empty row."""
    return all(_is_wordy(row) for row in rows) and (len(rows) == 1 or _is_stacked(rows))


def name_columns(header: Sequence[Row], columns: Sequence[int]) -> tuple[dict[int, str], list[str]]:
    """Return the name of each column by its place, and remarks: what stands in the header and names no column."""
    if not header:
        return {}, []
    spread, remarks = _spread_groups(header, columns)
    names = column_names(spread)
    return dict(zip(columns, names, strict=False)), remarks


def _spread_groups(header: Sequence[Row], columns: Sequence[int]) -> tuple[list[list[str]], list[str]]:
    """Let a label that stands once above neighbouring columns count for each of them."""
    last = header[-1]
    remarks: list[str] = []
    spread: list[list[str]] = []
    for row in header[:-1]:
        # A label above an empty cell is the name of its own column.
        line = ["" if last[place] else cell for place, cell in enumerate(row)]
        if line[0] and not _names_column(line):
            remarks.append(line[0])
            line[0] = ""
        if not line[0] and sum(map(bool, row[1:])) == 1:
            # One label above all columns says when or what the whole table is.
            remarks.append("".join(row[1:]))
            continue
        for places in _neighbours(columns, last):
            _spread(row, line, [place for place in places if place])
        remarks += [cell for place, cell in enumerate(row) if cell and place and cell not in line]
        spread.append(line)
    return [*spread, list(last)], remarks


def _names_column(own_names: Row) -> bool:
    """Tell whether the label on the left names its column, as others do, and doesn't say what the numbers are in."""
    return any(own_names[1:]) or len(own_names[0].split()) <= _MOST_WORDS_OF_NAME


def _spread(row: Row, line: list[str], places: list[int]) -> None:
    """Give each place of a run the label on its left; a lone label may also stand over the run's end."""
    labels = [place for place in places if row[place]]
    for place in places:
        earlier = [label for label in labels if label <= place]
        if earlier:
            line[place] = row[earlier[-1]]
        elif len(labels) == 1:
            line[place] = row[labels[0]]


def _neighbours(columns: Sequence[int], last: Row) -> list[list[int]]:
    """Part the places of the named columns into runs of columns that touch."""
    named = [place for place in range(len(columns)) if last[place] and (place or last[0])]
    runs = groupby(enumerate(named), key=lambda item: columns[item[1]] - item[0])
    return [[place for _, place in run] for _, run in runs]


def _rows_above_numbers(rows: Sequence[Row]) -> int:
    """Return how many rows stand above the first with a number that is no year; all if there is none."""
    for index, row in enumerate(rows[: _MOST_HEADER_ROWS + 1]):
        if not _is_wordy(row):
            return index
    return len(rows)


def _is_stacked(rows: Sequence[Row]) -> bool:
    """Tell whether the rows look like layers of one header: the label column empty below, or groups above names."""
    filled = [sum(map(bool, row)) for row in rows]
    return not rows[-1][0] or (filled[0] < filled[-1] and not all(rows[0]))


def _is_layered(rows: Sequence[Row]) -> bool:
    """Tell whether two rows of words name the columns together: groups with gaps above, names that fill the gaps."""
    if len(rows) <= 2 or not rows[0][0] or rows[1][0] or not all(rows[2]):
        return False
    columns = list(zip(rows[0], rows[1], strict=True))
    fills_gap = any(name and not group for group, name in columns)
    return fills_gap and all(map(any, columns)) and _is_wordy(rows[0]) and _is_wordy(rows[1])


def _is_wordy(row: Row) -> bool:
    return all(len(cell) <= _LONGEST_NAME and (not is_amount(cell) or is_year(cell)) for cell in row if cell)


def _all_words(row: Row) -> bool:
    return all(cell and not is_amount(cell) for cell in row) and len(set(row)) == len(row)
