"""What the owner of a citable file does not see in it is not published: each format's ways to hide something."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from docx import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from openpyxl import Workbook
from openpyxl.comments import Comment
from pptx import Presentation
from pptx.util import Inches
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from apps.knowledge.extraction import ExtractedFile, ExtractionLimits
from apps.knowledge.extraction.reading import extract_bytes
from apps.knowledge.tests.hiding_files import SECRET, SEEN, layered, xls, xlsb

LIMITS = ExtractionLimits()
HIDDEN_WORD = "Gwendolyn"


def read(data: bytes, name: str) -> ExtractedFile:
    return extract_bytes(data, file_name=name, limits=LIMITS)


def text_of(found: ExtractedFile) -> str:
    return "\n".join(
        [document.title + "\n" + "\n".join(block.text for block in document.blocks) for document in found.documents]
    )


def saved(document: object) -> bytes:
    file = io.BytesIO()
    document.save(file)  # type: ignore[attr-defined]
    return file.getvalue()


def keeps_to_itself(data: bytes, name: str) -> ExtractedFile:
    """Assert that the secret stands in the file, is not read, and that the rest is."""
    found = read(data, name)
    text = text_of(found)
    assert "warranty" in text
    assert HIDDEN_WORD not in text
    assert not any(HIDDEN_WORD in warning.message for warning in found.warnings)
    return found


def rewritten(data: bytes, part: str, change: Callable[[str], str]) -> bytes:
    """Return a zipped document with one part changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content.decode()) if name == part else content)
    return out.getvalue()


class TestWord:
    def document(self, *runs: tuple[str, Callable[[object], None] | None]) -> bytes:
        document = Document()
        document.add_paragraph(SEEN)
        for text, hide in runs:
            run = document.add_paragraph("More follows. ").add_run(text)
            if hide:
                hide(run)
        return saved(document)

    def test_hidden_letters(self) -> None:
        def vanish(run: object) -> None:
            run.font.hidden = True  # type: ignore[attr-defined]

        keeps_to_itself(self.document((SECRET, vanish)), "a.docx")
        assert HIDDEN_WORD in text_of(read(self.document((SECRET, None)), "a.docx"))

    def test_letters_hidden_by_their_style(self) -> None:
        document = Document()
        document.add_paragraph(SEEN)
        style = document.styles.add_style("Internal", 2)
        style.font.hidden = True
        document.add_paragraph("More follows. ").add_run(SECRET, style="Internal")
        paragraphs = document.styles.add_style("Internal paragraph", 1)
        paragraphs.font.hidden = True
        document.add_paragraph(SECRET, style="Internal paragraph")
        keeps_to_itself(saved(document), "a.docx")

    def test_comments(self) -> None:
        document = Document()
        paragraph = document.add_paragraph(SEEN)
        document.add_comment(paragraph.runs, text=SECRET, author=HIDDEN_WORD)
        keeps_to_itself(saved(document), "a.docx")

    def test_what_was_deleted_while_changes_were_tracked(self) -> None:
        document = Document()
        paragraph = document.add_paragraph(SEEN)
        deleted = OxmlElement("w:del")
        run = OxmlElement("w:r")
        gone = OxmlElement("w:delText")
        gone.text = SECRET
        run.append(gone)
        deleted.append(run)
        paragraph._p.append(deleted)
        moved = OxmlElement("w:moveFrom")
        moved.append(document.add_paragraph(SECRET).runs[0]._r)
        paragraph._p.append(moved)
        keeps_to_itself(saved(document), "a.docx")

    def test_descriptions_of_pictures_and_properties(self, tmp_path: Path) -> None:
        document = Document()
        document.add_paragraph(SEEN)
        shape = document.add_picture(picture(tmp_path))
        shape._inline.docPr.set("descr", SECRET)
        shape._inline.docPr.set("title", SECRET)
        core = document.core_properties
        core.title = core.subject = core.comments = core.keywords = core.author = SECRET
        keeps_to_itself(saved(document), "a.docx")

    def test_a_declared_title_that_the_text_bears_out_is_its_title(self) -> None:
        document = Document()
        document.core_properties.title = "Warranty and Repair"
        document.add_paragraph("Warranty and Repair")
        document.add_paragraph(SEEN)
        assert read(saved(document), "a.docx").documents[0].title == "Warranty and Repair"

    def test_headers_that_only_the_printer_sees_and_hidden_footnotes(self) -> None:
        document = Document()
        document.add_paragraph(SEEN)
        document.settings.element.append(OxmlElement("w:trackRevisions"))
        tag = OxmlElement("w:customXml")
        tag.set(qn("w:element"), SECRET)
        document.element.body.append(tag)
        keeps_to_itself(saved(document), "a.docx")


