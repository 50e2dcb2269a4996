"""Markdown as a flat list of blocks, so that one text can become a PDF or a Word document."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token


@dataclass(frozen=True, kw_only=True)
class Run:
    """Some characters in one style."""

    text: str
    bold: bool = False
    italic: bool = False


@dataclass(frozen=True, kw_only=True)
class Heading:
    level: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    runs: tuple[Run, ...]


@dataclass(frozen=True, kw_only=True)
class ItemList:
    items: tuple[tuple[Run, ...], ...]
    ordered: bool


@dataclass(frozen=True, kw_only=True)
class Note:
    """A boxed remark; its first bold word ("Warning.") says which kind."""

    kind: str
    runs: tuple[Run, ...]


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of cells; the first row holds the column names."""

    rows: tuple[tuple[tuple[Run, ...], ...], ...]


@dataclass(frozen=True, kw_only=True)
class Figure:
    name: str
    caption: str


Block = Heading | Paragraph | ItemList | Note | Table | Figure


def read_blocks(path: Path) -> list[Block]:
    """The blocks of a Markdown file, in reading order."""
    tokens = MarkdownIt("commonmark").enable("table").parse(path.read_text(encoding="utf-8"))
    return list(_blocks(tokens))


def plain(runs: Sequence[Run]) -> str:
    return "".join(run.text for run in runs)


def _blocks(tokens: list[Token]) -> Iterator[Block]:
    position = 0
    while position < len(tokens):
        end = _closing(tokens, position)
        yield _block(tokens[position : end + 1])
        position = end + 1


def _closing(tokens: list[Token], start: int) -> int:
    """Where the block that opens at `start` closes."""
    depth = 0
    for index in range(start, len(tokens)):
        depth += tokens[index].nesting
        if depth == 0:
            return index
    raise ValueError(f"The block in line {tokens[start].map} does not close.")


def _block(tokens: list[Token]) -> Block:
    opening = tokens[0]
    inlines = tuple(_runs(token) for token in tokens if token.type == "inline")
    match opening.type:
        case "heading_open":
            return Heading(level=int(opening.tag[1]), text=plain(inlines[0]))
        case "bullet_list_open" | "ordered_list_open":
            return ItemList(items=inlines, ordered=opening.type.startswith("ordered"))
        case "blockquote_open":
            return Note(kind=inlines[0][0].text.rstrip("."), runs=inlines[0])
        case "table_open":
            return Table(rows=tuple(_rows(tokens)))
        case "paragraph_open":
            return _paragraph(tokens[1])
    raise ValueError(f"The builders know no block of the kind {opening.type}.")


def _paragraph(inline: Token) -> Paragraph | Figure:
    first = (inline.children or [])[0]
    if first.type == "image":
        return Figure(name=str(first.attrs["src"]).removeprefix("figure:"), caption=first.content)
    return Paragraph(runs=_runs(inline))


def _rows(tokens: list[Token]) -> Iterator[tuple[tuple[Run, ...], ...]]:
    row: list[tuple[Run, ...]] = []
    for token in tokens:
        if token.type == "inline":
            row.append(_runs(token))
        elif token.type == "tr_close":
            yield tuple(row)
            row = []


def _runs(inline: Token) -> tuple[Run, ...]:
    runs: list[Run] = []
    bold = italic = False
    for token in inline.children or []:
        match token.type:
            case "strong_open" | "strong_close":
                bold = token.nesting == 1
            case "em_open" | "em_close":
                italic = token.nesting == 1
            case "softbreak":
                runs.append(Run(text=" ", bold=bold, italic=italic))
            case _ if token.content:
                runs.append(Run(text=token.content, bold=bold, italic=italic))
    return tuple(runs)
