"""Columns over time as figures of an SVG: across in per cent of its width, down in pixels, so that it fits any screen.

A template draws them; nothing here knows what is counted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

HEIGHT, TOP = 180, 12  # of the field, and the room that stays free above
THINNEST = 2.0  # so that a little is still seen
WIDEST = 7  # per cent: few columns are no blocks
STEPS = (1, 2, 5, 10)
EDGE = 5  # per cent of the width
LABELS = 7  # at most so many below the columns; on a phone every second one


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A piece of a column: `kind` is its class, `top` and `bottom` are values on the axis."""

    kind: str
    bottom: float
    top: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """What is drawn at one place. `told` is shown by the pointer, `mark` stands above the column."""

    label: str
    told: str
    parts: Sequence[Part] = ()
    mark: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    kind: str
    x: str
    y: float
    width: str
    height: float


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawnColumn:
    x: str
    width: str
    middle: str
    boxes: Sequence[Box]
    told: str
    mark: str
    mark_y: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Tick:
    y: float
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """A word below the columns; one that is not `always` shown is left out on a phone."""

    x: str
    anchor: str
    text: str
    always: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Plot:
    columns: Sequence[DrawnColumn]
    ticks: Sequence[Tick]
    labels: Sequence[Label]
    zero: float
    height: int = HEIGHT


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """The values between the ends of an axis, and their places."""

    lowest: float
    highest: float

    def y(self, value: float) -> float:
        share = (value - self.lowest) / (self.highest - self.lowest)
        return round(TOP + (HEIGHT - TOP) * (1 - share), 1)


def plot(columns: Sequence[Column], *, tell: Callable[[float], str], highest: float = 0, finest: float = 0) -> Plot:
    """Return the columns drawn.

    `tell` puts a value of the axis into words. `highest` is an end that is given, `finest` the least step there may be.
    """
    values = [value for column in columns for part in column.parts for value in (part.top, part.bottom)]
    most, least = max([highest, *values, 0.0]), min([*values, 0.0])
    step = max(finest, step_for(most - least))
    up, down = steps_to(most, step), steps_to(-least, step)
    up = max(up, 1 - down)
    scale = Scale(lowest=-down * step, highest=up * step)
    ticks = [Tick(y=scale.y(number * step), text=tell(abs(number * step))) for number in range(-down, up + 1)]
    share = 100 / max(len(columns), 1)
    return Plot(
        columns=[drawn(place, column, share, scale) for place, column in enumerate(columns)],
        ticks=ticks,
        labels=labels(columns, share),
        zero=scale.y(0),
    )


def step_for(span: float) -> float:
    """Return the distance of the axis' lines: a round one, so that there are three to five."""
    if span <= 0:
        return 1
    power = 10.0 ** (len(str(int(span))) - 2) if span >= 1 else 0.1
    return next(step * power for step in (*STEPS, *(10 * one for one in STEPS)) if span / (step * power) <= 4)


def steps_to(value: float, step: float) -> int:
    return max(0, -int(-value // step))


def drawn(place: int, column: Column, share: float, scale: Scale) -> DrawnColumn:
    boxes = [box(part, place, share, scale) for part in column.parts if part.top != part.bottom]
    highest = max([part.top for part in column.parts], default=0.0)
    return DrawnColumn(
        x=per_cent(place * share),
        width=per_cent(share),
        middle=per_cent((place + 0.5) * share),
        boxes=boxes,
        told=column.told,
        mark=column.mark,
        mark_y=scale.y(highest) - 4,
    )


def box(part: Part, place: int, share: float, scale: Scale) -> Box:
    y, end = scale.y(part.top), scale.y(part.bottom)
    height = max(THINNEST, round(end - y, 1))
    width = min(0.72 * share, WIDEST)
    return Box(
        kind=part.kind,
        x=per_cent((place + 0.5) * share - width / 2),
        y=y if part.top > 0 else end - height,
        width=per_cent(width),
        height=height,
    )


def labels(columns: Sequence[Column], share: float) -> list[Label]:
    """Return words for some of the columns, evenly apart and always for the last one."""
    every = -(-len(columns) // LABELS)
    shown = [place for place in range(len(columns)) if (len(columns) - 1 - place) % max(every, 1) == 0]
    return [
        Label(
            x=per_cent((place + 0.5) * share),
            anchor=anchor((place + 0.5) * share),
            text=columns[place].label,
            always=(len(shown) - 1 - number) % 2 == 0,
        )
        for number, place in enumerate(shown)
    ]


def anchor(x: float) -> str:
    """Return how a word is put at a place, so that it stays within the field."""
    if x < EDGE:
        return "start"
    return "end" if x > 100 - EDGE else "middle"


def per_cent(value: float) -> str:
    return f"{round(value, 2):g}%"
