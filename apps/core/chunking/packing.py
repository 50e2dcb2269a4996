"""Chooses the cuts of a text as TeX chooses the breaks of a paragraph: the whole set that costs least."""

from collections.abc import Sequence
from typing import NamedTuple

from apps.core.chunking.chunk import ChunkingOptions
from apps.core.chunking.units import Unit, byte_offsets


class Run(NamedTuple):
    """Neighbouring units that make a chunk: `units[first:last]`."""

    first: int
    last: int


def pack_units(text: str, units: Sequence[Unit], options: ChunkingOptions) -> list[Run]:
    """Return the runs of units that are nearest to the target size and cut where it costs least.

    A run is larger than the maximum only if it is a single unit. With an overlap, each run begins
    with as many whole units of the one before as the overlap and the maximum allow.
    """
    offsets = list(byte_offsets(text, [place for unit in units for place in (unit.start, unit.end)]))
    lows, highs = offsets[::2], offsets[1::2]
    if highs[-1] - lows[0] <= options.maximum:
        return [Run(0, len(units))]
    firsts = _cheapest_cuts([unit.cost for unit in units], lows, highs, options)
    runs = [Run(first, last) for first, last in zip(firsts, [*firsts[1:], len(units)], strict=True)]
    return [runs[0], *(_overlapping(run, lows, highs, options) for run in runs[1:])] if options.overlap else runs


def _cheapest_cuts(
    costs: Sequence[float], lows: Sequence[int], highs: Sequence[int], options: ChunkingOptions
) -> list[int]:
    """Return the first unit of each run: the shortest path through all places where a run may begin."""
    maximum, scale = options.maximum, 1 / options.target
    cheapest = [0.0] * (len(costs) + 1)
    origin = [0] * (len(costs) + 1)
    for last in range(1, len(costs) + 1):
        high = highs[last - 1]
        best, best_first = float("inf"), last - 1
        for first in range(last - 1, -1, -1):
            size = high - lows[first]
            if size > maximum and first < last - 1:
                break
            cost = cheapest[first] + (size * scale - 1) ** 2 + (costs[first] if first else 0.0)
            if cost < best:
                best, best_first = cost, first
        cheapest[last], origin[last] = best, best_first
    firsts = [origin[-1]]
    while firsts[-1]:
        firsts.append(origin[firsts[-1]])
    return firsts[::-1]


def _overlapping(run: Run, lows: Sequence[int], highs: Sequence[int], options: ChunkingOptions) -> Run:
    """Return the run with as many units before it as the overlap allows."""
    earliest = max(lows[run.first] - options.overlap, highs[run.last - 1] - options.maximum)
    first = run.first
    while first > 0 and lows[first - 1] >= earliest:
        first -= 1
    return Run(first, run.last)
