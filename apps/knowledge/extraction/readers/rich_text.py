"""Reads RTF: its headings, paragraphs, lists and the rows of its tables."""

import re
from collections.abc import Iterator

from striprtf.striprtf import rtf_to_text

from apps.core.chunking.blocks import Block, BlockKind
from apps.knowledge.extraction.cleaning import one_line
from apps.knowledge.extraction.plain_text import text_blocks
from apps.knowledge.extraction.results import ExtractedDocument, ExtractedFile
from apps.knowledge.extraction.source import SourceFile
from apps.knowledge.extraction.tables import table_blocks
from apps.knowledge.extraction.titles import document_title

# Marks that no document holds: put where the plain text would lose the structure.
_CELL, _ROW, _HEADING = "\x1f", "\x1e", "\x1d"
_CELL_WORD = re.compile(r"\\(?:nest)?cell(?![a-z])")
_ROW_WORD = re.compile(r"\\row(?![a-z])")
_STYLE = re.compile(
    r"\{[^{}]*?\\s(\d+)(?!\d)[^{}]*?\b(?:heading|überschrift|titre|título|titolo) (\d)\s*;\}", re.IGNORECASE
)
_STYLE_WORD = re.compile(r"\\s(\d+)(?![\d{}])")
_OUTLINE_WORD = re.compile(r"\\outlinelevel([0-5])(?!\d)")
_HIDING = {"v", "deleted"}
_MARKED_HEADING = re.compile(rf"(?:{_HEADING}(\d))+")
_STYLE_SHEET = re.compile(r"\{\\stylesheet.*?\}\s*\}", re.DOTALL)
_TOKEN = re.compile(r"\\([a-z]+)(-?\d+)? ?|\\'[0-9a-fA-F]{2}|\\.|[{}]|[^\\{}]+", re.DOTALL)


def read(source: SourceFile) -> ExtractedFile:
    """Return the text as one document."""
    text: str = rtf_to_text(_mark_structure(source.data.decode("latin-1")), errors="replace")  # type: ignore[no-untyped-call]
    blocks: list[Block] = []
    rows: list[list[str]] = []
    for kind, content in _pieces(text):
        if kind == _ROW:
            rows.append(content.split(_CELL)[:-1])
            continue
        if content.strip():
            blocks += table_blocks(rows)
            rows = []
            blocks += _text(content)
    blocks += table_blocks(rows)
    title = document_title(blocks, otherwise=source.stem)
    return ExtractedFile(documents=(ExtractedDocument(title=title, blocks=tuple(blocks)),))


def _mark_structure(rtf: str) -> str:
    sheet = _STYLE_SHEET.search(rtf)
    headings = dict(_STYLE.findall(sheet[0])) if sheet else {}
    body = "".join(_seen(rtf[sheet.end() :] if sheet else rtf))
    body = _CELL_WORD.sub(f"{_CELL}\\\\s0 ", _ROW_WORD.sub(f"{_ROW}\\\\s0 ", body))
    body = _OUTLINE_WORD.sub(lambda word: f"\\s0 {_HEADING}{int(word[1]) + 1}\\s0 ", body)
    body = _STYLE_WORD.sub(
        lambda word: f"\\s0 {_HEADING}{headings[word[1]]}\\s0 " if word[1] in headings else word[0], body
    )
    return (rtf[: sheet.start()] if sheet else "") + body


def _seen(rtf: str) -> Iterator[str]:
    """Yield the text without what is hidden or was deleted while changes were tracked; braces and words stay."""
    hidden, outer = False, list[bool]()
    for token in _TOKEN.finditer(rtf):
        word, number = token[1], token[2]
        if token[0] == "{":
            outer.append(hidden)
        elif token[0] == "}":
            hidden = outer.pop() if outer else False
        elif word in _HIDING:
            hidden = number != "0"
        elif word == "plain":
            hidden = False
        if not hidden or word or token[0] in "{}":
            yield token[0]


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """Yield rows of tables and the text between them; a row begins where its first cell's line begins."""
    for part in text.split(_ROW):
        before, mark, cells = part.partition(_CELL)
        if not mark:
            yield "", part
            continue
        *lines, first = before.split("\n")
        yield "", "\n".join(lines)
        yield _ROW, first + _CELL + cells


def _text(content: str) -> Iterator[Block]:
    plain: list[str] = []
    for line in content.split("\n"):
        heading = _MARKED_HEADING.match(line)
        if heading is None:
            plain.append(line.replace(_HEADING, ""))
            continue
        yield from _paragraphs(plain)
        plain = []
        text = one_line(line[heading.end() :])
        if text:
            yield Block(kind=BlockKind.HEADING, text=text, level=int(heading[1]))
    yield from _paragraphs(plain)


def _paragraphs(lines: list[str]) -> list[Block]:
    """In RTF each line is a paragraph; list items have their marks in the text."""
    return text_blocks("\n\n".join(lines))
