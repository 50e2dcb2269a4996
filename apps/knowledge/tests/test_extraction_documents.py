"""Alice uploads documents from many programs: structure comes through, what nobody is meant to read does not."""

import zipfile
from email.message import EmailMessage
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from io import BytesIO
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches, Pt

from apps.core.chunking.blocks import BlockKind
from apps.core.error_handling import EncryptedDocumentError
from apps.knowledge.extraction import ExtractedDocument, ExtractedFile, ExtractionLimits
from apps.knowledge.extraction.reading import extract_bytes

Outline = list[tuple[str, int, str]]


def read(data: bytes, name: str) -> ExtractedFile:
    return extract_bytes(data, file_name=name, limits=ExtractionLimits())


def outline(document: ExtractedDocument) -> Outline:
    return [(block.kind.value, block.level, block.text) for block in document.blocks]


def saved(document: Any) -> bytes:
    buffer = BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def packed(members: dict[str, str]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def word_xml(inner: str) -> Any:
    return parse_xml(f"<w:p {nsdecls('w')}>{inner}</w:p>")


class TestDocx:
    def test_headings_lists_and_tables_stay_what_they_are(self) -> None:
        document = docx.Document()
        document.add_heading("Returns", level=1)
        document.add_paragraph("You may return a lamp.")
        document.add_paragraph("with receipt", style="List Bullet")
        document.add_paragraph("or a copy", style="List Bullet")
        table = document.add_table(rows=2, cols=2)
        for cell, text in zip(table._cells, ("Model", "Days", "Lumen 3", "14"), strict=True):
            cell.text = text
        (found,) = read(saved(document), "returns.docx").documents
        assert found.title == "Returns"
        assert outline(found) == [
            ("heading", 1, "Returns"),
            ("paragraph", 0, "You may return a lamp."),
            ("list_item", 0, "with receipt"),
            ("list_item", 0, "or a copy"),
            ("table_row", 0, "Model: Lumen 3; Days: 14"),
        ]

    def test_numbers_are_those_that_word_shows_also_after_an_interruption(self) -> None:
        document = docx.Document()
        document.add_paragraph("Unplug", style="List Number")
        document.add_paragraph("Mind the cable.")
        document.add_paragraph("Wipe", style="List Number")
        (found,) = read(saved(document), "steps.docx").documents
        assert [text for _, _, text in outline(found)] == ["1. Unplug", "Mind the cable.", "2. Wipe"]

    def test_what_nobody_is_meant_to_read_is_not_published(self) -> None:
        document = docx.Document()
        paragraph = document.add_paragraph("The price is 49 EUR.")
        document.add_comment(paragraph.runs, text="we could go down to 39", author="Bob", initials="B")
        body = document.element.body
        run = "<w:r><w:t xml:space='preserve'>{}</w:t></w:r>"
        deleted = "<w:del w:id='1' w:author='B'><w:r><w:delText>margin 62 %</w:delText></w:r></w:del>"
        body.insert(1, word_xml(run.format("Shipping is ") + deleted + run.format("free.")))
        body.insert(2, word_xml("<w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden margin note</w:t></w:r>"))
        struck = document.add_paragraph("Now 49 EUR")
        struck.add_run(", formerly 99 EUR").font.strike = True
        document.add_paragraph().add_run().add_picture(BytesIO(PICTURE))
        document.inline_shapes[0]._inline.docPr.set("descr", "a picture of the vault")
        (found,) = read(saved(document), "prices.docx").documents
        assert outline(found) == [
            ("paragraph", 0, "The price is 49 EUR."),
            ("paragraph", 0, "Shipping is free."),
            ("paragraph", 0, "Now 49 EUR"),
        ]

    def test_a_short_bold_line_is_a_heading_and_a_bold_sentence_is_not(self) -> None:
        document = docx.Document()
        document.add_paragraph().add_run("How long is the warranty?").bold = True
        document.add_paragraph("Two years.")
        document.add_paragraph().add_run("Never open the lamp.").bold = True
        document.add_paragraph("It is sealed.")
        (found,) = read(saved(document), "faq.docx").documents
        assert [kind for kind, _, _ in outline(found)] == ["heading", "paragraph", "paragraph", "paragraph"]


PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108020000009077"
    "53de0000000c4944415408d763f8ffff3f0005fe02fea735818e0000000049454e44ae426082"
)


