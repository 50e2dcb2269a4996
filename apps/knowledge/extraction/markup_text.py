"""The running text of a part of an HTML tree: what a reader sees of it, on one line."""

import re

from selectolax.lexbor import LexborNode

from apps.knowledge.extraction import cleaning
from apps.knowledge.extraction.hidden_markup import is_hidden

HEADINGS = {f"h{level}": level for level in range(1, 7)}
# What a reader of the page does not see as text. Struck-out text is what the author took back.
SILENT = {
    "annotation", "annotation-xml", "applet", "area", "audio", "base", "canvas", "datalist", "del", "dialog", "embed",
    "frame", "head", "iframe", "img", "input", "link", "map", "meta", "noframes", "noscript", "object", "optgroup",
    "option", "param", "picture", "progress", "rp", "rt", "s", "script", "select", "source", "strike", "style", "svg",
    "template", "textarea", "title", "track", "video",
}  # fmt: skip
BLOCK_LEVEL = {
    *HEADINGS, "address", "article", "aside", "blockquote", "body", "button", "caption", "center", "dd", "details",
    "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hgroup", "hr", "html",
    "legend", "li", "main", "menu", "nav", "ol", "p", "pre", "search", "section", "summary", "table", "tbody", "td",
    "tfoot", "th", "thead", "tr", "ul",
}  # fmt: skip
_ITEM_END = "\0"
_UNFINISHED_ITEM = re.compile(rf"([^\s.,;:!?])\s*{_ITEM_END}\s*(?=\S)")


def flat_text(node: LexborNode) -> str:
    """Return the text below a node on one line, list items parted by semicolons."""
    pieces: list[str] = []
    # A stack instead of recursion: pages are nested as deeply as their authors like.
    pending: list[LexborNode | str] = [node]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            pieces.append(item)
        elif item.is_text_node:
            pieces.append((item.text_content or "").replace(_ITEM_END, ""))
        elif item.is_element_node and (item is node or not is_silent(item)):
            gap = _gap(item.tag or "")
            pieces.append(" " if gap else "")
            pending.append(gap)
            pending.extend(reversed(list(_child_nodes(item))))
    text = _UNFINISHED_ITEM.sub(r"\1; ", "".join(pieces)).replace(_ITEM_END, "")
    return cleaning.one_line(text)


def raw_text(node: LexborNode) -> str:
    """Return the text below a node with its white space, as in preformatted text."""
    pieces: list[str] = []
    pending = [node]
    while pending:
        item = pending.pop()
        if item.is_text_node:
            pieces.append(item.text_content or "")
        elif item.is_element_node and item.tag == "br":
            pieces.append("\n")
        elif item.is_element_node and (item is node or not is_silent(item)):
            pending.extend(reversed(list(_child_nodes(item))))
    return "".join(pieces)


def is_lone_code(node: LexborNode) -> bool:
    """Tell whether an element holds one piece of code and no other text."""
    parts = [child for child in _child_nodes(node) if child.is_element_node or (child.text_content or "").strip()]
    return len(parts) == 1 and parts[0].tag in {"code", "kbd", "samp", "tt"}


def is_silent(node: LexborNode) -> bool:
    """Tell whether a reader of the page never sees this element; what a click unfolds does count as seen."""
    return node.tag in SILENT or is_hidden(node)


def _gap(tag: str) -> str:
    if tag == "li":
        return f" {_ITEM_END} "
    return " " if tag in BLOCK_LEVEL or tag == "br" else ""


def _child_nodes(node: LexborNode) -> list[LexborNode]:
    children = []
    child = node.first_child
    while child is not None:
        children.append(child)
        child = child.next
    return children
