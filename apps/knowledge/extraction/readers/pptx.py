"""Reads PPTX: each slide a page with its title, text, tables and diagrams; notes and what is hidden are left out."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from pptx import Presentation
from pptx.enum.shapes import MSO_SHAPE_TYPE, PP_PLACEHOLDER

from apps.core.chunking.blocks import Block, BlockKind
from apps.core.error_handling import ScannedDocumentError
from apps.knowledge.extraction import cleaning
from apps.knowledge.extraction.cells import number_text
from apps.knowledge.extraction.containers import open_container
from apps.knowledge.extraction.geometry import Box, in_reading_order
from apps.knowledge.extraction.results import ExtractedDocument, ExtractedFile, ExtractionWarning
from apps.knowledge.extraction.source import SourceFile
from apps.knowledge.extraction.speaker_notes import about_notes
from apps.knowledge.extraction.tables import table_blocks
from apps.knowledge.extraction.titles import declared_title, document_title
from apps.knowledge.extraction.xml import parse

_TITLES = {PP_PLACEHOLDER.TITLE, PP_PLACEHOLDER.CENTER_TITLE, PP_PLACEHOLDER.VERTICAL_TITLE}
_FURNITURE = {PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.SLIDE_NUMBER, PP_PLACEHOLDER.HEADER}
_OUTLINES = {PP_PLACEHOLDER.BODY, PP_PLACEHOLDER.OBJECT, PP_PLACEHOLDER.VERTICAL_BODY}
_DEEPEST_GROUP = 20
_LONGEST_TITLE = 120
_LARGER = 1.2


def read(source: SourceFile) -> ExtractedFile:
    """Return the presentation as one document; its pages are its slides."""
    with open_container(source.data, source.limits) as archive:
        declared = declared_title(archive)
        has_pictures = any("/media/" in name for name in archive.namelist())
    blocks: list[Block] = []
    warnings: list[ExtractionWarning] = []
    presentation = Presentation(BytesIO(source.data))
    area = Box(0, 0, presentation.slide_width or 0, presentation.slide_height or 0)
    notes = 0
    for page, slide in enumerate(presentation.slides, start=1):
        if slide._element.get("show") in {"0", "false"}:
            message = f"Slide {page} is hidden and was left out."
            warnings.append(ExtractionWarning(code="hidden_slide", message=message))
        else:
            blocks += _Slide(page, area).read(slide)
            notes += _has_notes(slide)
    if not blocks and has_pictures:
        raise ScannedDocumentError
    warnings += about_notes(notes)
    title = document_title(blocks, declared=declared, otherwise=source.stem)
    return ExtractedFile(documents=(ExtractedDocument(title=title, blocks=tuple(blocks)),), warnings=tuple(warnings))


class _Slide:
    """Collects the blocks of one slide."""

    def __init__(self, page: int, area: Box) -> None:
        self._page = page
        self._area = area
        self._blocks: list[Block] = []

    def read(self, slide: Any) -> list[Block]:
        """Return the slide's title, then its other shapes as they are read."""
        shapes = [shape for shape in slide.shapes if self._is_shown(shape)]
        title = next((shape for shape in shapes if _placeholder(shape) in _TITLES and _text(shape).strip()), None)
        title = title or _largest_text(shapes)
        if title is not None:
            self._emit(BlockKind.HEADING, cleaning.one_line(_text(title)), level=1)
        self._shapes([shape for shape in shapes if title is None or shape.shape_id != title.shape_id], slide, 0)
        return self._blocks

    def _is_shown(self, shape: Any) -> bool:
        """Tell whether the audience sees a shape: it is not switched off, and lies on the slide at least in part."""
        box, area = _box(shape), self._area
        if _is_switched_off(shape):
            return False
        if shape.left is None or not area.width or not area.height:
            return True
        return box.x0 < area.x1 and box.x1 >= 0 and box.y0 < area.y1 and box.y1 >= 0

    def _emit(self, kind: BlockKind, text: str, *, level: int = 0) -> None:
        if text:
            self._blocks.append(Block(kind=kind, text=text, level=level, page=self._page))

    def _shapes(self, shapes: list[Any], slide: Any, depth: int) -> None:
        for shape in in_reading_order(shapes, [_box(shape) for shape in shapes]):
            if _placeholder(shape) in _FURNITURE:
                continue
            if shape.shape_type == MSO_SHAPE_TYPE.GROUP and depth < _DEEPEST_GROUP:
                self._shapes([inner for inner in shape.shapes if not _is_switched_off(inner)], slide, depth + 1)
            elif getattr(shape, "has_table", False):
                self._table(shape.table)
            elif getattr(shape, "has_chart", False):
                self._chart(shape.chart)
            elif shape.has_text_frame:
                self._text_frame(shape)
            else:
                self._diagram(shape, slide)

    def _text_frame(self, shape: Any) -> None:
        paragraphs = [(item.level, cleaning.paragraph(item.text)) for item in shape.text_frame.paragraphs]
        filled = [(level, text) for level, text in paragraphs if text]
        is_outline = _placeholder(shape) in _OUTLINES and len(filled) > 1
        for level, text in filled:
            is_item = is_outline or level > 0
            self._emit(BlockKind.LIST_ITEM if is_item else BlockKind.PARAGRAPH, text, level=level if is_item else 0)

    def _table(self, table: Any) -> None:
        rows = [[_cell_text(cell) for cell in row.cells] for row in table.rows]
        header_rows = 1 if table.first_row and len(rows) > 1 else None
        self._blocks += table_blocks(rows, header_rows=header_rows, page=self._page)

    def _chart(self, chart: Any) -> None:
        """Return a chart as the table that it draws."""
        if chart.has_title and chart.chart_title.has_text_frame:
            self._emit(BlockKind.PARAGRAPH, cleaning.one_line(chart.chart_title.text_frame.text))
        rows: list[list[str]] = []
        for plot in chart.plots:
            series = [item for item in plot.series if any(value is not None for value in item.values)]
            categories = [str(label) for label in plot.categories]
            rows.append(["", *(item.name or "" for item in series)])
            for place, label in enumerate(categories):
                values = (item.values[place] if place < len(item.values) else None for item in series)
                rows.append([label, *("" if value is None else number_text(value) for value in values)])
            self._blocks += table_blocks(rows, header_rows=1, page=self._page)
            rows = []

    def _diagram(self, shape: Any, slide: Any) -> None:
        """Read the text of SmartArt, which is kept in a part of its own."""
        for name, identity in _attributes(shape._element):
            if name.endswith("}dm") and identity in slide.part.rels:
                root = parse(slide.part.rels[identity].target_part.blob)
                for point in root.iter("{*}pt"):
                    text = "\n".join(
                        "".join(piece.text or "" for piece in line.iter("{*}t")) for line in point.iterfind("{*}t/{*}p")
                    )
                    self._emit(BlockKind.LIST_ITEM, cleaning.paragraph(text))


