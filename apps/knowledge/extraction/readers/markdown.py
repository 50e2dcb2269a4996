"""Reads Markdown: headings, lists, tables and fenced code."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from markdown_it import MarkdownIt
from markdown_it.token import Token

from apps.core.chunking.blocks import Block, BlockKind
from apps.knowledge.extraction import cleaning
from apps.knowledge.extraction.charsets import decode
from apps.knowledge.extraction.link_targets import Link, TargetWriter, written
from apps.knowledge.extraction.markup_fragment import read_fragment
from apps.knowledge.extraction.results import ExtractedDocument, ExtractedFile
from apps.knowledge.extraction.source import SourceFile
from apps.knowledge.extraction.tables import table_blocks
from apps.knowledge.extraction.titles import document_title

_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\r?\n(?P<fields>.*?)\r?\n(?:---|\.\.\.)[ \t]*\r?\n", re.DOTALL)
_TITLE = re.compile(r"^title:[ \t]*[\"']?(.*?)[\"']?[ \t]*$", re.MULTILINE | re.IGNORECASE)
_TAG = re.compile(r"<(br)\b[^>]*>|</?[a-zA-Z][^>]*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def read(source: SourceFile) -> ExtractedFile:
    """Return the text as one document."""
    text = decode(source.data)
    front = _FRONT_MATTER.match(text)
    named = _TITLE.search(front["fields"]) if front else None
    # A note that only looks like Markdown may hold `__init__` or *.txt, and means them as they stand.
    blocks = markdown_blocks(text[front.end() :] if front else text, literal=source.extension == "txt")
    declared = cleaning.one_line(named[1]) if named else ""
    title = declared or document_title(blocks, otherwise=source.stem)
    return ExtractedFile(documents=(ExtractedDocument(title=title, blocks=tuple(blocks)),))


def markdown_blocks(text: str, *, literal: bool = False) -> list[Block]:
    """Return the blocks of a Markdown text; `literal` keeps single stars and underlines, which may mean themselves."""
    walk = _Walk(literal=literal)
    for token in _PARSER.parse(text):
        walk.feed(token)
    return walk.blocks


class _Walk:
    """Follows the flat stream of tokens that the parser gives."""

    def __init__(self, *, literal: bool) -> None:
        self.blocks: list[Block] = []
        self._heading = 0
        self._lists: list[Iterator[int] | None] = []
        self._marker = ""
        # Where the text of each open list item stands among the blocks, None before it has any.
        self._items: list[int | None] = []
        self._rows: list[list[str]] | None = None
        self._header_rows = 0
        self._writer = TargetWriter()
        self._literal = literal

    def feed(self, token: Token) -> None:
        """Take the next token."""
        handler = getattr(self, f"_{token.type}", None)
        if handler is not None:
            handler(token)

    def _emit(self, kind: BlockKind, text: str, level: int = 0) -> None:
        if text:
            self.blocks.append(Block(kind=kind, text=text, level=level))

    def _inline(self, token: Token) -> None:
        children = token.children or []
        text = self._text([*map(_as_written, children)] if self._literal else children)
        if self._rows is not None:
            self._rows[-1].append(cleaning.one_line(text))
        elif self._heading:
            self._emit(BlockKind.HEADING, cleaning.one_line(text), self._heading)
        elif self._items and self._items[-1] is None:
            self._begin_item(text)
        elif [child.type for child in children] == ["code_inline"]:
            self._emit(BlockKind.CODE, cleaning.code(children[0].content))
        elif self._items:
            self._continue_item(text)
        else:
            self._emit(BlockKind.PARAGRAPH, text)

    def _begin_item(self, text: str) -> None:
        if text:
            marker, self._marker = self._marker, ""
            self._items[-1] = len(self.blocks)
            self._emit(BlockKind.LIST_ITEM, marker + text, len(self._lists) - 1)

    def _continue_item(self, text: str) -> None:
        """Add a further paragraph to its item; below code or an inner list it stands on its own, a level deeper."""
        if self._items[-1] == len(self.blocks) - 1:
            item = self.blocks[-1]
            self.blocks[-1] = replace(item, text=f"{item.text}\n{text}".rstrip())
        else:
            self._emit(BlockKind.LIST_ITEM, text, len(self._lists))

    def _text(self, tokens: Sequence[Token]) -> str:
        """Return inline tokens as text, with the targets of links where they are in running text."""
        plain = "".join(_plain(tokens))
        links = [] if self._heading else list(_links(tokens))
        if links:
            plain = "".join(_plain(tokens, self._writer.targets(links, plain.strip())))
        return cleaning.paragraph(plain)

    def _heading_open(self, token: Token) -> None:
        self._heading = int(token.tag[1])

    def _heading_close(self, token: Token) -> None:
        self._heading = 0

    def _bullet_list_open(self, token: Token) -> None:
        self._lists.append(None)

    def _ordered_list_open(self, token: Token) -> None:
        start = token.attrs.get("start", 1)
        self._lists.append(iter(range(int(start), int(start) + 1_000_000)))

    def _bullet_list_close(self, token: Token) -> None:
        self._lists.pop()

    _ordered_list_close = _bullet_list_close

    def _list_item_open(self, token: Token) -> None:
        numbers = self._lists[-1]
        self._marker = f"{next(numbers)}. " if numbers is not None else ""
        self._items.append(None)

    def _list_item_close(self, token: Token) -> None:
        self._items.pop()
        self._marker = ""

    def _fence(self, token: Token) -> None:
        self._emit(BlockKind.CODE, cleaning.code(token.content))

    _code_block = _fence

    def _html_block(self, token: Token) -> None:
        self.blocks.extend(read_fragment(token.content))

    def _table_open(self, token: Token) -> None:
        self._rows, self._header_rows = [], 1

    def _tr_open(self, token: Token) -> None:
        if self._rows is not None:
            self._rows.append([])

    def _table_close(self, token: Token) -> None:
        rows, self._rows = self._rows or [], None
        header_rows = self._header_rows if rows and any(rows[0]) else 0
        self.blocks.extend(table_blocks(rows if header_rows else rows[1:], header_rows=header_rows))


def _as_written(token: Token) -> Token:
    is_emphasis = token.type in {"em_open", "em_close", "strong_open", "strong_close"}
    return Token("text", "", 0, content=token.markup) if is_emphasis and token.markup != "**" else token


def _links(tokens: Sequence[Token]) -> Iterator[Link]:
    for start, token in enumerate(tokens):
        if token.type == "link_open":
            end = next(place for place in range(start, len(tokens)) if tokens[place].type == "link_close")
            yield Link(words="".join(_plain(tokens[start + 1 : end])), href=str(token.attrs.get("href", "")))


def _plain(tokens: Sequence[Token], targets: Sequence[str] = ()) -> Iterator[str]:
    """Yield the text of inline tokens, and a target behind each link; pictures and what is struck out say nothing."""
    struck, behind = 0, iter(targets)
    for token in tokens:
        struck += {"s_open": 1, "s_close": -1}.get(token.type, 0)
        if token.type == "link_close":
            target = next(behind, "")
            yield "" if struck else written(target)
        elif not struck:
            yield _token_text(token)


def _token_text(token: Token) -> str:
    match token.type:
        case "text" | "code_inline":
            return token.content
        case "softbreak":
            return " "
        case "hardbreak":
            return "\n"
        case "html_inline":
            return _TAG.sub(lambda tag: "\n" if tag[1] else "", token.content)
    return ""