def picture(folder: Path) -> str:
    file = folder / "dot.png"
    file.write_bytes(
        bytes.fromhex(
            "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
            "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
        )
    )
    return str(file)


class TestSlides:
    def slide(self) -> tuple[object, object]:
        presentation = Presentation()
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text, slide.placeholders[1].text = "Warranty", SEEN
        return presentation, slide

    def test_speaker_notes(self) -> None:
        presentation, slide = self.slide()
        slide.notes_slide.notes_text_frame.text = SECRET  # type: ignore[attr-defined]
        found = keeps_to_itself(saved(presentation), "a.pptx")
        assert [warning.code for warning in found.warnings] == ["notes_left_out"]

    def test_hidden_shapes_and_slides(self) -> None:
        presentation, slide = self.slide()
        box = slide.shapes.add_textbox(Inches(1), Inches(1), Inches(4), Inches(1))  # type: ignore[attr-defined]
        box.text_frame.text = SECRET
        box._element.nvSpPr.cNvPr.set("hidden", "1")
        hidden = presentation.slides.add_slide(presentation.slide_layouts[1])  # type: ignore[attr-defined]
        hidden.shapes.title.text = SECRET
        hidden._element.set("show", "0")
        keeps_to_itself(saved(presentation), "a.pptx")

    def test_what_lies_beside_the_slide(self) -> None:
        presentation, slide = self.slide()
        box = slide.shapes.add_textbox(Inches(-9), Inches(1), Inches(4), Inches(1))  # type: ignore[attr-defined]
        box.text_frame.text = SECRET
        keeps_to_itself(saved(presentation), "a.pptx")

    def test_descriptions_and_properties(self, tmp_path: Path) -> None:
        presentation, slide = self.slide()
        image = slide.shapes.add_picture(picture(tmp_path), 0, 0)  # type: ignore[attr-defined]
        image._element.nvPicPr.cNvPr.set("descr", SECRET)
        core = presentation.core_properties  # type: ignore[attr-defined]
        core.title = core.subject = core.comments = SECRET
        keeps_to_itself(saved(presentation), "a.pptx")


class TestSheets:
    def workbook(self) -> Workbook:
        workbook = Workbook()
        for row in (("Part", "Text", "Price"), ("Pump", SEEN, 61), ("Grinder", "costs more", 84)):
            workbook.active.append(row)
        return workbook

    def test_comments_and_properties(self) -> None:
        workbook = self.workbook()
        workbook.active["A2"].comment = Comment(SECRET, HIDDEN_WORD)
        workbook.properties.title = workbook.properties.subject = workbook.properties.description = SECRET
        keeps_to_itself(saved(workbook), "a.xlsx")

    @pytest.mark.parametrize("state", ["hidden", "veryHidden"])
    def test_hidden_sheets(self, state: str) -> None:
        workbook = self.workbook()
        sheet = workbook.create_sheet(f"{HIDDEN_WORD}'s")
        sheet.append([SECRET])
        sheet.sheet_state = state
        found = read(saved(workbook), "a.xlsx")
        assert SECRET not in text_of(found)

    def test_hidden_rows_and_columns(self) -> None:
        workbook = self.workbook()
        workbook.active.append(("Floor", SECRET, 17))
        workbook.active.row_dimensions[4].hidden = True
        workbook.active["D1"], workbook.active["D2"] = "Internal", SECRET
        workbook.active.column_dimensions["D"].hidden = True
        found = keeps_to_itself(saved(workbook), "a.xlsx")
        assert [warning.code for warning in found.warnings] == ["hidden_cells"]

    def test_cells_whose_format_shows_nothing(self) -> None:
        workbook = self.workbook()
        workbook.active["B3"] = SECRET
        workbook.active["B3"].number_format = ";;;"
        keeps_to_itself(saved(workbook), "a.xlsx")


