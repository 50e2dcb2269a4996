"""Boxes on a page or slide."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

T = TypeVar("T")


class Box(NamedTuple):
    """A rectangle with its sides parallel to the page's; y0 < y1."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def middle(self) -> tuple[float, float]:
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    def holds(self, point: tuple[float, float], margin: float = 0.0) -> bool:
        """Tell whether a point lies in the box."""
        x, y = point
        return self.x0 - margin <= x <= self.x1 + margin and self.y0 - margin <= y <= self.y1 + margin


def around(boxes: Iterable[Box]) -> Box:
    """Return the smallest box that holds all of the boxes."""
    first, *others = boxes
    x0, y0, x1, y1 = first
    for box in others:
        x0, y0, x1, y1 = min(x0, box.x0), min(y0, box.y0), max(x1, box.x1), max(y1, box.y1)
    return Box(x0, y0, x1, y1)


def gaps(spans: Iterable[tuple[float, float]], narrowest: float) -> list[tuple[float, float]]:
    """Return the stretches between the spans, from low to high, that no span reaches into."""
    found: list[tuple[float, float]] = []
    reach: float | None = None
    for start, end in sorted(spans):
        if reach is not None and start - reach >= narrowest:
            found.append((reach, start))
        reach = end if reach is None else max(reach, end)
    return found


def in_reading_order(items: Sequence[T], boxes: Sequence[Box]) -> list[T]:
    """Order what stands in boxes, cutting again and again where the widest gap is, across or down."""
    return [items[place] for place in _cut(list(range(len(items))), boxes)]


def _cut(places: list[int], boxes: Sequence[Box]) -> list[int]:
    if len(places) < 2:
        return places
    across = _widest((boxes[place].y0, boxes[place].y1) for place in places)
    down = _widest((boxes[place].x0, boxes[place].x1) for place in places)
    if across is None and down is None:
        return sorted(places, key=lambda place: (boxes[place].y0, boxes[place].x0))
    if down is None or (across is not None and across[1] - across[0] >= down[1] - down[0]):
        edge, side = (across or (0.0, 0.0))[1], 1
    else:
        edge, side = down[1], 0
    first = [place for place in places if boxes[place][side] < edge]
    second = [place for place in places if boxes[place][side] >= edge]
    return [*_cut(first, boxes), *_cut(second, boxes)]


def _widest(spans: Iterable[tuple[float, float]]) -> tuple[float, float] | None:
    return max(gaps(spans, 1e-6), key=lambda gap: gap[1] - gap[0], default=None)
