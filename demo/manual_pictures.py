"""The small pictures in the manual's panels and buttons, each drawn round (x, y)."""

from reportlab.graphics.shapes import Circle, Group, Path, Polygon, String
from reportlab.lib.colors import Color

from demo.machine_drawing import bird, box, cup, stroke
from demo.palette import (
    COFFEE,
    COPPER,
    DEEP,
    LAKE,
    MOSS,
    OAT,
    SHADOW,
    STEEL,
    WATER,
    WHITE,
)

HANDLE_ROOM = 8  # how far a picture moves to the left so that the portafilter's handle stays in its panel


def drop(x: float, y: float, size: float, colour: Color) -> Path:
    path = Path(fillColor=colour, strokeColor=None)
    path.moveTo(x, y + size)
    path.curveTo(
        x + size * 0.2,
        y + size * 0.5,
        x + size * 0.6,
        y + size * 0.2,
        x + size * 0.6,
        y - size * 0.25,
    )
    path.curveTo(
        x + size * 0.6,
        y - size,
        x - size * 0.6,
        y - size,
        x - size * 0.6,
        y - size * 0.25,
    )
    path.curveTo(x - size * 0.6, y + size * 0.2, x - size * 0.2, y + size * 0.5, x, y + size)
    path.closePath()
    return path


def arrow(x: float, y: float, length: float, colour: Color = COPPER) -> Group:
    """An arrow that points down if the length is positive, else up."""
    tip = y - length
    head = 5 if length > 0 else -5
    return Group(
        stroke([x, y, x, tip + head], colour, 2.2),
        Polygon(
            [x, tip, x - 4.5, tip + head * 1.5, x + 4.5, tip + head * 1.5],
            fillColor=colour,
            strokeColor=None,
        ),
    )


def power_icon(x: float, y: float) -> Group:
    ring = Circle(x, y, 7, fillColor=None, strokeColor=OAT, strokeWidth=1.8)
    return Group(ring, box(x - 3, y + 2, 6, 8, DEEP), stroke([x, y + 9, x, y + 1], OAT, 1.8))


def single_icon(x: float, y: float) -> Group:
    return Group(cup(x - 8, y - 6, 15, OAT))


def double_icon(x: float, y: float) -> Group:
    return Group(cup(x - 14, y - 5, 11, OAT), cup(x + 1.5, y - 5, 11, OAT))


def water_icon(x: float, y: float) -> Group:
    return Group(drop(x, y - 1, 10, WATER))


def steam_icon(x: float, y: float) -> Group:
    waves = []
    for shift in (-6, 0, 6):
        wave = Path(fillColor=None, strokeColor=OAT, strokeWidth=1.8, strokeLineCap=1)
        wave.moveTo(x + shift, y - 9)
        wave.curveTo(x + shift + 5, y - 3, x + shift - 5, y + 3, x + shift, y + 9)
        waves.append(wave)
    return Group(*waves)


def portafilter(x: float, y: float) -> Group:
    return Group(
        box(x - 20, y - 8, 28, 14, STEEL, radius=3),
        box(x + 8, y - 4, 28, 7, COPPER, radius=3),
        box(x - 9, y - 15, 6, 8, SHADOW, radius=1),
    )


def grinder(x: float, y: float) -> Group:
    x -= HANDLE_ROOM
    hopper = Polygon(
        [x - 14, y + 28, x + 14, y + 28, x + 8, y + 10, x - 8, y + 10],
        fillColor=WATER,
        strokeColor=SHADOW,
        strokeWidth=0.8,
    )
    beans = [
        Circle(x + dx, y + dy, 2.6, fillColor=COFFEE, strokeColor=None)
        for dx, dy in ((-5, 16), (0, 20), (5, 16), (1, 14), (-3, 23), (6, 23))
    ]
    grounds = [
        Circle(x + dx, y + dy, 1.1, fillColor=COFFEE, strokeColor=None)
        for dx, dy in ((-6, -8), (-4, -11), (-7, -12), (-5, -5))
    ]
    return Group(
        hopper,
        *beans,
        box(x - 11, y - 3, 22, 14, LAKE, radius=3),
        *grounds,
        portafilter(x - 2, y - 22),
    )