class TestPptx:
    def test_slides_are_pages_with_titles_bullets_and_tables(self) -> None:
        deck = Presentation()
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = "Why Lumen"
        body = slide.placeholders[1].text_frame
        body.text = "Light"
        body.add_paragraph().text = "Long life"
        body.paragraphs[1].level = 1
        slide.notes_slide.notes_text_frame.text = "Tell the story of the founder."
        second = deck.slides.add_slide(deck.slide_layouts[5])
        second.shapes.title.text = "Prices"
        table = second.shapes.add_table(2, 2, Inches(1), Inches(2), Inches(4), Inches(1)).table
        for place, text in enumerate(("Model", "Price", "Lumen 3", "49")):
            table.cell(place // 2, place % 2).text = text
        (found,) = read(saved(deck), "deck.pptx").documents
        assert [(block.page, block.kind.value, block.level, block.text) for block in found.blocks] == [
            (1, "heading", 1, "Why Lumen"),
            (1, "list_item", 0, "Light"),
            (1, "list_item", 1, "Long life"),
            (2, "heading", 1, "Prices"),
            (2, "table_row", 0, "Model: Lumen 3; Price: 49"),
        ]

    def test_the_owner_is_told_that_what_the_speaker_sees_was_left_out(self) -> None:
        deck = Presentation()
        for notes in ("Say hello.", "", "Our margin is 62 %."):
            slide = deck.slides.add_slide(deck.slide_layouts[5])
            slide.shapes.title.text = "For all"
            slide.notes_slide.notes_text_frame.text = notes
        (warning,) = read(saved(deck), "deck.pptx").warnings
        assert warning.code == "notes_left_out"
        assert "of 2 slides were left out" in warning.message

    def test_a_hidden_slide_is_left_out_and_the_owner_is_told(self) -> None:
        deck = Presentation()
        for text in ("For all", "Internal margins"):
            deck.slides.add_slide(deck.slide_layouts[5]).shapes.title.text = text
        assert "Internal margins" in str(outline(read(saved(deck), "deck.pptx").documents[0]))
        deck.slides[1]._element.set("show", "0")
        found = read(saved(deck), "deck.pptx")
        assert "Internal margins" not in str(outline(found.documents[0]))
        assert [warning.code for warning in found.warnings] == ["hidden_slide"]

    def test_cards_are_read_one_after_the_other_and_large_type_is_the_title(self) -> None:
        deck = Presentation()
        slide = deck.slides.add_slide(deck.slide_layouts[6])
        for column, name in enumerate(("Fast", "Cheap", "Green")):
            for row, text in enumerate((name, f"Why it is {name.lower()}.")):
                box = slide.shapes.add_textbox(Inches(0.5 + 3 * column), Inches(2 + row * 0.6), Inches(2), Inches(0.5))
                box.text_frame.text = text
                box.text_frame.paragraphs[0].runs[0].font.size = Pt(14)
        title = slide.shapes.add_textbox(Inches(1), Inches(0.4), Inches(8), Inches(1))
        title.text_frame.text = "Three reasons"
        title.text_frame.paragraphs[0].runs[0].font.size = Pt(40)
        (found,) = read(saved(deck), "deck.pptx").documents
        assert [text for _, _, text in outline(found)] == [
            "Three reasons",
            "Fast",
            "Why it is fast.",
            "Cheap",
            "Why it is cheap.",
            "Green",
            "Why it is green.",
        ]

    def test_a_chart_is_read_as_the_table_that_it_draws(self) -> None:
        deck = Presentation()
        data = CategoryChartData()
        data.categories = ["2022", "2023"]
        data.add_series("Lamps sold", (1_250_000, 1_400_000.5))
        slide = deck.slides.add_slide(deck.slide_layouts[6])
        slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, Inches(4), Inches(3), data)
        (found,) = read(saved(deck), "deck.pptx").documents
        assert [text for kind, _, text in outline(found) if kind == "table_row"] == [
            "2022; Lamps sold: 1250000",
            "2023; Lamps sold: 1400000.5",
        ]

    def test_shapes_in_groups_are_read(self) -> None:
        deck = Presentation()
        slide = deck.slides.add_slide(deck.slide_layouts[6])
        group = slide.shapes.add_group_shape().shapes.add_group_shape()
        group.shapes.add_textbox(0, 0, Inches(1), Inches(1)).text_frame.text = "Deep inside"
        assert outline(read(saved(deck), "deck.pptx").documents[0]) == [("paragraph", 0, "Deep inside")]