class TestOldSheets:
    @pytest.mark.parametrize(("make", "name"), [(xls, "a.xls"), (xlsb, "a.xlsb")])
    def test_hidden_rows_and_columns(self, make: Callable[..., bytes], name: str) -> None:
        assert text_of(read(make(hidden=False), name)).count(HIDDEN_WORD) == 2
        found = keeps_to_itself(make(hidden=True), name)
        (warning,) = found.warnings
        assert warning.message.startswith("Hidden on the sheet “Prices” and left out: 1 row and 1 column")


class TestPages:
    def test_comments_scripts_metadata_and_what_styles_hide(self) -> None:
        page = f"""<!doctype html><html><head><title>Warranty</title><meta name="description" content="{SECRET}">
        <meta property="og:title" content="{SECRET}"><meta name="keywords" content="{SECRET}">
        <style>.x::after{{content:"{SECRET}"}}</style><script>var x="{SECRET}"</script>
        <script type="application/ld+json">{{"name":"{SECRET}"}}</script></head>
        <body data-note="{SECRET}"><!-- {SECRET} --><h1>Warranty</h1><p>{SEEN}</p><template><p>{SECRET}</p></template>
        <noscript><p>{SECRET}</p></noscript>
        <img src="a.png" alt="{SECRET}" title="{SECRET}"><p hidden>{SECRET}</p><p style="display:none">{SECRET}</p>
        <p aria-hidden="true">{SECRET}</p><input type="hidden" value="{SECRET}"><dialog>{SECRET}</dialog>
        <svg><title>{SECRET}</title><desc>{SECRET}</desc></svg></body></html>"""
        keeps_to_itself(page.encode(), "a.html")

    def test_what_an_e_mail_hides(self) -> None:
        mail = (
            f"Subject: The warranty\nFrom: a@example.org\nX-Note: {SECRET}\nBcc: {HIDDEN_WORD}@example.org\n"
            "MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n"
            f'<div style="display:none">{SECRET}</div><!-- {SECRET} --><p>{SEEN}</p>'
            f'<p style="mso-hide:all">{SECRET}</p>'
        )
        keeps_to_itself(mail.encode(), "a.eml")

    def test_what_markdown_hides(self) -> None:
        keeps_to_itself(f"# Warranty\n\n{SEEN}\n\n<!-- {SECRET} -->\n\n[//]: # ({SECRET})\n".encode(), "a.md")

    def test_descriptions_of_pictures_in_markdown(self) -> None:
        keeps_to_itself(f'# Warranty\n\n{SEEN}\n\n![{SECRET}](a.png "{SECRET}")\n'.encode(), "a.md")

    def test_hidden_files_of_an_archive(self) -> None:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("warranty.md", SEEN)
            archive.writestr(".notes.md", SECRET)
            archive.writestr(".internal/notes.md", SECRET)
            archive.writestr("__MACOSX/notes.md", SECRET)
        keeps_to_itself(file.getvalue(), "a.zip")

    def test_front_matter_of_markdown(self) -> None:
        keeps_to_itself(f"---\nnote: {SECRET}\n---\n# Warranty\n\n{SEEN}\n".encode(), "a.md")

    def test_what_a_rich_text_hides(self) -> None:
        text = (
            r"{\rtf1\ansi{\info{\title " + SECRET + r"}{\doccomm " + SECRET + r"}}\pard " + SEEN + r"\par {\v " + SECRET
            + r"}{\*\annotation " + SECRET + r"}{\deleted " + SECRET
            + r"}\pard More.\par{\v outer {\b " + SECRET + "}}}"
        )  # fmt: skip
        keeps_to_itself(text.encode(), "a.rtf")


