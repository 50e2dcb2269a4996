"""Reads ODT and ODP: headings, lists, tables and slides, without comments and tracked deletions."""

from collections.abc import Collection, Iterator

from lxml import etree

from apps.core.chunking.blocks import Block, BlockKind
from apps.core.error_handling import EncryptedDocumentError, ScannedDocumentError
from apps.knowledge.extraction import cleaning
from apps.knowledge.extraction.containers import open_container
from apps.knowledge.extraction.results import ExtractedDocument, ExtractedFile
from apps.knowledge.extraction.source import SourceFile
from apps.knowledge.extraction.speaker_notes import about_notes
from apps.knowledge.extraction.tables import table_blocks
from apps.knowledge.extraction.titles import document_title
from apps.knowledge.extraction.xml import attributes, local_name, parse

# What is not part of the text that a reader sees, or repeats it.
_SKIPPED = {
    "tracked-changes", "annotation", "annotation-end", "sequence-decls", "variable-decls", "user-field-decls", "desc",
    "hidden-text", "table-of-content", "forms", "binary-data", "note-citation", "bookmark", "header", "footer",
    "date-time-decl",
}  # fmt: skip
_MOST_REPEATED = 1_000
_DEEPEST = 120


def read(source: SourceFile) -> ExtractedFile:
    """Return the text or the presentation as one document."""
    with open_container(source.data, source.limits) as archive:
        names = archive.namelist()
        if "META-INF/manifest.xml" in names and b"encryption-data" in archive.read("META-INF/manifest.xml"):
            raise EncryptedDocumentError
        root = parse(archive.read("content.xml"))
        declared = parse(archive.read("meta.xml")).findtext(".//{*}title") if "meta.xml" in names else ""
    walk = _Walk(_hiding_styles(root))
    body = root.find("{*}body")
    walk.children(body if body is not None else root, 0)
    if not walk.blocks and any(name.startswith("Pictures/") for name in names):
        raise ScannedDocumentError
    title = document_title(walk.blocks, declared=declared or "", otherwise=source.stem)
    document = ExtractedDocument(title=title, blocks=tuple(walk.blocks))
    return ExtractedFile(documents=(document,), warnings=tuple(about_notes(walk.slides_with_notes)))


class _Walk:
    """Goes through the document's elements in order."""

    def __init__(self, hiding: Collection[str]) -> None:
        self.blocks: list[Block] = []
        self.slides_with_notes = 0
        self._hiding = hiding
        self._page: int | None = None
        self._lists = 0
        self._is_item = False

    def children(self, element: etree._Element, depth: int) -> None:
        """Read the elements inside an element."""
        for child in element if depth < _DEEPEST else ():
            self._element(child, local_name(child), depth + 1)

    def _element(self, element: etree._Element, name: str, depth: int) -> None:
        if not name or name in _SKIPPED or _is_hidden(element, self._hiding):
            return
        if name in {"p", "h"}:
            self._paragraph(element, name, depth)
        elif name == "list":
            self._lists += 1
            self.children(element, depth)
            self._lists -= 1
        elif name in {"list-item", "list-header"}:
            outer, self._is_item = self._is_item, True
            self.children(element, depth)
            self._is_item = outer
        elif name == "table":
            rows = list(_rows(element))
            self.blocks += table_blocks(rows, header_rows=_header_rows(element), page=self._page)
        elif name == "page":
            self._page = (self._page or 0) + 1
            self.children(element, depth)
        elif name == "notes":
            self.slides_with_notes += any(text.strip() for text in element.itertext())
        else:
            self.children(element, depth)

    def _paragraph(self, element: etree._Element, name: str, depth: int) -> None:
        if element.find(".//{*}hidden-paragraph") is not None:
            return
        text = cleaning.paragraph("".join(_text(element, self._hiding)))
        if text:
            kind, level = self._kind(element, name)
            if kind is BlockKind.HEADING:
                text = cleaning.one_line(text)
            self.blocks.append(Block(kind=kind, text=text, level=level, page=self._page))
        for frame in element.iter("{*}text-box"):
            self.children(frame, depth + 1)

    def _kind(self, element: etree._Element, name: str) -> tuple[BlockKind, int]:
        if name == "h":
            level = _attribute(element, "outline-level")
            return BlockKind.HEADING, min(6, max(1, int(level))) if level.isdigit() else 1
        if self._page is not None and _in_title_frame(element):
            return BlockKind.HEADING, 1
        if _attribute(element, "style-name") == "Title":
            return BlockKind.HEADING, 1
        return (
            (BlockKind.LIST_ITEM, max(0, self._lists - 1))
            if self._lists and self._is_item
            else (BlockKind.PARAGRAPH, 0)
        )


def _hiding_styles(root: etree._Element) -> set[str]:
    """Return the styles whose letters are not shown."""
    properties = root.iterfind(".//{*}style/{*}text-properties")
    parents = [one.getparent() for one in properties if _attribute(one, "display") == "none"]
    return {_attribute(parent, "name") for parent in parents if parent is not None}


def _is_hidden(element: etree._Element, hiding: Collection[str]) -> bool:
    found = attributes(element)
    return (
        found.get("visibility") == "hidden" or found.get("display") == "none" or found.get("style-name", "") in hiding
    )


def _text(element: etree._Element, hiding: Collection[str] = ()) -> Iterator[str]:
    """Yield a paragraph's text; text boxes in it are paragraphs of their own, footnotes follow in brackets."""
    yield (element.text or "").replace("\n", " ")
    for child in element:
        name = local_name(child)
        if name == "s":
            count = _attribute(child, "c")
            yield " " * min(100, int(count) if count.isdigit() else 1)
        elif name == "tab":
            yield " "
        elif name == "line-break":
            yield "\n"
        elif name == "note":
            yield f" [{' '.join(''.join(_text(line)) for line in child.iterfind('.//{*}note-body/{*}p'))}]"
        elif name and name not in _SKIPPED and name not in {"text-box", "title", "object", "ruby-text"}:
            yield from () if _is_hidden(child, hiding) else _text(child, hiding)
        yield (child.tail or "").replace("\n", " ")


def _rows(table: etree._Element) -> Iterator[list[str]]:
    for row in table.iter("{*}table-row"):
        if next(row.iterancestors("{*}table")) is not table:
            continue
        line: list[str] = []
        for cell in row:
            if local_name(cell) in {"table-cell", "covered-table-cell"}:
                text = " ".join("".join(_text(paragraph)) for paragraph in cell.iter("{*}p", "{*}h"))
                line += [text] * _repeats(cell)
        while line and not line[-1].strip():
            line.pop()
        yield line


def _repeats(cell: etree._Element) -> int:
    count = _attribute(cell, "number-columns-repeated")
    return min(_MOST_REPEATED, int(count)) if count.isdigit() else 1


def _header_rows(table: etree._Element) -> int | None:
    return len(table.findall("{*}table-header-rows/{*}table-row")) or None


def _in_title_frame(element: etree._Element) -> bool:
    return any(_attribute(frame, "class") == "title" for frame in element.iterancestors("{*}frame"))


def _attribute(element: etree._Element, name: str) -> str:
    return attributes(element).get(name, "")