OFFICE = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" '
    'xmlns:presentation="urn:oasis:names:tc:opendocument:xmlns:presentation:1.0"'
)


class TestOpenDocument:
    def test_headings_lists_tables_and_footnotes_without_comments_and_deletions(self) -> None:
        body = """<text:tracked-changes><text:changed-region><text:deletion><text:p>margin 62 %</text:p></text:deletion>
        </text:changed-region></text:tracked-changes>
        <text:h text:outline-level="2">Returns</text:h>
        <text:p>Within<text:s text:c="2"/>14 days<text:note><text:note-citation>1</text:note-citation><text:note-body>
        <text:p>of receipt</text:p></text:note-body></text:note>.<office:annotation><text:p>too long?</text:p>
        </office:annotation></text:p>
        <text:list><text:list-item><text:p>receipt</text:p><text:list><text:list-item><text:p>copy</text:p>
        </text:list-item></text:list></text:list-item></text:list>
        <table:table><table:table-row><table:table-cell><text:p>Model</text:p></table:table-cell><table:table-cell>
        <text:p>Days</text:p></table:table-cell></table:table-row><table:table-row><table:table-cell>
        <text:p>Lumen</text:p></table:table-cell><table:table-cell><text:p>14</text:p></table:table-cell>
        </table:table-row></table:table>"""
        (found,) = read(self.odf("text", f"<office:text>{body}</office:text>"), "r.odt").documents
        assert outline(found) == [
            ("heading", 2, "Returns"),
            ("paragraph", 0, "Within 14 days [of receipt]."),
            ("list_item", 0, "receipt"),
            ("list_item", 1, "copy"),
            ("table_row", 0, "Model: Lumen; Days: 14"),
        ]

    def test_slides_of_a_presentation_are_pages(self) -> None:
        body = """<office:presentation><draw:page><draw:frame presentation:class="title"><draw:text-box>
        <text:p>Why Lumen</text:p></draw:text-box></draw:frame></draw:page><draw:page><draw:frame><draw:text-box>
        <text:p>Because.</text:p></draw:text-box></draw:frame></draw:page></office:presentation>"""
        (found,) = read(self.odf("presentation", body), "deck.odp").documents
        assert [(block.page, block.kind, block.text) for block in found.blocks] == [
            (1, BlockKind.HEADING, "Why Lumen"),
            (2, BlockKind.PARAGRAPH, "Because."),
        ]

    def test_the_owner_is_told_that_notes_of_a_presentation_were_left_out(self) -> None:
        body = """<office:presentation><draw:page><draw:frame><draw:text-box><text:p>For all</text:p></draw:text-box>
        </draw:frame><presentation:notes><draw:frame><draw:text-box><text:p>For me</text:p></draw:text-box></draw:frame>
        </presentation:notes></draw:page></office:presentation>"""
        found = read(self.odf("presentation", body), "deck.odp")
        assert [block.text for block in found.documents[0].blocks] == ["For all"]
        assert [warning.code for warning in found.warnings] == ["notes_left_out"]

    def test_a_password_is_recognised(self) -> None:
        manifest = "<manifest><file-entry><encryption-data/></file-entry></manifest>"
        with pytest.raises(EncryptedDocumentError):
            read(self.odf("text", "", more={"META-INF/manifest.xml": manifest}), "r.odt")

    @staticmethod
    def odf(kind: str, body: str, more: dict[str, str] | None = None) -> bytes:
        content = f"<office:document-content {OFFICE}><office:body>{body}</office:body></office:document-content>"
        mime = f"application/vnd.oasis.opendocument.{kind}"
        return packed({"mimetype": mime, "content.xml": content, **(more or {})})


