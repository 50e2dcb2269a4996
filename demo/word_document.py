"""A Word document with real headings, lists and tables from a Markdown text."""

from io import BytesIO
from pathlib import Path

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.text.paragraph import Paragraph as WordParagraph

from demo.blocks import (
    Block,
    Heading,
    ItemList,
    Paragraph,
    Run,
    Table,
    plain,
    read_blocks,
)

HEADING_COLOUR = RGBColor(0x1C, 0x6A, 0x72)


def build_word(source: Path) -> bytes:
    """The text as DOCX; its first heading is the title in the file's properties too."""
    document = Document()
    _set_up(document)
    for block in read_blocks(source):
        _add(document, block)
    target = BytesIO()
    document.save(target)
    return target.getvalue()


def _set_up(document: WordDocument) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.5)
    document.core_properties.author = "Ottermere Coffee Works"
    for style in document.styles:
        if isinstance(style, ParagraphStyle) and style.type == WD_STYLE_TYPE.PARAGRAPH:
            _set_font(style)


def _set_font(style: ParagraphStyle) -> None:
    is_heading = style.name is not None and style.name.startswith(("Heading", "Title"))
    style.font.name = "Georgia" if is_heading else "Calibri"
    if is_heading:
        style.font.color.rgb = HEADING_COLOUR
        # The theme's font would win over the name that was just set.
        for attribute in ("w:asciiTheme", "w:hAnsiTheme"):
            style.element.rPr.rFonts.attrib.pop(qn(attribute), None)
    elif style.name == "Normal":
        style.font.size = Pt(11)


def _add(document: WordDocument, block: Block) -> None:
    match block:
        case Heading():
            document.add_heading(block.text, level=block.level)
            if block.level == 1:
                document.core_properties.title = block.text
        case Paragraph():
            _write(document.add_paragraph(), block.runs)
        case ItemList():
            style = "List Number" if block.ordered else "List Bullet"
            for item in block.items:
                _write(document.add_paragraph(style=style), item)
        case Table():
            _add_table(document, block)
        case _:
            raise ValueError(f"Word documents have no {type(block).__name__}.")


def _write(paragraph: WordParagraph, runs: tuple[Run, ...]) -> None:
    for run in runs:
        written = paragraph.add_run(run.text)
        written.bold, written.italic = run.bold or None, run.italic or None


def _add_table(document: WordDocument, block: Table) -> None:
    table = document.add_table(rows=0, cols=len(block.rows[0]), style="Light Grid Accent 1")
    for row in block.rows:
        for cell, runs in zip(table.add_row().cells, row, strict=True):
            cell.text = plain(runs)
    # Marks the first row as column names, for readers of every kind.
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    document.add_paragraph()
