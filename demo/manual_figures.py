"""The pictures in the manual, drawn as vectors; each function gives one drawing as wide as the text."""

from collections.abc import Callable, Sequence

from reportlab.graphics.shapes import (
    Circle,
    Drawing,
    Group,
    Line,
    Polygon,
    Shape,
    String,
)
from reportlab.lib.colors import Color

from demo.machine_drawing import BUTTONS, box, front_view, side_view
from demo.manual_pictures import (
    double_icon,
    drop_out,
    filter_out,
    fresh_water,
    grinder,
    jug,
    locking,
    pouring,
    power_icon,
    sachet,
    single_icon,
    steam_icon,
    tamper,
    two_buttons,
    water_icon,
)
from demo.palette import (
    AMBER,
    BRICK,
    COFFEE,
    COPPER,
    DEEP,
    INK,
    LAKE,
    LINE,
    MIST,
    MOSS,
    OAT,
    SHADOW,
    SOFT,
    STEEL,
    WHITE,
)  # fmt: skip

WIDTH = 330.0


def parts() -> Drawing:
    scale, floor, left, right = 0.45, 16.0, 16.0, 175.0
    callouts = [
        (1, (left + 18, floor + 136), (left - 8, floor + 150)),
        (2, (left + 84, floor + 106), (left + 112, floor + 128)),
        (3, (left + 57, floor + 79), (left + 112, floor + 100)),
        (4, (left + 57, floor + 70), (left + 112, floor + 72)),
        (5, (left + 82, floor + 48), (left + 112, floor + 44)),
        (6, (left + 20, floor + 12), (left - 8, floor + 26)),
        (7, (right + 120, floor + 74), (right + 120, floor + 154)),
        (8, (right + 120, floor + 40), (right + 120, floor - 8)),
    ]
    return _drawing(
        180,
        _placed(front_view(), left, floor, scale),
        _placed(side_view(), right, floor, scale),
        *(_callout(number, tip, label) for number, tip, label in callouts),
    )


def panel() -> Drawing:
    shapes: list[Shape] = [box(0, 30, WIDTH, 74, LAKE, radius=14)]
    icons = (power_icon, single_icon, double_icon, water_icon, steam_icon)
    for index, (name, icon) in enumerate(zip(BUTTONS, icons, strict=True)):
        x = 45 + 60 * index
        shapes += [
            Circle(x, 76, 19, fillColor=DEEP, strokeColor=STEEL, strokeWidth=2),
            icon(x, 76),
        ]
        shapes.append(_text(x, 14, name, bold=True))
        shapes.append(Line(x, 30, x, 24, strokeColor=LINE, strokeWidth=0.8))
    for x, colour in ((120, WHITE), (165, AMBER), (210, BRICK)):
        shapes.append(Circle(x, 42, 4, fillColor=colour, strokeColor=None))
    for x, label in ((135, "ready"), (179, "drop"), (223, "tank")):
        shapes.append(_text(x, 39.5, label, size=7, colour=OAT))
    return _drawing(108, *shapes)


def brew_time() -> Drawing:
    def x(seconds: float) -> float:
        return 8 + seconds * (WIDTH - 16) / 45

    zones = ((0, 20, COPPER, "sour: grind finer"), (20, 25, AMBER, ""), (25, 30, MOSS, "sweet"),
             (30, 35, AMBER, ""), (35, 45, COFFEE, "bitter: coarser"))  # fmt: skip
    shapes: list[Shape] = []
    for start, end, colour, label in zones:
        shapes.append(box(x(start), 30, x(end) - x(start) - 1.5, 34, colour, radius=4))
        shapes.append(_text((x(start) + x(end)) / 2, 43, label, size=8, bold=True, colour=WHITE))
    for seconds in range(0, 46, 5):
        shapes.append(Line(x(seconds), 24, x(seconds), 28, strokeColor=SHADOW, strokeWidth=0.8))
        shapes.append(_text(x(seconds), 13, str(seconds), size=8, colour=SOFT))
    shapes.append(
        _text(
            WIDTH / 2,
            1,
            "seconds from the press of the button to the end of a double",
            size=7.5,
            colour=SOFT,
        )
    )
    shapes += [
        Polygon(
            [x(27.5), 68, x(27.5) - 5, 77, x(27.5) + 5, 77],
            fillColor=MOSS,
            strokeColor=None,
        )
    ]
    shapes.append(_text(x(27.5), 81, "aim here", size=8, bold=True, colour=MOSS))
    return _drawing(92, *shapes)


