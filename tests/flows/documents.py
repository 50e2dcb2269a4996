"""Makes a file of each format that Tacit reads, as the programs that people use make them, from a few sentences."""

import csv
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from xml.sax.saxutils import escape

from docx import Document
from openpyxl import Workbook
from pptx import Presentation
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

Row = Sequence[object]
OFFICE = "urn:oasis:names:tc:opendocument:xmlns"


def pdf(pages: Sequence[Sequence[str]], *, title: str = "", password: str | None = None) -> bytes:
    """A PDF with these lines on each page; the first line of a page is its heading."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, encrypt=password)
    canvas.setTitle(title)
    for heading, *lines in pages:
        canvas.setFont("Helvetica-Bold", 20)
        canvas.drawString(72, 760, heading)
        canvas.setFont("Helvetica", 11)
        for place, line in enumerate(lines):
            canvas.drawString(72, 720 - 30 * place, line)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def docx(heading: str, paragraphs: Sequence[str], rows: Sequence[Row] = ()) -> bytes:
    """A Word document with a title, paragraphs and a table."""
    document = Document()
    document.add_heading(heading, level=0)
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    table = document.add_table(rows=0, cols=len(rows[0]) if rows else 1)
    for row in rows:
        for cell, value in zip(table.add_row().cells, row, strict=True):
            cell.text = str(value)
    return saved(document)


def pptx(slides: Sequence[tuple[str, str, str]]) -> bytes:
    """A presentation whose slides have a title, a text and notes."""
    presentation = Presentation()
    for title, text, notes in slides:
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text, slide.placeholders[1].text = title, text
        slide.notes_slide.notes_text_frame.text = notes
    return saved(presentation)


def xlsx(sheets: dict[str, Sequence[Row]]) -> bytes:
    """A workbook of these sheets."""
    workbook = Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    return saved(workbook)


def delimited(rows: Sequence[Row], delimiter: str = ",") -> bytes:
    """A table with a sign between its cells."""
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows(rows)
    return file.getvalue().encode()


def eml(subject: str, text: str) -> bytes:
    """An e-mail as it is saved from a mail program."""
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "Ines <ines@example.org>", "all@example.org"
    message["Date"] = "Tue, 03 Mar 2026 09:15:00 +0000"
    message.set_content(text)
    return message.as_bytes()


def rtf(heading: str, paragraphs: Sequence[str]) -> bytes:
    """A text with a large heading, as word processors write it."""
    body = "".join(rf"{{\pard {paragraph}\par}}" for paragraph in paragraphs)
    return rf"{{\rtf1\ansi{{\fonttbl{{\f0 Arial;}}}}{{\pard\outlinelevel0\b\fs40 {heading}\par}}{body}}}".encode()


def epub(title: str, chapters: dict[str, str]) -> bytes:
    """A book with these chapters."""
    names = [f"chapter{number}.xhtml" for number in range(1, len(chapters) + 1)]
    manifest = "".join(f'<item id="{name}" href="{name}" media-type="application/xhtml+xml"/>' for name in names)
    spine = "".join(f'<itemref idref="{name}"/>' for name in names)
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">'
        f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{escape(title)}</dc:title>'
        f"<dc:language>en</dc:language></metadata><manifest>{manifest}</manifest><spine>{spine}</spine></package>"
    )
    container = (
        '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile'
        ' full-path="OEBPS/package.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
    )
    texts = {
        f"OEBPS/{name}": f'<html xmlns="http://www.w3.org/1999/xhtml"><head><title>{escape(heading)}</title></head>'
        f"<body><h1>{escape(heading)}</h1><p>{escape(text)}</p></body></html>"
        for name, (heading, text) in zip(names, chapters.items(), strict=True)
    }
    return packed(
        {"mimetype": "application/epub+zip", "META-INF/container.xml": container, "OEBPS/package.opf": package} | texts
    )


def odt(heading: str, paragraphs: Sequence[str]) -> bytes:
    """A text document of LibreOffice."""
    body = "".join(f"<text:p>{escape(paragraph)}</text:p>" for paragraph in paragraphs)
    return open_document("text", f'<text:h text:outline-level="1">{escape(heading)}</text:h>{body}')


def ods(sheet: str, rows: Sequence[Row]) -> bytes:
    """A spreadsheet of LibreOffice."""
    cells = "".join(f"<table:table-row>{''.join(map(ods_cell, row))}</table:table-row>" for row in rows)
    return open_document("spreadsheet", f'<table:table table:name="{escape(sheet)}">{cells}</table:table>')


def ods_cell(value: object) -> str:
    kind = f'"float" office:value="{value}"' if isinstance(value, int | float) else '"string"'
    return f"<table:table-cell office:value-type={kind}><text:p>{escape(str(value))}</text:p></table:table-cell>"


def open_document(kind: str, body: str) -> bytes:
    mime_type = f"application/vnd.oasis.opendocument.{kind}"
    spaces = " ".join(f'xmlns:{name}="{OFFICE}:{name}:1.0"' for name in ("office", "text", "table"))
    content = (
        f'<?xml version="1.0"?><office:document-content {spaces} office:version="1.3"><office:body>'
        f"<office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    )
    manifest = (
        f'<manifest:manifest xmlns:manifest="{OFFICE}:manifest:1.0"><manifest:file-entry manifest:full-path="/"'
        f' manifest:media-type="{mime_type}"/></manifest:manifest>'
    )
    return packed({"mimetype": mime_type, "content.xml": content, "META-INF/manifest.xml": manifest})


def json_lines(rows: Sequence[dict[str, object]]) -> bytes:
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()


def packed(members: Mapping[str, bytes | str]) -> bytes:
    """A ZIP archive of these files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def saved(document: object) -> bytes:
    """What a document of one of the libraries above is as a file."""
    file = io.BytesIO()
    document.save(file)  # type: ignore[attr-defined]
    return file.getvalue()
