"""The readers: one file for each kind of document, one line here for each."""

from apps.knowledge.extraction.kinds import FileKind
from apps.knowledge.extraction.readers import (
    delimited,
    docx,
    epub,
    json_lines,
    mail,
    markdown,
    open_document,
    pdf,
    pptx,
    rich_text,
    spreadsheet,
    text,
    web_page,
    zip_archive,
)
from apps.knowledge.extraction.source import Reader

READERS: dict[FileKind, Reader] = {
    FileKind.PDF: pdf.read,
    FileKind.DOCX: docx.read,
    FileKind.PPTX: pptx.read,
    FileKind.SPREADSHEET: spreadsheet.read,
    FileKind.OPEN_DOCUMENT: open_document.read,
    FileKind.EPUB: epub.read,
    FileKind.RTF: rich_text.read,
    FileKind.EMAIL: mail.read,
    FileKind.HTML: web_page.read,
    FileKind.MARKDOWN: markdown.read,
    FileKind.TEXT: text.read,
    FileKind.DELIMITED: delimited.read,
    FileKind.JSON_LINES: json_lines.read,
    FileKind.ZIP: zip_archive.read,
}