def tamper(x: float, y: float) -> Group:
    x -= HANDLE_ROOM
    return Group(
        portafilter(x, y - 20),
        box(x - 17, y - 12, 22, 5, SHADOW, radius=1),
        box(x - 9, y - 8, 6, 12, SHADOW),
        box(x - 13, y + 2, 14, 17, COPPER, radius=6),
        arrow(x + 22, y + 22, 26),
    )


def locking(x: float, y: float) -> Group:
    x -= HANDLE_ROOM
    turn = Path(fillColor=None, strokeColor=COPPER, strokeWidth=2.2)
    turn.moveTo(x - 24, y - 22)
    turn.curveTo(x - 14, y - 36, x + 14, y - 36, x + 24, y - 24)
    head = Polygon(
        [x + 28, y - 18, x + 18, y - 22, x + 27, y - 29],
        fillColor=COPPER,
        strokeColor=None,
    )
    return Group(
        box(x - 24, y + 8, 48, 18, LAKE, radius=4),
        box(x - 16, y, 32, 9, SHADOW, radius=2),
        portafilter(x + 1, y - 8),
        turn,
        head,
    )


def pouring(x: float, y: float) -> Group:
    streams = [stroke([x + shift, y + 2, x + shift, y - 14], COFFEE, 1.8) for shift in (-4, 4)]
    return Group(
        box(x - 20, y + 12, 40, 14, SHADOW, radius=3),
        box(x - 7, y + 2, 5, 11, SHADOW),
        box(x + 2, y + 2, 5, 11, SHADOW),
        *streams,
        cup(x - 15, y - 30, 30),
    )


def tank(x: float, y: float, water: float) -> Group:
    return Group(
        box(x - 18, y - 24, 36, 44, OAT, radius=4),
        box(x - 16, y - 22, 32, water, WATER, radius=3),
    )


def filter_out(x: float, y: float) -> Group:
    return Group(
        tank(x - 10, y - 2, 26),
        box(x - 17, y - 6, 14, 26, WHITE, radius=3),
        arrow(x + 22, y - 18, -34),
    )


def sachet(x: float, y: float) -> Group:
    bag = Polygon(
        [x - 2, y + 24, x + 24, y + 16, x + 18, y - 4, x - 8, y + 4],
        fillColor=COPPER,
        strokeColor=None,
    )
    grains = [
        Circle(x - 8 + dx, y + dy, 1.2, fillColor=COPPER, strokeColor=None)
        for dx, dy in ((-3, 0), (-5, -4), (-1, -5), (-6, -8))
    ]
    return Group(tank(x - 16, y - 8, 14), bag, bird(x + 2, y + 5, 12, OAT), *grains)


def jug(x: float, y: float) -> Group:
    wand = stroke([x + 26, y + 26, x + 22, y + 2, x + 14, y - 6], STEEL, 3.5)
    jug = Polygon(
        [x - 20, y - 2, x + 20, y - 2, x + 16, y - 26, x - 16, y - 26],
        fillColor=STEEL,
        strokeColor=SHADOW,
        strokeWidth=0.8,
    )
    return Group(
        box(x - 24, y + 12, 36, 13, SHADOW, radius=3),
        box(x - 9, y + 4, 6, 9, SHADOW),
        wand,
        jug,
        stroke([x - 6, y + 3, x - 6, y - 2], WATER, 2),
    )


def two_buttons(x: float, y: float) -> Group:
    rings = [Circle(x + shift, y - 2, 15, fillColor=DEEP, strokeColor=COPPER, strokeWidth=2.4) for shift in (-20, 20)]
    return Group(
        *rings,
        single_icon(x - 20, y - 2),
        steam_icon(x + 20, y - 2),
        String(
            x,
            y - 6,
            "+",
            fontName="Helvetica-Bold",
            fontSize=12,
            fillColor=COPPER,
            textAnchor="middle",
        ),
    )


def fresh_water(x: float, y: float) -> Group:
    return Group(
        tank(x, y - 4, 38),
        drop(x - 5, y - 2, 7, WHITE),
        drop(x + 7, y - 10, 5, WHITE),
        arrow(x + 27, y + 20, 32, LAKE),
    )


def drop_out(x: float, y: float) -> Group:
    tick = stroke([x - 2, y - 8, x + 5, y - 16, x + 20, y + 4], MOSS, 4)
    outline = drop(x - 6, y - 4, 20, WHITE)
    outline.strokeColor, outline.strokeWidth = SHADOW, 1
    return Group(outline, tick)
