"""How each block of the manual looks on the page: text, lists, tables, boxed notes and figures."""

from collections.abc import Sequence
from html import escape

from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A5
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, ListFlowable, ListItem, TableStyle
from reportlab.platypus import Paragraph as Text
from reportlab.platypus import Table as Grid

from demo.blocks import Figure, ItemList, Note, Paragraph, Run, Table, plain
from demo.manual_figures import FIGURES
from demo.palette import (
    AMBER,
    BRICK,
    COPPER,
    DEEP,
    INK,
    LAKE,
    LINE,
    MIST,
    MOSS,
    OAT,
    SOFT,
    WHITE,
)

MARGIN, TOP, BOTTOM = 16 * mm, 16 * mm, 17 * mm
TEXT_WIDTH = A5[0] - 2 * MARGIN

BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=9, leading=13, textColor=INK, spaceAfter=5)
CELL = ParagraphStyle("cell", BODY, fontSize=8, leading=10.5, spaceAfter=0)
HEAD_CELL = ParagraphStyle("head cell", CELL, fontName="Helvetica-Bold", textColor=WHITE)
ITEM = ParagraphStyle("item", BODY, spaceAfter=2.5)
NOTE = ParagraphStyle("note", BODY, fontSize=8.5, leading=12, spaceAfter=0)
CAPTION = ParagraphStyle(
    "caption",
    BODY,
    fontName="Helvetica-Oblique",
    fontSize=8,
    textColor=SOFT,
    alignment=TA_CENTER,
)
CHAPTER = ParagraphStyle(
    "chapter",
    BODY,
    fontName="Times-Bold",
    fontSize=21,
    leading=25,
    textColor=DEEP,
    spaceBefore=18,
    spaceAfter=7,
    keepWithNext=1,
)
SECTION = ParagraphStyle(
    "section", BODY, fontName="Helvetica-Bold", fontSize=11.5, leading=15, textColor=LAKE, keepWithNext=1,
    spaceBefore=9, spaceAfter=4,
)  # fmt: skip
CONTENTS = ParagraphStyle("contents", CHAPTER, keepWithNext=0)
CONTENTS_LEVELS = [
    ParagraphStyle(
        "contents 1",
        BODY,
        fontName="Helvetica-Bold",
        fontSize=8.5,
        leading=11,
        spaceBefore=2.5,
        spaceAfter=0,
        textColor=DEEP,
    ),
    ParagraphStyle(
        "contents 2",
        BODY,
        fontSize=8,
        leading=9.4,
        leftIndent=14,
        spaceAfter=0,
        textColor=SOFT,
    ),
]
CONTENTS_GRID = TableStyle([(f"{side}PADDING", (0, 0), (-1, -1), 0) for side in ("TOP", "BOTTOM", "LEFT", "RIGHT")])
NOTE_COLOURS = {"Warning": BRICK, "Note": AMBER, "Tip": MOSS}
# Column widths as parts of the text width, by the number of columns and the name of the first.
COLUMN_PARTS = {
    (2, "Roast"): (1, 2),
    (2, "Property"): (2, 3),
    (3, "No."): (1, 3, 8),
    (3, "Button"): (2, 5, 5),
    (3, "Light"): (4, 4, 5),
    (3, "What you taste"): (3, 5, 4),
    (3, "Problem"): (5, 5, 6),
    (3, "Number"): (2, 5, 3),
    (5, "Red fields"): (3, 3, 6, 3, 4),
}


def markup(runs: Sequence[Run]) -> str:
    """Runs in reportlab's own small markup."""
    return "".join(_tagged(run) for run in runs)


def _tagged(run: Run) -> str:
    text = escape(run.text, quote=False)
    text = f"<b>{text}</b>" if run.bold else text
    return f"<i>{text}</i>" if run.italic else text


def paragraph(block: Paragraph) -> Flowable:
    return Text(markup(block.runs), BODY)


def item_list(block: ItemList) -> Flowable:
    items = [ListItem(Text(markup(item), ITEM), bulletColor=COPPER) for item in block.items]
    kind = "1" if block.ordered else "bullet"
    return ListFlowable(
        items, bulletType=kind, start=None if block.ordered else "•", bulletFontName="Helvetica-Bold", bulletFontSize=9,
        leftIndent=16, bulletDedent=14, spaceAfter=5, bulletFormat="%s." if block.ordered else None,
    )  # fmt: skip


def note(block: Note) -> Flowable:
    colour = NOTE_COLOURS[block.kind]
    style = TableStyle(
        [
            ("BACKGROUND", (0, 0), (-1, -1), OAT),
            ("LINEBEFORE", (0, 0), (0, -1), 3, colour),
            ("LEFTPADDING", (0, 0), (-1, -1), 10),
            ("TOPPADDING", (0, 0), (-1, -1), 6),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 7),
        ]
    )
    return Grid(
        [[Text(markup(block.runs), NOTE)]],
        colWidths=[TEXT_WIDTH],
        style=style,
        spaceBefore=4,
        spaceAfter=8,
    )


def table(block: Table) -> Flowable:
    head, *rows = block.rows
    cells = [[Text(markup(cell), HEAD_CELL) for cell in head]]
    cells += [[Text(markup(cell), CELL) for cell in row] for row in rows]
    parts = COLUMN_PARTS[len(head), plain(head[0])]
    widths = [TEXT_WIDTH * part / sum(parts) for part in parts]
    style = TableStyle(
        [
            ("BACKGROUND", (0, 0), (-1, 0), LAKE),
            ("ROWBACKGROUNDS", (0, 1), (-1, -1), [WHITE, MIST]),
            ("LINEBELOW", (0, -1), (-1, -1), 0.8, LINE),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 6),
            ("RIGHTPADDING", (0, 0), (-1, -1), 6),
            ("TOPPADDING", (0, 0), (-1, -1), 3),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
        ]
    )
    return Grid(cells, colWidths=widths, style=style, repeatRows=1, spaceBefore=3, spaceAfter=9)


def figure(block: Figure, number: int) -> Flowable:
    """The drawing above its caption, in a grid that is never split, so that a heading can hold on to it."""
    caption = Text(f"Figure {number}: {escape(block.caption)}", CAPTION)
    style = TableStyle([("ALIGN", (0, 0), (-1, -1), "CENTER"), ("NOSPLIT", (0, 0), (-1, -1))])
    return Grid(
        [[FIGURES[block.name]()], [caption]],
        colWidths=[TEXT_WIDTH],
        style=style,
        spaceAfter=5,
    )
