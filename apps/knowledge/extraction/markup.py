"""Turns an HTML tree into blocks: what web pages, DOCX, EPUB and e-mails have in common."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from textwrap import dedent

from selectolax.lexbor import LexborNode

from apps.core.chunking.blocks import Block, BlockKind
from apps.knowledge.extraction import cleaning
from apps.knowledge.extraction.link_targets import without_targets
from apps.knowledge.extraction.markup_tables import is_layout, read_table
from apps.knowledge.extraction.markup_text import BLOCK_LEVEL, HEADINGS, flat_text, is_lone_code, is_silent, raw_text

_DEEPEST = 160
_LONGEST_BOLD_HEADING = 100
_LONGEST_ENTRY = 200
_LANGUAGE = re.compile(r"[a-z]+[a-z0-9+#-]*(?: \w+=\S.*)?")
_LINE_BREAK = "\0"


def markup_blocks(root: LexborNode, *, numbered: bool = True) -> list[Block]:
    """Return the blocks of everything below a node, in reading order; `numbered` counts ordered lists."""
    walk = _Walk(numbered=numbered)
    walk.children(root, 0)
    walk.flush()
    return _with_bold_headings(walk.blocks, walk.bold)


class _Walk:
    """Collects running text until a block ends, then emits the block."""

    def __init__(self, *, numbered: bool) -> None:
        self.blocks: list[Block] = []
        self._numbered = numbered
        self._text: list[str] = []
        self._lists: list[Iterator[int] | None] = []
        self._kind = BlockKind.PARAGRAPH
        self._number = ""
        # Where the text of the open list item stands among the blocks, None before it has any.
        self._item: int | None = None
        self._term = ""
        self._level = 1
        self._boldness = 0
        self._is_bold = True
        self.bold: set[int] = set()

    def children(self, node: LexborNode, depth: int) -> None:
        """Walk through the nodes inside a node."""
        child = node.first_child
        while child is not None:
            if child.is_text_node:
                text = child.text_content or ""
                self._is_bold = self._is_bold and (self._boldness > 0 or not text.strip())
                self._text.append(text.replace(_LINE_BREAK, "").replace("\n", " "))
            elif child.is_element_node:
                self._element(child, depth + 1)
            child = child.next

    def flush(self) -> None:
        """End the running text."""
        text = cleaning.paragraph("".join(self._text).replace("\r", " ").replace(_LINE_BREAK, "\n"))
        self._text.clear()
        if text:
            term, self._term = self._term, ""
            if self._kind is BlockKind.LIST_ITEM:
                self._item_text(term + text)
            elif term and _is_entry(term, text):
                self._append(BlockKind.LIST_ITEM, term + text, level=len(self._lists))
            else:
                if self._is_bold and not term:
                    self.bold.add(len(self.blocks))
                self._append(self._kind, term + text)
        self._is_bold = True

    def _item_text(self, text: str) -> None:
        """Begin a list item, or add a paragraph to it; below code or an inner list that stands a level deeper."""
        level = max(0, len(self._lists) - 1)
        if self._item is None:
            number, self._number = self._number, ""
            self._item = len(self.blocks)
            self._append(BlockKind.LIST_ITEM, number + text, level=level)
        elif self._item == len(self.blocks) - 1:
            item = self.blocks[-1]
            self.blocks[-1] = replace(item, text=f"{item.text}\n{text}")
        else:
            self._append(BlockKind.LIST_ITEM, text, level=level + 1)

    def _emit(self, kind: BlockKind, text: str, *, level: int = 0) -> None:
        self._settle()
        if text:
            self._append(kind, text, level=level)

    def _settle(self) -> None:
        """End the running text, and emit a term that got no definition as text of its own."""
        self.flush()
        term, self._term = self._term.rstrip(": "), ""
        if term:
            self._append(BlockKind.PARAGRAPH, term)

    def _append(self, kind: BlockKind, text: str, *, level: int = 0) -> None:
        self.blocks.append(Block(kind=kind, text=text, level=level))

    def _element(self, node: LexborNode, depth: int) -> None:
        tag = node.tag or ""
        if is_silent(node):
            return
        if depth > _DEEPEST:
            self._text.append(flat_text(node))
        elif tag in _HANDLERS:
            _HANDLERS[tag](self, node, depth)
        elif tag in BLOCK_LEVEL:
            self.flush()
            self.children(node, depth)
            self.flush()
        else:
            self.children(node, depth)

    def break_line(self, node: LexborNode, depth: int) -> None:
        self._text.append(_LINE_BREAK)

    def heading(self, node: LexborNode, depth: int) -> None:
        self._level = HEADINGS[node.tag or ""]
        text = flat_text(node)
        if text and self._item is None and self._kind is BlockKind.LIST_ITEM:
            # A step under a heading of its own: the number is the heading's, and what follows is plain text.
            text, self._number, self._kind = self._number + text, "", BlockKind.PARAGRAPH
        self._emit(BlockKind.HEADING, text, level=self._level)

    def summary(self, node: LexborNode, depth: int) -> None:
        """What can be unfolded is a section whose heading is always in sight."""
        self._emit(BlockKind.HEADING, flat_text(node), level=min(6, self._level + 1))

    def code(self, node: LexborNode, depth: int) -> None:
        self._emit(BlockKind.CODE, cleaning.code(raw_text(node)))

    def paragraph(self, node: LexborNode, depth: int) -> None:
        """A paragraph of nothing but code is a block of code, unless it is what a list item begins with."""
        self.flush()
        begins_item = self._kind is BlockKind.LIST_ITEM and self._item is None
        if is_lone_code(node) and not begins_item:
            self._emit(BlockKind.CODE, cleaning.code(_without_fence(raw_text(node))))
        else:
            self.children(node, depth)
            self.flush()

    def list(self, node: LexborNode, depth: int) -> None:
        self.flush()
        self._lists.append(_numbers(node) if node.tag == "ol" and self._numbered else None)
        self.children(node, depth)
        self.flush()
        self._lists.pop()

    def list_item(self, node: LexborNode, depth: int) -> None:
        self._settle()
        outer = self._kind, self._item
        self._kind, self._item = BlockKind.LIST_ITEM, None
        numbers = self._lists[-1] if self._lists else None
        self._number = f"{next(numbers)}. " if numbers is not None else ""
        self.children(node, depth)
        self.flush()
        (self._kind, self._item), self._number = outer, ""

    def term(self, node: LexborNode, depth: int) -> None:
        self._settle()
        text = flat_text(node)
        self._term = text + (" " if text.endswith((":", "?", "!", ".")) else ": ") if text else ""

    def definitions(self, node: LexborNode, depth: int) -> None:
        self._settle()
        self.children(node, depth)
        self._settle()

    def table(self, node: LexborNode, depth: int) -> None:
        self._settle()
        if is_layout(node):
            self.children(node, depth)
        else:
            caption = node.css_first("caption")
            if caption is not None and not is_silent(caption):
                self._emit(BlockKind.PARAGRAPH, flat_text(caption))
            self.blocks.extend(read_table(node))
        self.flush()

    def bold_text(self, node: LexborNode, depth: int) -> None:
        self._boldness += 1
        self.children(node, depth)
        self._boldness -= 1

    def quotation(self, node: LexborNode, depth: int) -> None:
        self._text.append("“")
        self.children(node, depth)
        self._text.append("”")


def _with_bold_headings(blocks: list[Block], bold: set[int]) -> list[Block]:
    """Take a short bold paragraph for the heading of the text that follows: many authors know no other headings."""
    level = 1
    result: list[Block] = []
    for index, block in enumerate(blocks):
        if block.kind is BlockKind.HEADING:
            level = block.level
        follower = blocks[index + 1] if index + 1 < len(blocks) else None
        if index in bold and follower and index + 1 not in bold and _is_heading(block, follower):
            text = without_targets(block.text)
            result.append(replace(block, kind=BlockKind.HEADING, text=text, level=min(6, level + 1)))
        else:
            result.append(block)
    return result


def _is_heading(block: Block, follower: Block) -> bool:
    is_short = len(without_targets(block.text)) <= _LONGEST_BOLD_HEADING and "\n" not in block.text
    return is_short and not block.text.endswith((".", ",", ";")) and follower.kind is not BlockKind.HEADING


def _is_entry(term: str, text: str) -> bool:
    """Tell whether a term and what it means make up an entry of a list, and not a question with its answer."""
    return len(text) <= _LONGEST_ENTRY and not term.rstrip().endswith(("?", "？"))


def _without_fence(code: str) -> str:
    """Take off the name of the language that stands above indented lines: a fence that was read as a piece of code."""
    language, _, lines = code.partition("\n")
    is_fence = _LANGUAGE.fullmatch(language) and all(line[:1].isspace() for line in lines.splitlines() if line)
    return dedent(lines) if lines.strip() and is_fence else code


def _numbers(node: LexborNode) -> Iterator[int]:
    start = (node.attributes.get("start") or "").strip()
    return count(int(start) if start.isascii() and start.isdecimal() else 1)


_HANDLERS: dict[str, Callable[[_Walk, LexborNode, int], None]] = {
    **dict.fromkeys(HEADINGS, _Walk.heading),
    "summary": _Walk.summary,
    "br": _Walk.break_line,
    **dict.fromkeys(("p", "div"), _Walk.paragraph),
    **dict.fromkeys(("pre", "listing", "xmp", "plaintext"), _Walk.code),
    **dict.fromkeys(("ul", "ol", "menu", "dir"), _Walk.list),
    "li": _Walk.list_item,
    "dl": _Walk.definitions,
    "dt": _Walk.term,
    "table": _Walk.table,
    "q": _Walk.quotation,
    **dict.fromkeys(("b", "strong"), _Walk.bold_text),
}
