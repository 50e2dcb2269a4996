"""Finds out what kind of file it is by its content; the name only breaks ties among kinds of text."""

import zipfile
from io import BytesIO

from apps.core.error_handling import (
    DamagedDocumentError,
    DocumentError,
    EmptyDocumentError,
    EncryptedDocumentError,
    ScannedDocumentError,
    UnknownFormatError,
)
from apps.knowledge.extraction import ole
from apps.knowledge.extraction.charsets import is_wide
from apps.knowledge.extraction.kinds import FileKind
from apps.knowledge.extraction.source import SourceFile
from apps.knowledge.extraction.text_kinds import looks_binary, text_kind

_PICTURE = "The file is a picture. Run text recognition (OCR) over it and upload the result as PDF or text."
_SOUND = "The file is sound or video, which Tacit can't read. Upload a transcript of it as text, DOCX or PDF."
_PACKED = "Tacit unpacks ZIP archives only. Unpack the file and upload what is in it, or pack it as ZIP."
_PROGRAM = "The file is a program, not a document. Upload documents only."
_MAGIC: tuple[tuple[int, bytes, type[DocumentError], str], ...] = (
    (0, b"\x89PNG", ScannedDocumentError, _PICTURE),
    (0, b"\xff\xd8\xff", ScannedDocumentError, _PICTURE),
    (0, b"GIF8", ScannedDocumentError, _PICTURE),
    (0, b"II*\0", ScannedDocumentError, _PICTURE),
    (0, b"MM\0*", ScannedDocumentError, _PICTURE),
    (0, b"BM", ScannedDocumentError, _PICTURE),
    (8, b"WEBP", ScannedDocumentError, _PICTURE),
    (4, b"ftyphei", ScannedDocumentError, _PICTURE),
    (4, b"ftypmif1", ScannedDocumentError, _PICTURE),
    (4, b"ftypavif", ScannedDocumentError, _PICTURE),
    (0, b"\0\0\0\x0cjP  ", ScannedDocumentError, _PICTURE),
    (0, b"\xd7\xcd\xc6\x9a", ScannedDocumentError, _PICTURE),
    (4, b"ftyp", UnknownFormatError, _SOUND),
    (0, b"ID3", UnknownFormatError, _SOUND),
    (0, b"OggS", UnknownFormatError, _SOUND),
    (8, b"WAVE", UnknownFormatError, _SOUND),
    (8, b"AVI ", UnknownFormatError, _SOUND),
    (0, b"\x1a\x45\xdf\xa3", UnknownFormatError, _SOUND),
    (0, b"Rar!", UnknownFormatError, _PACKED),
    (0, b"7z\xbc\xaf", UnknownFormatError, _PACKED),
    (0, b"\x1f\x8b", UnknownFormatError, _PACKED),
    (0, b"BZh", UnknownFormatError, _PACKED),
    (0, b"\xfd7zXZ", UnknownFormatError, _PACKED),
    (257, b"ustar", UnknownFormatError, _PACKED),
    (0, b"\x7fELF", UnknownFormatError, _PROGRAM),
    (0, b"MZ", UnknownFormatError, _PROGRAM),
    (0, b"%!PS", UnknownFormatError, "Tacit can't read PostScript. Convert the file to PDF and upload that."),
)  # fmt: skip
_OLD_OFFICE = (
    ("EncryptedPackage", EncryptedDocumentError, ""),
    ("EncryptionInfo", EncryptedDocumentError, ""),
    ("WordDocument", UnknownFormatError, "Tacit can't read old Word files (.doc). Save it as .docx and upload that."),
    (
        "PowerPoint Document",
        UnknownFormatError,
        "Tacit can't read old PowerPoint files (.ppt). Save it as .pptx and upload that.",
    ),
    (
        "__properties_version1.0",
        UnknownFormatError,
        "Tacit can't read Outlook messages (.msg). Save it as .eml or text and upload that.",
    ),
)
_MAIN_PARTS = (
    ("wordprocessingml.document.main", FileKind.DOCX),
    ("wordprocessingml.template.main", FileKind.DOCX),
    ("ms-word.document.macroenabled.main", FileKind.DOCX),
    ("ms-word.template.macroenabledtemplate.main", FileKind.DOCX),
    ("presentationml.", FileKind.PPTX),
    ("ms-powerpoint.", FileKind.PPTX),
    ("spreadsheetml.", FileKind.SPREADSHEET),
    ("ms-excel.", FileKind.SPREADSHEET),
)
_MIME_TYPES = {
    "application/epub+zip": FileKind.EPUB,
    "application/vnd.oasis.opendocument.text": FileKind.OPEN_DOCUMENT,
    "application/vnd.oasis.opendocument.text-template": FileKind.OPEN_DOCUMENT,
    "application/vnd.oasis.opendocument.presentation": FileKind.OPEN_DOCUMENT,
    "application/vnd.oasis.opendocument.presentation-template": FileKind.OPEN_DOCUMENT,
    "application/vnd.oasis.opendocument.spreadsheet": FileKind.SPREADSHEET,
    "application/vnd.oasis.opendocument.spreadsheet-template": FileKind.SPREADSHEET,
}
_APPLE = "Tacit can't read Pages, Numbers or Keynote files. Export it as PDF or in an Office format and upload that."