def brewing() -> Drawing:
    steps = (
        ("Grind 17 g", grinder),
        ("Level and tamp", tamper),
        ("Lock in", locking),
        ("Brew", pouring),
    )
    return _panels(steps, columns=4, height=92)


def descaling() -> Drawing:
    steps = (
        ("Take out the filter", filter_out),
        ("One sachet, 600 ml", sachet),
        ("Jug under both", jug),
        ("Hold Single + Steam, 3 s", two_buttons),
        ("Fresh water, Single", fresh_water),
        ("Drop light goes out", drop_out),
    )
    return _panels(steps, columns=3, height=88)


def dimensions() -> Drawing:
    scale, floor, left, right = 0.44, 26.0, 32.0, 178.0
    front, side = (
        _placed(front_view(), left, floor, scale),
        _placed(side_view(), right, floor, scale),
    )
    width, depth, height = 210 * scale, 340 * scale, 310 * scale
    return _drawing(
        180,
        front,
        side,
        *_measure((left, 18), (left + width, 18), "210"),
        *_measure((right, 18), (right + depth, 18), "340"),
        *_measure((left - 12, floor), (left - 12, floor + height), "310"),
    )


FIGURES: dict[str, Callable[[], Drawing]] = {
    "parts": parts,
    "panel": panel,
    "brew_time": brew_time,
    "brewing": brewing,
    "descaling": descaling,
    "dimensions": dimensions,
}


def _drawing(height: float, *shapes: Shape) -> Drawing:
    drawing = Drawing(WIDTH, height)
    for shape in shapes:
        drawing.add(shape)
    return drawing


def _placed(group: Group, x: float, y: float, scale: float) -> Group:
    outer = Group(group)
    outer.transform = (scale, 0, 0, scale, x, y)
    return outer


def _text(
    x: float,
    y: float,
    text: str,
    *,
    size: float = 8.5,
    bold: bool = False,
    colour: Color = INK,
    anchor: str = "middle",
) -> String:
    font = "Helvetica-Bold" if bold else "Helvetica"
    return String(x, y, text, fontName=font, fontSize=size, fillColor=colour, textAnchor=anchor)


def _callout(number: int, tip: tuple[float, float], label: tuple[float, float]) -> Group:
    return Group(
        Line(*label, *tip, strokeColor=COPPER, strokeWidth=0.9),
        Circle(*tip, 1.6, fillColor=COPPER, strokeColor=None),
        Circle(*label, 7.5, fillColor=COPPER, strokeColor=WHITE, strokeWidth=1),
        _text(label[0], label[1] - 3, str(number), size=8.5, bold=True, colour=WHITE),
    )


def _measure(start: tuple[float, float], end: tuple[float, float], label: str) -> list[Shape]:
    """A dimension line with its two end marks and its label; level or upright."""
    upright = start[0] == end[0]
    mark = (3.0, 0.0) if upright else (0.0, 3.0)
    ends = [
        Line(
            x - mark[0],
            y - mark[1],
            x + mark[0],
            y + mark[1],
            strokeColor=SOFT,
            strokeWidth=0.9,
        )
        for x, y in (start, end)
    ]
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    where = (middle[0] - 12, middle[1] - 3) if upright else (middle[0], middle[1] - 12)
    return [
        Line(*start, *end, strokeColor=SOFT, strokeWidth=0.9),
        *ends,
        _text(*where, label, size=8.5, bold=True, colour=SOFT),
    ]


Step = tuple[str, Callable[[float, float], Group]]


def _panels(steps: Sequence[Step], *, columns: int, height: float) -> Drawing:
    """Numbered pictures in a grid; each is drawn round its own middle."""
    gap = 8.0
    width = (WIDTH - gap * (columns - 1)) / columns
    rows = -(-len(steps) // columns)
    shapes: list[Shape] = []
    for index, (label, picture) in enumerate(steps):
        x, y = (
            (index % columns) * (width + gap),
            (rows - 1 - index // columns) * (height + gap),
        )
        shapes += [
            box(x, y, width, height, MIST, radius=8),
            picture(x + width / 2, y + height / 2 + 8),
            Circle(x + 12, y + height - 12, 7, fillColor=LAKE, strokeColor=None),
            _text(x + 12, y + height - 15, str(index + 1), size=8, bold=True, colour=WHITE),
            _text(x + width / 2, y + 8, label, size=7.5, bold=True, colour=DEEP),
        ]
    return _drawing(rows * (height + gap) - gap, *shapes)
