"""The manual of the Wren: a PDF from `text/manual.md`."""

from collections.abc import Iterator, Sequence
from html import escape
from io import BytesIO
from pathlib import Path

from reportlab.lib.pagesizes import A5
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Spacer,
)
from reportlab.platypus import Paragraph as Text
from reportlab.platypus.tableofcontents import TableOfContents

from demo import manual_layout as layout
from demo.blocks import (
    Block,
    Figure,
    Heading,
    ItemList,
    Note,
    Paragraph,
    Table,
    read_blocks,
)
from demo.manual_cover import draw_back, draw_cover
from demo.palette import LINE, SOFT

FRAME_HEIGHT = A5[1] - layout.TOP - layout.BOTTOM
LEVELS = {layout.CHAPTER.name: 0, layout.SECTION.name: 1}


class _Pages(BaseDocTemplate):
    """Notes every heading for the table of contents, the outline and the foot of the page."""

    def __init__(self, target: BytesIO) -> None:
        super().__init__(
            target, pagesize=A5, title="Wren espresso machine: manual", author="Ottermere Coffee Works",
            subject="Model OM-WR2", lang="en", invariant=1,
        )  # fmt: skip
        self.chapter = ""
        frame = Frame(layout.MARGIN, layout.BOTTOM, layout.TEXT_WIDTH, FRAME_HEIGHT, 0, 0, 0, 0)
        self.addPageTemplates(
            [
                PageTemplate("cover", [frame], onPage=draw_cover),
                PageTemplate("body", [frame], onPageEnd=self._draw_foot),
                PageTemplate("back", [frame], onPage=draw_back),
            ]
        )

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802 (the name that reportlab calls)
        style = getattr(flowable, "style", None)
        level = LEVELS.get(getattr(style, "name", ""))
        if level is None:
            return
        title = flowable.getPlainText()
        self.chapter = title if level == 0 else self.chapter
        self.canv.bookmarkPage(title)
        self.canv.addOutlineEntry(title, title, level)
        self.notify("TOCEntry", (level, escape(title), self.page, title))

    def _draw_foot(self, canvas: Canvas, _: BaseDocTemplate) -> None:
        canvas.setStrokeColor(LINE)
        canvas.line(layout.MARGIN, 12 * mm, A5[0] - layout.MARGIN, 12 * mm)
        canvas.setFillColor(SOFT)
        canvas.setFont("Helvetica", 7.5)
        canvas.drawString(layout.MARGIN, 8 * mm, "Ottermere Wren, OM-WR2")
        canvas.setFont("Helvetica-Bold", 8.5)
        canvas.drawRightString(A5[0] - layout.MARGIN, 8 * mm, str(self.page))


def build_manual(source: Path) -> bytes:
    """The manual as a PDF whose bytes depend on the text only."""
    target = BytesIO()
    _Pages(target).multiBuild(list(_story(read_blocks(source))))
    return target.getvalue()


def _story(blocks: Sequence[Block]) -> Iterator[Flowable]:
    contents = TableOfContents(
        levelStyles=layout.CONTENTS_LEVELS,
        tableStyle=layout.CONTENTS_GRID,
        dotsMinLevel=0,
    )
    yield from (
        NextPageTemplate("body"),
        PageBreak(),
        Text("Contents", layout.CONTENTS),
        contents,
        PageBreak(),
    )
    chapter = section = figure = 0
    for block in blocks:
        match block:
            case Heading(level=1):
                chapter, section = chapter + 1, 0
                yield CondPageBreak(FRAME_HEIGHT * 0.45)
                yield Text(f"{chapter}  {escape(block.text)}", layout.CHAPTER)
            case Heading():
                section += 1
                yield Text(f"{chapter}.{section}  {escape(block.text)}", layout.SECTION)
            case Figure():
                figure += 1
                yield layout.figure(block, figure)
            case _:
                yield _flowable(block)
    yield from (NextPageTemplate("back"), PageBreak(), Spacer(0, 1))


def _flowable(block: Paragraph | ItemList | Note | Table) -> Flowable:
    match block:
        case Paragraph():
            return layout.paragraph(block)
        case ItemList():
            return layout.item_list(block)
        case Note():
            return layout.note(block)
        case Table():
            return layout.table(block)
