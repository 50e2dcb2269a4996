"""Reads EPUB: the chapters in the order in which they are read."""

from posixpath import dirname, join, normpath
from urllib.parse import unquote
from zipfile import ZipFile

from lxml import etree

from apps.core.chunking.blocks import Block
from apps.core.error_handling import DamagedDocumentError, EncryptedDocumentError, ScannedDocumentError
from apps.knowledge.extraction.containers import open_container
from apps.knowledge.extraction.markup_fragment import read_fragment
from apps.knowledge.extraction.readers.web_page import decode_page
from apps.knowledge.extraction.results import ExtractedDocument, ExtractedFile, ExtractionWarning
from apps.knowledge.extraction.source import SourceFile
from apps.knowledge.extraction.titles import document_title, usable_title
from apps.knowledge.extraction.xml import parse

_TEXTS = {"application/xhtml+xml", "text/html", "application/x-dtbook+xml"}
_FONT_SCRAMBLING = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")


def read(source: SourceFile) -> ExtractedFile:
    """Return the book as one document."""
    blocks: list[Block] = []
    warnings: list[ExtractionWarning] = []
    with open_container(source.data, source.limits) as archive:
        _refuse_protected(archive)
        package_name = _package_name(archive)
        package = parse(archive.read(package_name))
        for name in _spine(package, dirname(package_name)):
            if name in archive.NameToInfo:
                blocks += read_fragment(decode_page(archive.read(name)))
            else:
                message = f"The chapter “{name}” is missing from the file."
                warnings.append(ExtractionWarning(code="chapter_missing", message=message))
        has_pictures = any(name.lower().endswith((".jpg", ".jpeg", ".png")) for name in archive.namelist())
    if not blocks and has_pictures:
        raise ScannedDocumentError
    title = package.findtext(".//{*}metadata/{*}title") or ""
    language = (package.findtext(".//{*}metadata/{*}language") or "").strip().lower().split("-")[0]
    document = ExtractedDocument(
        # Every program for books shows this one above the text.
        title=usable_title(title) or document_title(blocks, otherwise=source.stem),
        blocks=tuple(blocks),
        language=language if language.isalpha() and len(language) <= 3 else "",
    )
    return ExtractedFile(documents=(document,), warnings=tuple(warnings))


def _package_name(archive: ZipFile) -> str:
    try:
        container = parse(archive.read("META-INF/container.xml"))
    except (KeyError, etree.XMLSyntaxError) as error:
        raise DamagedDocumentError from error
    root = container.find(".//{*}rootfile")
    return root.get("full-path", "") if root is not None else ""


def _spine(package: etree._Element, folder: str) -> list[str]:
    """Return the names of the chapters, without the table of contents."""
    items = {item.get("id"): item for item in package.iterfind(".//{*}manifest/{*}item")}
    chapters = []
    for reference in package.iterfind(".//{*}spine/{*}itemref"):
        item = items.get(reference.get("idref"))
        if item is None or "nav" in (item.get("properties") or "").split():
            continue
        if (item.get("media-type") or "application/xhtml+xml") in _TEXTS:
            chapters.append(normpath(join(folder, unquote(item.get("href") or ""))))
    return chapters


def _refuse_protected(archive: ZipFile) -> None:
    """Raise if more than fonts is encrypted: such a book opens only in its shop's own program."""
    if "META-INF/encryption.xml" not in archive.NameToInfo:
        return
    for method in parse(archive.read("META-INF/encryption.xml")).iter("{*}EncryptionMethod"):
        if (method.get("Algorithm") or "") not in _FONT_SCRAMBLING:
            raise EncryptedDocumentError("The book is copy-protected. Upload an edition without protection.")
