"""Alice's visitors follow a citation: it leads to the page or slide on which the words stand."""

from collections.abc import Callable
from io import BytesIO

from pptx import Presentation
from pptx.util import Inches
from reportlab.pdfgen.canvas import Canvas

from apps.core.chunking.blocks import Block
from apps.knowledge.extraction import ExtractionLimits
from apps.knowledge.extraction.reading import extract_bytes
from apps.knowledge.tests.test_extraction_pdf import blocks_of, write


def places(blocks: tuple[Block, ...]) -> list[tuple[int | None, str]]:
    return [(block.page, block.text) for block in blocks]


def page(*lines: str) -> Callable[[Canvas], None]:
    """Return a page between a running head and a running foot."""

    def draw(canvas: Canvas) -> None:
        write(canvas, 60, 815, "Rules of the River Inn", size=8)
        write(canvas, 60, 760, *lines)
        write(canvas, 60, 25, f"Page {canvas.getPageNumber()} of 4, draft", size=8)

    return draw


BEGINNING = (
    "Guests may take out the boats from May to September, as long as the river stands lower than",
    "the mark on the bridge, and they bring each boat back to the place where it belongs before the",
)


def test_what_begins_on_a_page_below_the_end_of_a_sentence_is_on_that_page() -> None:
    found = blocks_of(page(*BEGINNING), page("evening bell is rung.", "Dogs stay ashore."), page("Eels are not fed."))
    assert places(found) == [
        (1, " ".join(BEGINNING) + " evening bell is rung."),
        (2, "Dogs stay ashore."),
        (3, "Eels are not fed."),
    ]


def test_a_page_with_nothing_but_its_running_lines_says_nothing() -> None:
    found = blocks_of(page("Boats are for guests."), page("Dogs stay ashore."), page(), page("Eels are not fed."))
    assert places(found) == [(1, "Boats are for guests."), (2, "Dogs stay ashore."), (4, "Eels are not fed.")]


def test_each_slide_is_a_page() -> None:
    deck = Presentation()
    for text in ("Boats are for guests.", "Dogs stay ashore.", "Eels are not fed."):
        slide = deck.slides.add_slide(deck.slide_layouts[6])
        slide.shapes.add_textbox(0, 0, Inches(4), Inches(1)).text_frame.text = text
    buffer = BytesIO()
    deck.save(buffer)
    (found,) = extract_bytes(buffer.getvalue(), file_name="inn.pptx", limits=ExtractionLimits()).documents
    assert places(found.blocks) == [(1, "Boats are for guests."), (2, "Dogs stay ashore."), (3, "Eels are not fed.")]
