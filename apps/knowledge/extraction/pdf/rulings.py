"""Finds the ruled tables of a page: grids of lines, and which cell each word stands in."""

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import pypdfium2 as pdfium
from pypdfium2 import raw

from apps.knowledge.extraction.geometry import Box, around
from apps.knowledge.extraction.pdf.words import turn

_MOST_PATHS = 6_000
_MOST_SEGMENTS = 600
_THIN = 3.0
_SHORTEST = 8.0
_SNAP = 3.5
_COVERED = 0.6


@dataclass(frozen=True, kw_only=True, slots=True)
class Grid:
    """The lines of a ruled table: where its rows and columns part, and which cells have no line between them."""

    box: Box
    xs: list[float] = field(repr=False)
    ys: list[float] = field(repr=False)
    vertical: list[Box] = field(repr=False)
    horizontal: list[Box] = field(repr=False)

    def cell(self, point: tuple[float, float]) -> tuple[int, int] | None:
        """Return the row and column of the cell that a point lies in."""
        row, column = _band(self.ys, point[1]), _band(self.xs, point[0])
        return (row, column) if row is not None and column is not None else None

    def merged(self) -> dict[tuple[int, int], tuple[int, int]]:
        """Return for each cell the first of the cells that it is one with."""
        first: dict[tuple[int, int], tuple[int, int]] = {}
        for row in range(len(self.ys) - 1):
            for column in range(len(self.xs) - 1):
                home = (row, column)
                if column and not self._has_side(row, column):
                    home = first[row, column - 1]
                elif row and not self._has_top(row, column):
                    home = first[row - 1, column]
                first[row, column] = home
        return first

    def _has_side(self, row: int, column: int) -> bool:
        top, bottom, x = self.ys[row], self.ys[row + 1], self.xs[column]
        edges = (line for line in self.vertical if abs(line.x0 - x) <= _SNAP)
        return _covers(((edge.y0, edge.y1) for edge in edges), top, bottom)

    def _has_top(self, row: int, column: int) -> bool:
        left, right, y = self.xs[column], self.xs[column + 1], self.ys[row]
        edges = (line for line in self.horizontal if abs(line.y0 - y) <= _SNAP)
        return _covers(((edge.x0, edge.x1) for edge in edges), left, right)


def find_rules(page: pdfium.PdfPage, quarter: int) -> tuple[list[Box], list[Box]]:
    """Return the horizontal and the vertical lines of a page, in the turn of its text."""
    lines = [turn(quarter, line) for line in _drawn_lines(page)]
    horizontal = [line for line in lines if line.height <= _THIN and line.width >= _SHORTEST]
    vertical = [line for line in lines if line.width <= _THIN and line.height >= _SHORTEST]
    return horizontal, vertical


def find_grids(horizontal: list[Box], vertical: list[Box]) -> list[Grid]:
    """Return the grids of at least two rows and two columns that the lines make."""
    grids = (_grid(group) for group in _connected(horizontal, vertical))
    return [grid for grid in grids if grid is not None]


def _drawn_lines(page: pdfium.PdfPage) -> Iterator[Box]:
    """Yield straight lines, and the sides of rectangles, as thin boxes."""
    left, bottom, right, top = page.get_bbox()
    for count, item in enumerate(page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH], max_depth=3)):
        if count >= _MOST_PATHS:
            return
        matrices = _matrices(item)
        points = [_moved(point, matrices) for point in _points(item)]
        for start, end in pairwise(points):
            if start is None or end is None:
                continue
            box = Box(min(start[0], end[0]), min(start[1], end[1]), max(start[0], end[0]), max(start[1], end[1]))
            # A frame round the whole page is no table.
            if box.width < 0.97 * (right - left) and box.height < 0.97 * (top - bottom):
                yield box


def _points(item: pdfium.PdfObject) -> Iterator[tuple[float, float] | None]:
    """Yield the corners of a path; None where the pen is lifted or draws a curve."""
    count = raw.FPDFPath_CountSegments(item.raw)
    x, y = ctypes.c_float(), ctypes.c_float()
    start: tuple[float, float] | None = None
    for index in range(min(count, _MOST_SEGMENTS)):
        segment = raw.FPDFPath_GetPathSegment(item.raw, index)
        kind = raw.FPDFPathSegment_GetType(segment)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        point = (x.value, y.value)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            start = point
            yield None
        elif kind == raw.FPDF_SEGMENT_BEZIERTO:
            yield None
        yield point
        if raw.FPDFPathSegment_GetClose(segment) and start is not None:
            yield start


def _matrices(item: pdfium.PdfObject) -> list[pdfium.PdfMatrix]:
    matrices = [item.get_matrix()]
    container = item.container
    while container is not None:
        matrices.append(container.get_matrix())
        container = container.container
    return matrices


def _moved(point: tuple[float, float] | None, matrices: Sequence[pdfium.PdfMatrix]) -> tuple[float, float] | None:
    if point is None:
        return None
    for matrix in matrices:
        point = matrix.on_point(*point)
    return point


def _connected(horizontal: list[Box], vertical: list[Box]) -> list[tuple[list[Box], list[Box]]]:
    """Group lines that cross or touch each other."""
    lines = [*horizontal, *vertical]
    parents = list(range(len(lines)))

    def root(index: int) -> int:
        while parents[index] != index:
            parents[index] = parents[parents[index]]
            index = parents[index]
        return index

    by_place = sorted(range(len(vertical)), key=lambda index: vertical[index].x0)
    for first, line in enumerate(horizontal):
        for index in by_place:
            other = vertical[index]
            if other.x0 > line.x1 + _SNAP:
                break
            near = other.x0 >= line.x0 - _SNAP and other.y0 - _SNAP <= line.y0 <= other.y1 + _SNAP
            if near:
                parents[root(first)] = root(len(horizontal) + index)
    groups: dict[int, tuple[list[Box], list[Box]]] = {}
    for index, line in enumerate(lines):
        group = groups.setdefault(root(index), ([], []))
        group[0 if index < len(horizontal) else 1].append(line)
    return list(groups.values())


def _grid(group: tuple[list[Box], list[Box]]) -> Grid | None:
    horizontal, vertical = group
    xs, ys = _places([line.x0 for line in vertical]), _places([line.y0 for line in horizontal])
    if len(xs) < 3 or len(ys) < 3:
        return None
    box = Box(xs[0], ys[0], xs[-1], ys[-1])
    return Grid(box=around([box]), xs=xs, ys=ys, vertical=vertical, horizontal=horizontal)


def _places(values: list[float]) -> list[float]:
    """Return the distinct places, those closer than the width of a line taken together."""
    places: list[float] = []
    for value in sorted(values):
        if not places or value - places[-1] > _SNAP:
            places.append(value)
    return places


def _band(places: list[float], value: float) -> int | None:
    for index in range(len(places) - 1):
        if places[index] - 1 <= value <= places[index + 1] + 1:
            return index
    return None


def _covers(spans: Iterator[tuple[float, float]], start: float, end: float) -> bool:
    """Tell whether the spans together cover most of a stretch."""
    covered, reach = 0.0, start
    for span in sorted(spans):
        low, high = max(span[0], reach), min(span[1], end)
        if high > low:
            covered += high - low
            reach = high
    return covered >= _COVERED * (end - start)
