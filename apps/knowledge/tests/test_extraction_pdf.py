"""Alice uploads PDFs: what her visitors are quoted is what a person would read, in that order."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from apps.core.chunking.blocks import Block, BlockKind
from apps.core.error_handling import (
    DamagedDocumentError,
    EmptyDocumentError,
    EncryptedDocumentError,
    ScannedDocumentError,
)
from apps.knowledge.extraction import ExtractedFile, ExtractionLimits
from apps.knowledge.extraction.reading import extract_bytes

LEFT = (
    "The warranty of the Lumen 3 lamp",
    "begins on the day of delivery and",
    "lasts for twenty-four months. It co-",
    "vers the battery and the charging",
    "cable, but not scratches.",
)
RIGHT = (
    "Repairs are made in our workshop",
    "in Leiden and take five working",
    "days. You pay no postage within",
    "the European Union, as long as",
    "you use our return label.",
)


def make_pdf(*pages: Callable[[Canvas], None], **options: Any) -> bytes:
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=A4, **options)
    for page in pages:
        page(canvas)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def read(data: bytes, **limits: int) -> ExtractedFile:
    return extract_bytes(data, file_name="manual.pdf", limits=ExtractionLimits(**limits))


def blocks_of(*pages: Callable[[Canvas], None]) -> tuple[Block, ...]:
    return read(make_pdf(*pages)).documents[0].blocks


def write(canvas: Canvas, x: float, y: float, *lines: str, size: float = 10, font: str = "Helvetica") -> None:
    canvas.setFont(font, size)
    for number, line in enumerate(lines):
        canvas.drawString(x, y - 1.2 * size * number, line)


def two_columns(canvas: Canvas) -> None:
    write(canvas, 60, 780, "Lumen 3 handbook", size=22)
    # Drawn line by line across the page, as many programs do.
    for number, (left, right) in enumerate(zip(LEFT, RIGHT, strict=True)):
        write(canvas, 60, 740 - 12 * number, left)
        write(canvas, 320, 740 - 12 * number, right)


def test_columns_are_read_one_after_the_other() -> None:
    title, left, right = blocks_of(two_columns)
    assert title == Block(kind=BlockKind.HEADING, text="Lumen 3 handbook", level=1, page=1)
    assert left.text.startswith("The warranty of the Lumen 3 lamp begins on the day of delivery")
    assert left.text.endswith("but not scratches.")
    assert right.text.startswith("Repairs are made in our workshop in Leiden")


def test_a_word_parted_at_the_end_of_a_line_is_mended_and_a_compound_is_kept() -> None:
    def page(canvas: Canvas) -> None:
        write(canvas, 60, 740, *LEFT)
        write(canvas, 60, 640, "A well-known fault of older lamps is a loose plug, but this well-")
        write(canvas, 60, 628, "known fault does not void your warranty at all.")

    text = "\n".join(block.text for block in blocks_of(page))
    assert "It covers the battery" in text
    assert "this well-known fault" in text


def price_rows(canvas: Canvas, *, ruled: bool) -> None:
    rows = (("Model", "Price", "Weight"), ("Lumen 3", "49 EUR", "210 g"), ("Lumen 4", "69 EUR", "180 g"))
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            write(canvas, 70 + 120 * column, 700 - 20 * number, cell)
    if ruled:
        canvas.grid([64, 184, 304, 424], [654, 674, 694, 714])


@pytest.mark.parametrize("ruled", [True, False], ids=["with lines", "without lines"])
def test_the_rows_of_a_table_name_their_columns(ruled: bool) -> None:
    def page(canvas: Canvas) -> None:
        write(canvas, 60, 760, "Our lamps and what they cost, valid from May until the end of the year.")
        price_rows(canvas, ruled=ruled)

    rows = [block.text for block in blocks_of(page) if block.kind is BlockKind.TABLE_ROW]
    assert rows == ["Model: Lumen 3; Price: 49 EUR; Weight: 210 g", "Model: Lumen 4; Price: 69 EUR; Weight: 180 g"]


TROUBLES = (
    (("Problem",), ("Cause",), ("What to do",)),
    (("coffee drips out slowly",), ("ground too fine or", "pressed too hard"), ("grind two steps coarser",)),
    (
        ("coffee tastes sour to you",),
        ("runs too fast or", "too cold for it"),
        ("grind finer and raise the", "temperature"),
    ),
    (("water below the machine",), ("the tray is full of", "water, see page 4"), ("empty it at once",)),
    (("hardly any steam comes out",), ("the tip is blocked",), ("soak the tip in water",)),
)


@pytest.mark.parametrize("ruled", [True, False], ids=["with lines between the rows", "without lines"])
def test_a_table_of_nothing_but_words_is_read_row_by_row(ruled: bool) -> None:
    def page(canvas: Canvas) -> None:
        y = 700.0
        for row in TROUBLES:
            for x, cell in zip((60, 210, 360), row, strict=True):
                write(canvas, x, y, *cell)
            y -= 12 * max(map(len, row)) + 10
            if ruled:
                canvas.line(60, y + 14, 500, y + 14)

    rows = [block.text for block in blocks_of(page) if block.kind is BlockKind.TABLE_ROW]
    assert rows == [
        "Problem: coffee drips out slowly; Cause: ground too fine or pressed too hard; "
        "What to do: grind two steps coarser",
        "Problem: coffee tastes sour to you; Cause: runs too fast or too cold for it; "
        "What to do: grind finer and raise the temperature",
        "Problem: water below the machine; Cause: the tray is full of water, see page 4; What to do: empty it at once",
        "Problem: hardly any steam comes out; Cause: the tip is blocked; What to do: soak the tip in water",
    ]


def test_cards_side_by_side_are_read_one_after_the_other() -> None:
    def page(canvas: Canvas) -> None:
        for x, name in ((60, "lamps"), (230, "cables"), (400, "plugs")):
            write(
                canvas,
                x,
                700,
                f"We make all of our {name}",
                "in Leiden, from metal that",
                "was used before, and we",
                f"take old {name} back.",
            )

    assert [block.text for block in blocks_of(page)] == [
        f"We make all of our {name} in Leiden, from metal that was used before, and we take old {name} back."
        for name in ("lamps", "cables", "plugs")
    ]


def test_what_stands_on_every_page_is_left_out_and_pages_are_counted() -> None:
    def page(number: int) -> Callable[[Canvas], None]:
        def draw(canvas: Canvas) -> None:
            write(canvas, 60, 810, "Lumen BV – confidential handbook", size=8)
            write(canvas, 60, 700, f"Chapter {number} tells you everything about part {number} of the lamp.")
            write(canvas, 290, 30, f"Page {number} of 5", size=8)

        return draw

    blocks = blocks_of(*(page(number) for number in range(1, 6)))
    assert [block.page for block in blocks] == [1, 2, 3, 4, 5]
    text = "\n".join(block.text for block in blocks)
    assert "confidential" not in text
    assert "Page" not in text
    assert text.count("everything about part") == 5


def test_a_paragraph_that_goes_on_overleaf_is_one_paragraph() -> None:
    def first(canvas: Canvas) -> None:
        write(canvas, 60, 400, "The lamp is made of aluminium and glass, and we take back every single")

    def second(canvas: Canvas) -> None:
        write(canvas, 60, 780, "lamp that you no longer need, free of charge.")

    (block,) = blocks_of(first, second)
    assert block.text.endswith("we take back every single lamp that you no longer need, free of charge.")
    assert block.page == 1


def test_lists_and_nested_lists_stay_lists() -> None:
    def page(canvas: Canvas) -> None:
        write(canvas, 60, 740, "Before you call us, please check the following three points:")
        write(canvas, 70, 720, "• The lamp is charged.", "• The switch is set to one of these:")
        write(canvas, 90, 696, "– on", "– automatic")
        write(canvas, 70, 660, "1. Press the button.", "2. Wait for the green light.")

    items = [(block.level, block.text) for block in blocks_of(page) if block.kind is BlockKind.LIST_ITEM]
    assert items == [
        (0, "The lamp is charged."),
        (0, "The switch is set to one of these:"),
        (1, "on"),
        (1, "automatic"),
        (0, "1. Press the button."),
        (0, "2. Wait for the green light."),
    ]


def test_code_keeps_its_lines_and_its_indentation() -> None:
    def page(canvas: Canvas) -> None:
        write(canvas, 60, 740, "Set the brightness with this command, which every model from 2021 on knows:")
        write(canvas, 70, 710, "if lamp.on:", font="Courier")
        write(canvas, 94, 698, "lamp.set(80)", font="Courier")
        write(canvas, 60, 660, "It takes effect at once and stays until the lamp is switched off for the night.")

    code = [block.text for block in blocks_of(page) if block.kind is BlockKind.CODE]
    assert code == ["if lamp.on:\n    lamp.set(80)"]


def test_what_is_filled_into_a_form_stands_where_it_was_filled_in() -> None:
    def page(canvas: Canvas) -> None:
        write(canvas, 60, 700, "Serial number:")
        canvas.acroForm.textfield(name="serial", value="LX-2041", x=150, y=692, width=120, height=18, fontSize=10)

    assert "Serial number: LX-2041" in [block.text for block in blocks_of(page)]


def test_bold_headings_lead_their_sections() -> None:
    def page(canvas: Canvas) -> None:
        write(canvas, 60, 740, "Cleaning the lamp", font="Helvetica-Bold")
        write(canvas, 60, 720, "Wipe the lamp with a dry cloth. Never use water or alcohol on the glass of it.")

    heading, text = blocks_of(page)
    assert heading.kind is BlockKind.HEADING
    assert text.kind is BlockKind.PARAGRAPH


def test_a_bold_beginning_belongs_to_its_paragraph_and_begins_it() -> None:
    def page(canvas: Canvas) -> None:
        write(canvas, 60, 740, "We repair every lamp that we have ever sold, whatever is the matter with it.")
        write(canvas, 60, 728, "Battery.", font="Helvetica-Bold")
        write(canvas, 110, 728, "A battery lasts for eight hundred charges and costs nine euros, or")
        write(canvas, 60, 716, "twelve with the tools that you need to change it yourself at home.")

    first, second = [block.text for block in blocks_of(page)]
    assert first.endswith("matter with it.")
    assert second.startswith("Battery. A battery lasts")
    assert second.endswith("at home.")


def test_a_spaced_out_title_is_still_words() -> None:
    def page(canvas: Canvas) -> None:
        text = canvas.beginText(60, 740)
        text.setFont("Helvetica", 12)
        text.setCharSpace(2.5)
        text.textLine("Our lamps and cables")
        canvas.drawText(text)

    assert [block.text for block in blocks_of(page)] == ["Our lamps and cables"]


def picture(canvas: Canvas) -> None:
    image = BytesIO(ONE_PIXEL)
    canvas.drawInlineImage(canvas_image(image), 0, 0, *A4)


def canvas_image(stream: BytesIO) -> Any:
    from PIL import Image  # noqa: PLC0415 - reportlab brings it; nothing else needs it

    return Image.open(stream)


ONE_PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108020000009077"
    "53de0000000c4944415408d763f8ffff3f0005fe02fea735818e0000000049454e44ae426082"
)


def test_a_scan_asks_for_text_recognition() -> None:
    with pytest.raises(ScannedDocumentError):
        read(make_pdf(picture))


def test_a_partly_scanned_file_is_read_and_the_scanned_pages_are_named() -> None:
    def page(canvas: Canvas) -> None:
        write(canvas, 60, 700, "The lamp may be returned within thirty days.")

    found = read(make_pdf(page, picture, picture, page))
    assert [warning.code for warning in found.warnings] == ["page_needs_ocr"]
    assert "2–3" in found.warnings[0].message
    assert {block.page for block in found.documents[0].blocks} == {1, 4}


def test_a_password_is_told_apart_from_damage() -> None:
    def page(canvas: Canvas) -> None:
        write(canvas, 60, 700, "Secret prices.")

    with pytest.raises(EncryptedDocumentError):
        read(make_pdf(page, encrypt=StandardEncryption("open sesame")))
    whole = make_pdf(page)
    assert read(whole).documents
    with pytest.raises(DamagedDocumentError):
        read(whole[:40] + bytes(400))


def test_an_empty_page_holds_no_text() -> None:
    with pytest.raises(EmptyDocumentError):
        read(make_pdf(lambda canvas: None))


def test_of_too_many_pages_the_first_are_read() -> None:
    def page(canvas: Canvas) -> None:
        write(canvas, 60, 700, f"This is what page {canvas.getPageNumber()} says about the lamp.")

    found = read(make_pdf(*[page] * 12), pages=5)
    assert [block.page for block in found.documents[0].blocks] == [1, 2, 3, 4, 5]
    assert [warning.code for warning in found.warnings] == ["pages_left_out"]
    assert "first 5 of 12 pages" in found.warnings[0].message


def contents_page(heading: str, *entries: str) -> Callable[[Canvas], None]:
    def page(canvas: Canvas) -> None:
        write(canvas, 60, 780, heading, size=18)
        for number, entry in enumerate(entries):
            write(canvas, 60, 740 - 16 * number, entry)

    return page


ENTRIES = ("1 Safety .............. 2", "1.1 Using the lamp .............. 2", "2 Warranty .............. 5")


def chapter(canvas: Canvas) -> None:
    write(canvas, 60, 780, "1 Safety", size=18)
    write(canvas, 60, 740, *LEFT)


def test_a_table_of_contents_answers_nothing_and_is_left_out() -> None:
    for heading in ("Contents", "Inhaltsverzeichnis"):
        found = blocks_of(contents_page(heading, *ENTRIES), chapter)
        assert [block.text for block in found if block.kind is BlockKind.HEADING] == ["1 Safety"]
        assert len(found) == 2


def test_a_price_list_with_dots_is_no_table_of_contents() -> None:
    drinks = ("Espresso .............. 3", "Cappuccino .............. 4", "Tea .............. 2")
    for heading in ("Drinks", "Contents"):
        found = blocks_of(contents_page(heading, *drinks))
        assert [block.text for block in found] == [heading, "Espresso: 3", "Cappuccino: 4", "Tea: 2"]


def test_a_document_that_is_nothing_but_its_contents_is_kept() -> None:
    assert len(blocks_of(contents_page("Contents", *ENTRIES))) == 4


def test_each_row_of_a_troubleshooting_table_says_what_its_cells_mean() -> None:
    manual = Path(__file__).parents[3] / "demo" / "documents" / "citable" / "wren-manual.pdf"
    texts = [block.text for block in read(manual.read_bytes()).documents[0].blocks]
    cold = "Problem: Coffee is cold; Cause: Cup or portafilter is cold; What to do: Warm both: brew once without coffee"
    assert cold in texts
    assert "Light: drop light glows; What it means: descaling is due; What to do: descale, section 5.3" in texts
    assert "Weight, empty: 8.4 kg" in texts
    assert "Number: OM-205; Part: Basket for a double, 17 g; Change it: when bent" in texts
    assert "Contents" not in texts


def test_the_labels_of_a_drawing_stay_with_its_caption_and_bare_numbers_go() -> None:
    def page(canvas: Canvas) -> None:
        write(canvas, 60, 780, *LEFT)
        for x, y, label in ((100, 660, "1"), (300, 630, "Switch"), (200, 590, "2"), (120, 560, "Battery")):
            write(canvas, x, y, label)
        write(canvas, 60, 500, "Figure 1: The lamp from below")
        write(canvas, 60, 460, *RIGHT)

    above, figure, below = blocks_of(page)
    assert above.text.endswith("but not scratches.")
    assert figure.text == "Switch\nBattery\nFigure 1: The lamp from below"
    assert below.text.startswith("Repairs are made")
