"""Reads a piece of HTML that has no surroundings, such as an e-mail, a chapter or a converted document."""

from selectolax.lexbor import LexborHTMLParser

from apps.core.chunking.blocks import Block
from apps.knowledge.extraction.markup import markup_blocks
from apps.knowledge.extraction.markup_links import write_out_links


def read_fragment(html: str, *, numbered: bool = True) -> list[Block]:
    """Return all blocks of a piece of HTML; `numbered` counts ordered lists."""
    body = LexborHTMLParser(html).body
    if body is None:
        return []
    write_out_links(body)
    return markup_blocks(body, numbered=numbered)
