"""Reads one page of a PDF: its paragraphs and tables in reading order, or that it is a picture of text."""

from collections.abc import Collection
from dataclasses import dataclass, field

import pypdfium2 as pdfium
from pypdfium2 import raw

from apps.core.chunking.blocks import BlockKind
from apps.knowledge.extraction.geometry import Box
from apps.knowledge.extraction.pdf.aligned_tables import split_table
from apps.knowledge.extraction.pdf.lines import Piece, line_pieces
from apps.knowledge.extraction.pdf.paragraphs import Paragraph, paragraphs
from apps.knowledge.extraction.pdf.reading_order import reading_order
from apps.knowledge.extraction.pdf.ruled_tables import take_tables
from apps.knowledge.extraction.pdf.rulings import find_grids, find_rules
from apps.knowledge.extraction.pdf.running_lines import RunningLines, inside
from apps.knowledge.extraction.pdf.words import PageText, page_text

_UNREADABLE = 0.3
_FEW_CHARACTERS = 120
_COVERED = 0.5
_MOST_OBJECTS = 3_000


@dataclass(frozen=True, kw_only=True, slots=True)
class PageContent:
    """What a page holds; a scan holds next to no text and a picture that covers most of it."""

    paragraphs: list[Paragraph] = field(repr=False)
    is_scan: bool = False
    is_unreadable: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Layer:
    """Pieces of lines and ruled tables that run in one direction, and the lines drawn across the page."""

    pieces: list[Piece] = field(repr=False)
    rules: list[Box] = field(repr=False)


def read_page(page: pdfium.PdfPage, number: int, running: RunningLines, *, code: bool) -> PageContent:
    """Return the page's content without the lines that stand on every page."""
    text = page_text(page)
    found: list[Paragraph] = []
    for direction, layer in enumerate(page_layers(page, text)):
        frame, quarter = page.get_bbox(), text.rotations[0]
        kept = running.without(layer.pieces, frame, quarter)
        # A page of nothing but repeated lines, such as a title slide, says what they say, if not in its margins.
        for paragraph in _paragraphs(kept or inside(layer.pieces, frame, quarter), layer.rules, number, code=code):
            paragraph.aside = direction > 0
            found.append(paragraph)
    is_scan = text.characters <= _FEW_CHARACTERS and _covered_by_pictures(page)
    return PageContent(paragraphs=found, is_scan=is_scan, is_unreadable=text.unreadable > _UNREADABLE)


def page_layers(page: pdfium.PdfPage, text: PageText) -> list[Layer]:
    """Return what stands on the page for each direction of text, the commonest first."""
    layers = []
    for words, quarter in zip(text.directions, text.rotations, strict=True):
        if quarter == text.rotations[0]:
            horizontal, vertical = find_rules(page, quarter)
            rest, tables = take_tables(words, find_grids(horizontal, vertical))
            layers.append(Layer(pieces=[*line_pieces(rest), *tables], rules=horizontal))
        else:
            layers.append(Layer(pieces=line_pieces(words), rules=[]))
    return layers


def _paragraphs(pieces: list[Piece], rules: list[Box], number: int, *, code: bool) -> list[Paragraph]:
    found: list[Paragraph] = []
    for part in reading_order(pieces, rules) if pieces else ():
        above, rows, below = split_table(part, rules) if part.cuts else (part.pieces, [], [])
        found += paragraphs(above, number, code=code)
        if rows:
            found.append(Paragraph(kind=BlockKind.TABLE_ROW, lines=[], page=number, rows=rows))
        found += paragraphs(below, number, code=code)
    return found


def _covered_by_pictures(page: pdfium.PdfPage) -> bool:
    """Tell whether pictures, or letters drawn as shapes, cover most of the page."""
    left, bottom, right, top = page.get_bbox()
    area = max(1.0, (right - left) * (top - bottom))
    covered = shapes = 0.0
    kinds: Collection[int] = (raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_PATH)
    for count, item in enumerate(page.get_objects(filter=list(kinds), max_depth=3)):
        if count >= _MOST_OBJECTS:
            return True
        if item.type == raw.FPDF_PAGEOBJ_IMAGE:
            x0, y0, x1, y1 = item.get_bounds()
            covered += abs(x1 - x0) * abs(y1 - y0)
        else:
            shapes += 1
    return covered > _COVERED * area or shapes > 200
