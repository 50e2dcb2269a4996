"""The front and the back cover of the manual."""

from reportlab.graphics import renderPDF
from reportlab.graphics.shapes import Drawing, Group
from reportlab.lib.colors import Color, linearlyInterpolatedColor
from reportlab.lib.pagesizes import A5
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate

from demo.machine_drawing import bird, front_view
from demo.palette import COPPER, DEEP, INK, LAKE, MIST, OAT, SOFT

WIDTH, HEIGHT = A5
# How high each wave of the lake stands, as a part of the page, from the far shore to the near one.
WAVES = (0.36, 0.31, 0.25, 0.18, 0.10)


def draw_cover(canvas: Canvas, _: BaseDocTemplate) -> None:
    _fill(canvas, OAT)
    canvas.setFillColor(COPPER, alpha=0.9)
    canvas.circle(WIDTH * 0.5, HEIGHT * 0.47, 118, stroke=0, fill=1)
    canvas.setFillAlpha(1)
    _lake(canvas)
    _draw(canvas, front_view(), WIDTH / 2 - 105 * 0.8, HEIGHT * 0.24, 0.8)
    _draw(canvas, bird(0, 0, 30, LAKE), 45, HEIGHT - 74, 1)
    _line(canvas, 82, HEIGHT - 66, "OTTERMERE COFFEE WORKS", font="Helvetica-Bold", size=9, colour=LAKE)
    _line(canvas, 44, HEIGHT - 130, "Wren", font="Times-Bold", size=56, colour=DEEP)
    _line(
        canvas,
        47,
        HEIGHT - 152,
        "Espresso machine, model OM-WR2",
        font="Times-Italic",
        size=14,
        colour=INK,
    )
    _line(canvas, 47, 34, "Manual", font="Helvetica-Bold", size=11, colour=MIST)
    _line(
        canvas,
        47,
        21,
        "Please read chapters 2 and 3 before you switch it on.",
        font="Helvetica",
        size=8,
        colour=MIST,
    )


def draw_back(canvas: Canvas, _: BaseDocTemplate) -> None:
    _fill(canvas, OAT)
    _lake(canvas)
    _draw(canvas, bird(0, 0, 90, LAKE), WIDTH / 2 - 42, HEIGHT * 0.66, 1)
    lines = (
        ("Made slowly since 1987.", "Times-Italic", 17, DEEP, 0.60),
        ("Ottermere Coffee Works", "Helvetica-Bold", 10, INK, 0.545),
        ("The Old Boathouse, Ottermere", "Helvetica", 9, SOFT, 0.52),
        ("01632 960 100  ·  help@ottermere.example", "Helvetica", 9, SOFT, 0.495),
    )
    for text, font, size, colour, height in lines:
        canvas.setFont(font, size)
        canvas.setFillColor(colour)
        canvas.drawCentredString(WIDTH / 2, HEIGHT * height, text)


def _fill(canvas: Canvas, colour: Color) -> None:
    canvas.setFillColor(colour)
    canvas.rect(0, 0, WIDTH, HEIGHT, stroke=0, fill=1)


def _lake(canvas: Canvas) -> None:
    for index, part in enumerate(WAVES):
        canvas.setFillColor(linearlyInterpolatedColor(LAKE, DEEP, 0, len(WAVES) - 1, index))
        y, swell = HEIGHT * part, 14 if index % 2 else -14
        wave = canvas.beginPath()
        wave.moveTo(0, y)
        wave.curveTo(WIDTH * 0.3, y + swell, WIDTH * 0.4, y + swell, WIDTH * 0.55, y)
        wave.curveTo(WIDTH * 0.7, y - swell, WIDTH * 0.85, y - swell, WIDTH, y + swell * 0.3)
        wave.lineTo(WIDTH, 0)
        wave.lineTo(0, 0)
        wave.close()
        canvas.drawPath(wave, stroke=0, fill=1)


def _draw(canvas: Canvas, group: Group, x: float, y: float, scale: float) -> None:
    drawing = Drawing(WIDTH, HEIGHT)
    outer = Group(group)
    outer.transform = (scale, 0, 0, scale, x, y)
    drawing.add(outer)
    renderPDF.draw(drawing, canvas, 0, 0)


def _line(canvas: Canvas, x: float, y: float, text: str, *, font: str, size: float, colour: Color) -> None:
    canvas.setFont(font, size)
    canvas.setFillColor(colour)
    canvas.drawString(x, y, text)
