"""The Wren as a vector drawing, from the front and from the side, one unit to the millimetre."""

from reportlab.graphics.shapes import (
    Circle,
    Ellipse,
    Group,
    Line,
    Path,
    Polygon,
    PolyLine,
    Rect,
    String,
)
from reportlab.lib.colors import Color

from demo.palette import (
    AMBER,
    BRICK,
    COFFEE,
    COPPER,
    DEEP,
    INK,
    LAKE,
    OAT,
    SHADOW,
    STEEL,
    WATER,
    WHITE,
)

FRONT_WIDTH, SIDE_WIDTH, HEIGHT = 210, 340, 310
BUTTONS = ("Power", "Single", "Double", "Water", "Steam")


def box(x: float, y: float, width: float, height: float, fill: Color, *, radius: float = 0) -> Rect:
    return Rect(x, y, width, height, rx=radius, ry=radius, fillColor=fill, strokeColor=None)


def stroke(points: list[float], colour: Color, width: float) -> PolyLine:
    return PolyLine(points, strokeColor=colour, strokeWidth=width, strokeLineCap=1, strokeLineJoin=1)


def bird(x: float, y: float, size: float, colour: Color) -> Group:
    """The house mark: a wren with its tail up."""
    body = Path(fillColor=colour, strokeColor=None)
    body.moveTo(0, 42)
    body.curveTo(10, 60, 28, 62, 40, 48)
    body.curveTo(50, 42, 66, 44, 76, 56)
    body.lineTo(96, 92)
    body.lineTo(104, 88)
    body.lineTo(94, 48)
    body.curveTo(88, 22, 62, 10, 40, 16)
    body.curveTo(24, 20, 18, 34, 0, 42)
    body.closePath()
    legs = [
        Line(46, 16, 42, 0, strokeColor=colour, strokeWidth=4),
        Line(60, 16, 62, 0, strokeColor=colour, strokeWidth=4),
    ]
    beak = Polygon([4, 44, -14, 46, 6, 50], fillColor=colour, strokeColor=None)
    eye = Circle(19, 48, 3, fillColor=WHITE, strokeColor=None)
    mark = Group(body, beak, *legs, eye)
    mark.transform = (size / 100, 0, 0, size / 100, x, y)
    return mark


def cup(x: float, y: float, width: float, colour: Color = WHITE) -> Group:
    """A small cup that stands on (x, y), its left lower corner."""
    height = width * 0.72
    shape = Path(fillColor=colour, strokeColor=SHADOW, strokeWidth=1)
    shape.moveTo(x, y + height)
    shape.curveTo(x, y + height * 0.2, x + width * 0.15, y, x + width * 0.3, y)
    shape.lineTo(x + width * 0.7, y)
    shape.curveTo(x + width * 0.85, y, x + width, y + height * 0.2, x + width, y + height)
    shape.closePath()
    handle = Ellipse(x + width * 1.02, y + height * 0.62, width * 0.17, height * 0.22)
    handle.fillColor, handle.strokeColor, handle.strokeWidth = None, SHADOW, 2
    return Group(handle, shape)


def front_view() -> Group:
    return Group(
        *(box(x, 0, 26, 10, INK, radius=3) for x in (18, 166)),
        box(16, 48, 178, 150, DEEP, radius=4),
        box(26, 58, 158, 130, LAKE, radius=4),
        _drip_tray(0, FRONT_WIDTH),
        Circle(176, 40, 4, fillColor=BRICK, strokeColor=None),
        _brew_group_from_the_front(),
        *_wand([184, 190, 188, 150, 182, 108, 180, 96]),
        box(0, 186, FRONT_WIDTH, 104, LAKE, radius=14),
        box(0, 186, FRONT_WIDTH, 22, DEEP, radius=8),
        box(0, 198, FRONT_WIDTH, 14, LAKE),
        *_buttons(),
        bird(20, 258, 18, OAT),
        String(44, 261, "OTTERMERE", fontName="Helvetica-Bold", fontSize=11, fillColor=OAT),
        *_shelf(FRONT_WIDTH),
        *(cup(x, 294, 38) for x in (22, 72, 122)),
    )


def side_view() -> Group:
    """From the left; the front of the machine points to the left."""
    return Group(
        *(box(x, 0, 30, 10, INK, radius=3) for x in (30, 286)),
        _drip_tray(0, SIDE_WIDTH),
        box(150, 48, 190, 242, LAKE, radius=10),
        box(10, 186, 330, 104, LAKE, radius=14),
        box(214, 66, 104, 196, OAT, radius=8),
        box(218, 70, 96, 150, WATER, radius=6),
        box(250, 72, 32, 52, WHITE, radius=5),
        *(Line(254, y, 278, y, strokeColor=SHADOW, strokeWidth=1) for y in (82, 92, 102, 112)),
        box(60, 168, 62, 20, SHADOW, radius=3),
        box(56, 150, 70, 20, STEEL, radius=4),
        box(-62, 153, 120, 14, COPPER, radius=7),
        box(82, 136, 8, 16, SHADOW, radius=2),
        box(96, 136, 8, 16, SHADOW, radius=2),
        *_wand([40, 188, 34, 150, 30, 108, 26, 98]),
        *_shelf(SIDE_WIDTH),
        *(cup(x, 294, 38) for x in (40, 96)),
        bird(156, 226, 34, OAT),
    )


def _drip_tray(x: float, width: float) -> Group:
    slots = (
        Line(at, 52, at + 8, 52, strokeColor=STEEL, strokeWidth=2) for at in range(int(x) + 14, int(x + width) - 16, 14)
    )
    return Group(
        box(x, 8, width, 42, DEEP, radius=8),
        box(x + 4, 46, width - 8, 8, SHADOW, radius=3),
        *slots,
    )


def _brew_group_from_the_front() -> Group:
    return Group(
        box(78, 166, 54, 24, SHADOW, radius=3),
        box(72, 148, 66, 20, STEEL, radius=4),
        Circle(105, 157, 13, fillColor=COPPER, strokeColor=None),
        Circle(105, 157, 7, fillColor=COFFEE, strokeColor=None, fillOpacity=0.25),
        box(92, 136, 7, 13, SHADOW, radius=2),
        box(111, 136, 7, 13, SHADOW, radius=2),
        *(stroke([x, 136, x, 78], COFFEE, 2.4) for x in (95.5, 114.5)),
        cup(80, 54, 50),
    )


def _wand(points: list[float]) -> tuple[PolyLine, Circle]:
    return stroke(points, STEEL, 7), Circle(points[-2], points[-1] - 2, 4.5, fillColor=SHADOW, strokeColor=None)


def _buttons() -> list[Circle]:
    rings = [Circle(37 + 34 * i, 236, 11, fillColor=DEEP, strokeColor=STEEL, strokeWidth=2) for i in range(5)]
    colours = (WHITE, AMBER, BRICK)
    return rings + [Circle(88 + 17 * i, 217, 3, fillColor=colour, strokeColor=None) for i, colour in enumerate(colours)]


def _shelf(width: float) -> list[PolyLine | Line]:
    posts: list[PolyLine | Line] = [
        Line(x, 288, x, HEIGHT, strokeColor=STEEL, strokeWidth=4) for x in (12, width / 2, width - 12)
    ]
    return [*posts, stroke([10, HEIGHT - 2, width - 10, HEIGHT - 2], STEEL, 4)]