class TestEpub:
    CONTAINER = '<container><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
    PACKAGE = """<package xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata><dc:title>The Lamp</dc:title>
    <dc:language>en-GB</dc:language></metadata><manifest><item id="n" href="nav.xhtml" properties="nav"/>
    <item id="b" href="two.xhtml"/><item id="a" href="a%20one.xhtml"/><item id="c" href="gone.xhtml"/></manifest>
    <spine><itemref idref="n"/><itemref idref="a"/><itemref idref="b"/><itemref idref="c"/></spine></package>"""

    def book(self, more: dict[str, str] | None = None) -> bytes:
        return packed(
            {
                "mimetype": "application/epub+zip",
                "META-INF/container.xml": self.CONTAINER,
                "OEBPS/book.opf": self.PACKAGE,
                "OEBPS/nav.xhtml": "<html><body><p>Table of contents</p></body></html>",
                "OEBPS/two.xhtml": "<html><body><h2>Two</h2><p>And dark.</p></body></html>",
                "OEBPS/a one.xhtml": "<html><body><h2>One</h2><p>It was light.</p></body></html>",
                **(more or {}),
            }
        )

    def test_chapters_come_in_the_order_in_which_they_are_read(self) -> None:
        found = read(self.book(), "book.epub")
        assert (found.documents[0].title, found.documents[0].language) == ("The Lamp", "en")
        assert [text for _, _, text in outline(found.documents[0])] == ["One", "It was light.", "Two", "And dark."]
        assert [warning.code for warning in found.warnings] == ["chapter_missing"]

    def test_copy_protection_is_recognised_and_scrambled_fonts_are_none(self) -> None:
        entry = '<encryption><EncryptedData><EncryptionMethod Algorithm="{}"/></EncryptedData></encryption>'
        fonts = entry.format("http://www.idpf.org/2008/embedding")
        assert read(self.book({"META-INF/encryption.xml": fonts}), "book.epub").documents
        text = entry.format("http://www.w3.org/2001/04/xmlenc#aes128-cbc")
        with pytest.raises(EncryptedDocumentError):
            read(self.book({"META-INF/encryption.xml": text}), "book.epub")


class TestRtf:
    def test_headings_paragraphs_lists_and_tables(self) -> None:
        rtf = (
            r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\stylesheet{\s0 Normal;}{\s1\b heading 1;}}"
            r"\pard\s1 Returns\par\pard\s0 Within 14 days, f\'fcr alle.\par {\v hidden margin}"
            r"\trowd\intbl Model\cell Days\cell\row\trowd\intbl Lumen 3\cell 14\cell\row"
            r"\pard After the table.\par}"
        )
        (found,) = read(rtf.encode("latin-1"), "returns.rtf").documents
        assert outline(found) == [
            ("heading", 1, "Returns"),
            ("paragraph", 0, "Within 14 days, für alle."),
            ("table_row", 0, "Model: Lumen 3; Days: 14"),
            ("paragraph", 0, "After the table."),
        ]
        assert found.title == "Returns"


