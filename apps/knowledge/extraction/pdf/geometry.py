"""Boxes on a page."""

from collections.abc import Iterable
from typing import NamedTuple


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
