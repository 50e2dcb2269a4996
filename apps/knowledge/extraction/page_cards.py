"""Finds the cards on a page: price plans, people, branches, each a heading with a few short lines below it.

Programs that look for an article take such short lines for decoration and leave them out.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from apps.core.chunking.blocks import Block, BlockKind

_FEWEST_CARDS = 2
_LONGEST_LINE = 80
_MOSTLY_PRICED = 0.5
_PRICE = re.compile(r"[€$£¥₹₩]\s?\d|\d\s?(?:[€$£¥₹₩]|EUR\b|USD\b|GBP\b|CHF\b)")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Section:
    """A heading's place, its level, and the places of the lines below it that are more than a link."""

    heading: int
    level: int
    lines: tuple[int, ...]
    is_card: bool


def card_places(blocks: Sequence[Block], linked: Collection[int], article: range) -> set[int]:
    """Return the places of the blocks that make up cards; `linked` are those of blocks that are but a link.

    Outside the article, where comments and teasers look the same, only cards with prices count.
    """
    found: set[int] = set()
    for (is_card, _), run in groupby(_sections(blocks, linked), key=lambda section: (section.is_card, section.level)):
        cards = list(run)
        if not is_card or len(cards) < _FEWEST_CARDS:
            continue
        priced = sum(any(names_price(blocks[place].text) for place in card.lines) for card in cards)
        if cards[0].heading not in article and priced < _MOSTLY_PRICED * len(cards):
            continue
        above = cards[0].heading - 1
        if above >= 0 and blocks[above].kind is BlockKind.HEADING and above not in linked:
            found.add(above)
        found.update(place for card in cards for place in (card.heading, *card.lines))
    return found


def names_price(text: str) -> bool:
    """Tell whether a line says what something costs."""
    return _PRICE.search(text) is not None


def _sections(blocks: Sequence[Block], linked: Collection[int]) -> Iterator[_Section]:
    headings = [place for place, block in enumerate(blocks) if block.kind is BlockKind.HEADING]
    for heading, end in pairwise([*headings, len(blocks)]):
        lines = tuple(place for place in range(heading + 1, end) if place not in linked)
        is_card = heading not in linked and bool(lines) and all(_is_short(blocks[place]) for place in lines)
        yield _Section(heading=heading, level=blocks[heading].level, lines=lines, is_card=is_card)


def _is_short(block: Block) -> bool:
    return block.kind in {BlockKind.PARAGRAPH, BlockKind.LIST_ITEM} and len(block.text) <= _LONGEST_LINE