def detect(source: SourceFile) -> FileKind:
    """Return the kind of the file; raise what is wrong with it if no reader can help."""
    data = source.data
    if not data.strip(b"\0 \t\r\n\x0b\x0c\xef\xbb\xbf\xfe\xff"):
        raise EmptyDocumentError
    if b"%PDF-" in data[:1024]:
        return FileKind.PDF
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _zip_kind(data)
    if data.startswith(ole.MAGIC):
        return _ole_kind(data)
    if data.lstrip()[:5].lower() == b"{\\rtf":
        return FileKind.RTF
    if not is_wide(data):
        _refuse_foreign(data)
    return text_kind(data, source.extension)


def _refuse_foreign(data: bytes) -> None:
    for offset, magic, error, message in _MAGIC:
        # A text may begin with the two letters of a magic number; a binary file has control bytes too.
        if data.startswith(magic, offset) and (len(magic) > 3 or looks_binary(data)):
            raise error(message)
    if looks_binary(data):
        raise UnknownFormatError


def _ole_kind(data: bytes) -> FileKind:
    names = ole.root_names(data)
    if names & {"Workbook", "Book", "WORKBOOK", "BOOK"}:
        return FileKind.SPREADSHEET
    for name, error, message in _OLD_OFFICE:
        if name in names:
            raise error(message)
    raise UnknownFormatError if names else DamagedDocumentError


def _zip_kind(data: bytes) -> FileKind:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            return _members_kind(archive)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, OSError) as error:
        raise DamagedDocumentError from error
    except RuntimeError as error:  # zipfile's way to ask for a password
        raise EncryptedDocumentError from error


def _members_kind(archive: zipfile.ZipFile) -> FileKind:
    names = set(archive.namelist())
    if "mimetype" in names:
        with archive.open("mimetype") as member:
            mime_type = member.read(200).decode("ascii", "replace").strip()
        if mime_type in _MIME_TYPES:
            return _MIME_TYPES[mime_type]
    if "META-INF/container.xml" in names:
        return FileKind.EPUB
    if "[Content_Types].xml" in names:
        with archive.open("[Content_Types].xml") as member:
            return _office_kind(member.read(2_000_000), names)
    if "Index/Document.iwa" in names or "Index.zip" in names:
        raise UnknownFormatError(_APPLE)
    return FileKind.ZIP


def _office_kind(content_types: bytes, names: set[str]) -> FileKind:
    charset = "utf-16" if content_types[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    declared = content_types.decode(charset, "replace").lower()
    for part, kind in _MAIN_PARTS:
        if part in declared:
            return kind
    for folder, kind in (("word/", FileKind.DOCX), ("ppt/", FileKind.PPTX), ("xl/", FileKind.SPREADSHEET)):
        if any(name.startswith(folder) for name in names):
            return kind
    raise UnknownFormatError
