"""Writes the targets of the links in a page's running text behind their words."""

from collections.abc import Iterable

from selectolax.lexbor import LexborNode

from apps.knowledge.extraction.link_targets import Link, TargetWriter, host, written
from apps.knowledge.extraction.markup_text import BLOCK_LEVEL, HEADINGS, flat_text, is_silent

# Links in these lead through the site, or name a part of the page, or are to be typed as they stand.
_NOT_RUNNING_TEXT = (
    *HEADINGS, "nav", "[role=navigation]", "[role=menu]", "summary", "dt", "th", "caption", "figcaption", "pre",
)  # fmt: skip
_UNTOUCHED = ", ".join(f"{part} a[href]" for part in _NOT_RUNNING_TEXT)
# The cells of a row are read as one line.
_BLOCKS = BLOCK_LEVEL - {"td"}
_HOLDS_BLOCKS = ", ".join(sorted(BLOCK_LEVEL))


def write_out_links(root: LexborNode) -> None:
    """Put the targets worth keeping into the tree, as text behind their links."""
    writer = TargetWriter(own_host=_own_host(root))
    for block, anchors in _by_block(root):
        links = [Link(words=flat_text(anchor), href=anchor.attributes.get("href") or "") for anchor in anchors]
        for anchor, target in zip(anchors, writer.targets(links, flat_text(block)), strict=True):
            if target:
                gap = " " if anchor.text()[-1:].isspace() else ""
                anchor.insert_after(written(target) + gap)


def _own_host(root: LexborNode) -> str:
    """Return the host that the page says it stands on."""
    page = root.parent or root
    for selector, name in (("link[rel=canonical]", "href"), ("meta[property='og:url']", "content")):
        node = page.css_first(selector)
        address = host((node.attributes.get(name) or "").strip()) if node is not None else ""
        if address:
            return address
    return ""


def _by_block(root: LexborNode) -> Iterable[tuple[LexborNode, list[LexborNode]]]:
    untouched = {anchor.mem_id for anchor in root.css(_UNTOUCHED)}
    found: dict[int, tuple[LexborNode, list[LexborNode]]] = {}
    for anchor in root.css("a[href]"):
        # A link round whole blocks is a teaser or a card, and no words of a sentence.
        if anchor.mem_id in untouched or is_silent(anchor) or anchor.css_first(_HOLDS_BLOCKS) is not None:
            continue
        block = _block_round(anchor)
        found.setdefault(block.mem_id, (block, []))[1].append(anchor)
    return found.values()


def _block_round(anchor: LexborNode) -> LexborNode:
    block = anchor
    while block.parent is not None and block.tag not in _BLOCKS:
        block = block.parent
    return block