class TestMail:
    def test_the_html_of_a_message_is_preferred_and_its_attachments_are_documents(self) -> None:
        message = EmailMessage()
        message["Subject"] = "Rücksendung – Lampe"
        message["From"] = "Ann <ann@example.org>"
        message["Date"] = "Mon, 05 Feb 2024 10:20:00 +0100"
        message.set_content("Plain text")
        message.add_alternative("<p>Please <b>return</b> it.</p>", subtype="html")
        message.add_attachment(b"Model,Price\nLumen 3,49\n", maintype="text", subtype="csv", filename="prices.csv")
        message.add_attachment(PICTURE, maintype="image", subtype="png", filename="lamp.png")
        found = read(bytes(message), "mail.eml")
        mail, prices = found.documents
        assert outline(mail) == [
            ("heading", 1, "Rücksendung – Lampe"),
            ("paragraph", 0, "From: Ann <ann@example.org>\nDate: 2024-02-05 10:20"),
            ("paragraph", 0, "Please return it."),
        ]
        assert outline(prices) == [("table_row", 0, "Model: Lumen 3; Price: 49")]
        assert [(warning.code, "lamp.png" in warning.message) for warning in found.warnings] == [
            ("attachment_left_out", True)
        ]

    def test_the_hidden_preview_of_a_newsletter_is_left_out(self) -> None:
        message = EmailMessage()
        message["From"], message["Subject"], message["MIME-Version"] = "a@example.org", "News", "1.0"
        hidden = "".join(
            f'<div style="{style}">For members only</div>'
            for style in ("display:none", "DISPLAY: none !important; color:#fff", "visibility:hidden", "mso-hide:all")
        )
        message.set_content(f"{hidden}<div style='display:block'>Hello</div>", subtype="html")
        (mail,) = read(bytes(message), "mail.eml").documents
        assert [block.text for block in mail.blocks[2:]] == ["Hello"]

    def test_a_picture_in_the_text_is_not_worth_a_warning(self) -> None:
        message = EmailMessage()
        message["From"], message["Subject"], message["MIME-Version"] = "a@example.org", "Logo", "1.0"
        message.set_content("<p>Hello</p><img src='cid:logo'>", subtype="html")
        message.add_related(PICTURE, maintype="image", subtype="png", cid="<logo>", filename="logo.png")
        assert read(bytes(message), "mail.eml").warnings == ()

    def test_headers_that_break_every_rule_are_read_all_the_same(self) -> None:
        raw = (
            b"From: =?utf-8?q?broken\r\nSubject: R\xfccksendung\r\nDate: yesterday\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: text/plain; charset=no-such-charset\r\n\r\nGr\xfc\xdfe aus K\xf6ln\r\n"
        )
        (found,) = read(raw, "mail.eml").documents
        assert found.title == "Rücksendung"
        assert found.blocks[-1].text == "Grüße aus Köln"

    def test_a_forwarded_message_is_a_document_of_its_own(self) -> None:
        inner = EmailMessage()
        inner["Subject"], inner["From"] = "Inner", "b@example.org"
        inner.set_content("Inside")
        outer = EmailMessage()
        outer["Subject"], outer["From"], outer["MIME-Version"] = "Outer", "a@example.org", "1.0"
        outer.set_content("Outside")
        outer.add_attachment(inner)
        assert [document.title for document in read(bytes(outer), "mail.eml").documents] == ["Outer", "Inner"]

    def test_an_encrypted_message_is_recognised(self) -> None:
        message = MIMEMultipart("encrypted", protocol="application/pgp-encrypted")
        message["From"], message["Subject"] = "a@example.org", "Secret"
        message.attach(MIMEApplication(b"Version: 1", "pgp-encrypted"))
        message.attach(MIMEApplication(b"-----BEGIN PGP MESSAGE-----"))
        with pytest.raises(EncryptedDocumentError):
            read(bytes(message), "mail.eml")