def _is_switched_off(shape: Any) -> bool:
    properties = shape._element.find(".//{*}cNvPr")
    return properties is not None and properties.get("hidden") in {"1", "true"}


def _has_notes(slide: Any) -> bool:
    frame = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    return frame is not None and bool(frame.text.strip())


def _attributes(element: Any) -> Iterator[tuple[str, str]]:
    for inner in element.iter():
        yield from inner.items()


def _placeholder(shape: Any) -> Any:
    return shape.placeholder_format.type if shape.is_placeholder else None


def _text(shape: Any) -> str:
    return shape.text_frame.text if shape.has_text_frame else ""


def _cell_text(cell: Any) -> str:
    return "" if cell.is_spanned else cell.text


def _largest_text(shapes: list[Any]) -> Any:
    """Return the text in the largest type, which is the title where a designer used no title field; None if none is."""
    texts = [shape for shape in shapes if _text(shape).strip()]
    sized = sorted(texts, key=_type_size, reverse=True)
    if len(sized) < 2 or _type_size(sized[0]) < _LARGER * _type_size(sized[len(sized) // 2]):
        return None
    text = _text(sized[0]).strip()
    return sized[0] if len(text) <= _LONGEST_TITLE and any(map(str.isalpha, text)) else None


def _type_size(shape: Any) -> int:
    """Return the largest size of type that the shape sets itself, in hundredths of a point."""
    sizes = [value for name, value in _attributes(shape._element) if name == "sz" and value.isdigit()]
    return max(map(int, sizes), default=0)


def _box(shape: Any) -> Box:
    left, top = shape.left or 0, shape.top or 0
    return Box(left, top, left + (shape.width or 0), top + (shape.height or 0))