class TestPdf:
    def canvas(self) -> tuple[io.BytesIO, Canvas]:
        file = io.BytesIO()
        canvas = Canvas(file, pagesize=A4)
        canvas.setFont("Helvetica", 12)
        canvas.drawString(72, 700, SEEN)
        return file, canvas

    def test_annotations_and_properties(self) -> None:
        file, canvas = self.canvas()
        canvas.setTitle(SECRET)
        canvas.setSubject(SECRET)
        canvas.setKeywords(SECRET)
        canvas.setAuthor(SECRET)
        canvas.textAnnotation(SECRET, Rect=[100, 100, 200, 200])
        canvas.bookmarkPage("one")
        canvas.addOutlineEntry(SECRET, "one")
        canvas.save()
        keeps_to_itself(file.getvalue(), "a.pdf")

    def test_layers_that_are_off(self) -> None:
        assert HIDDEN_WORD in text_of(read(layered(off=False), "a.pdf"))
        keeps_to_itself(layered(off=True), "a.pdf")

    def test_annotations_of_a_form(self) -> None:
        file, canvas = self.canvas()
        canvas.acroForm.textfield(name="n", value="Kim", x=72, y=600)
        canvas.textAnnotation(SECRET, Rect=[100, 100, 200, 200])
        canvas.save()
        keeps_to_itself(file.getvalue(), "a.pdf")


class TestOpenDocument:
    NAMES = (
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
        'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
        'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" '
        'xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" '
        'xmlns:presentation="urn:oasis:names:tc:opendocument:xmlns:presentation:1.0" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"'
    )

    def packed(self, body: str, kind: str = "text", styles: str = "") -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
            archive.writestr(
                "content.xml",
                f"<office:document-content {self.NAMES}><office:automatic-styles>{styles}</office:automatic-styles>"
                f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>",
            )
            archive.writestr(
                "meta.xml",
                f"<office:document-meta {self.NAMES}><office:meta><dc:title>{SECRET}</dc:title>"
                f"<dc:description>{SECRET}</dc:description></office:meta></office:document-meta>",
            )
        return file.getvalue()

    def test_comments_changes_hidden_text_and_properties(self) -> None:
        hidden = (
            '<style:style style:name="H" style:family="text"><style:text-properties text:display="none"/></style:style>'
        )
        body = (
            f"<text:tracked-changes><text:p>{SECRET}</text:p></text:tracked-changes><text:p>{SEEN}"
            f"<office:annotation><dc:creator>{HIDDEN_WORD}</dc:creator><text:p>{SECRET}</text:p></office:annotation>"
            f'<text:hidden-text text:is-hidden="true" text:string-value="{SECRET}">{SECRET}</text:hidden-text></text:p>'
            f'<text:p><text:hidden-paragraph text:is-hidden="true"/>{SECRET}</text:p>'
            f'<text:section text:display="none"><text:p>{SECRET}</text:p></text:section>'
            f'<text:p>More. <text:span text:style-name="H">{SECRET}</text:span></text:p>'
            f"<text:p><draw:frame><svg:title>{SECRET}</svg:title><svg:desc>{SECRET}</svg:desc></draw:frame></text:p>"
        )
        keeps_to_itself(self.packed(body, styles=hidden), "a.odt")

    def test_speaker_notes(self) -> None:
        body = (
            f"<draw:page><draw:frame><draw:text-box><text:p>{SEEN}</text:p></draw:text-box></draw:frame>"
            f"<presentation:notes><draw:frame><draw:text-box><text:p>{SECRET}</text:p></draw:text-box></draw:frame>"
            "</presentation:notes></draw:page>"
        )
        found = keeps_to_itself(self.packed(body, "presentation"), "a.odp")
        assert [warning.code for warning in found.warnings] == ["notes_left_out"]
