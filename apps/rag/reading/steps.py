"""Numbered steps that were cut between two passages: the ones before and after are found by their numbers."""

import re
from collections.abc import Iterable

from apps.core.chunking import BlockKind, Part
from apps.rag.context_builder import ContextPassage
from apps.rag.reading.blocks import Block, blocks_of

MOST_PASSAGES = 3  # that one procedure is shown from
_NUMBER = re.compile(r"\(?(\d{1,3})[.)]\s")


def steps_around(block: Block, passages: Iterable[ContextPassage]) -> tuple[list[Block], list[Block]] | None:
    """Return the blocks that hold the steps before and after those of a block; None where it has all there are."""
    numbers = _numbers(block.passage, block.parts)
    if not numbers:
        return None
    near = [one for passage in _of_section(block.passage, passages) for one in blocks_of(passage) if not one.group]
    first, last = numbers[0], numbers[-1]
    before: list[Block] = []
    after: list[Block] = []
    for _ in range(MOST_PASSAGES - 1):
        for one in near:
            held = _numbers(one.passage, one.parts)
            if held and held[-1] == first - 1:
                before, first = [one, *before], held[0]
            elif held and held[0] == last + 1:
                after, last = [*after, one], held[-1]
    return (before, after) if before or after else None


def _of_section(mine: ContextPassage, passages: Iterable[ContextPassage]) -> list[ContextPassage]:
    """Return the other passages of the same section of the same document, each once."""
    alike = {
        passage.passage_id: passage
        for passage in passages
        if passage.document_id == mine.document_id and passage.heading_path == mine.heading_path
    }
    return [passage for passage in alike.values() if passage.passage_id != mine.passage_id]


def _numbers(passage: ContextPassage, parts: Iterable[Part]) -> list[int]:
    """Return the numbers of the steps among the parts."""
    found = (
        _NUMBER.match(passage.text, part.start) for part in parts if part.kind is BlockKind.LIST_ITEM and not part.level
    )
    return [int(match[1]) for match in found if match]
