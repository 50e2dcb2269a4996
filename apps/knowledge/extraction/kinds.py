"""The kinds of file that Tacit tells apart."""

from enum import StrEnum


class FileKind(StrEnum):
    """A format that a reader exists for."""

    PDF = "pdf"
    DOCX = "docx"
    PPTX = "pptx"
    SPREADSHEET = "spreadsheet"
    OPEN_DOCUMENT = "open_document"
    EPUB = "epub"
    RTF = "rtf"
    EMAIL = "email"
    HTML = "html"
    MARKDOWN = "markdown"
    TEXT = "text"
    DELIMITED = "delimited"
    JSON_LINES = "json_lines"
    ZIP = "zip"
