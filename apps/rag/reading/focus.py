"""Where in a block the answer is, when the block says the same of several things: rows and sentences that are alike."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from apps.core.chunking import BlockKind
from apps.rag.passages.structure import LISTED, sentences
from apps.rag.reading.asked import Asked, missing_from
from apps.rag.reading.blocks import Block
from apps.rag.words import content_words

ALIKE = 0.5  # share of their words that two sentences have in common, in order, when one follows the other's pattern
FEWEST = 3  # words that they have in common at least
_TOKEN = re.compile(r"[^\W_]+(?:[._'’-][^\W_]+)*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """A sentence or row as it is compared with others."""

    start: int
    end: int
    text: str = field(repr=False)
    kind: BlockKind


def statements_of(block: Block) -> list[Statement]:
    """Return the sentences, items and rows of a block."""
    text = block.passage.text
    return [
        Statement(start=start, end=end, text=text[start:end], kind=part.kind)
        for part in block.parts
        for start, end in ([(part.start, part.end)] if part.kind in LISTED else sentences(text, part))
    ]


def are_alike(one: str, other: str) -> bool:
    """Tell whether two texts say the same of different things: "The lamp A costs 30 dollars", "The lamp B costs 45"."""
    first, second = _tokens(one), _tokens(other)
    common = sum(block.size for block in SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks())
    return common >= FEWEST and common >= ALIKE * min(len(first), len(second)) and first != second


def others_alike(best: Statement, statements: Sequence[Statement]) -> list[Statement]:
    """Return the statements that say of other things what the best one says of its own."""
    return [
        one
        for one in statements
        if one.start != best.start and (one.kind is best.kind is BlockKind.TABLE_ROW or are_alike(best.text, one.text))
    ]


def not_said_of(best: Statement, alike: Sequence[Statement], asked: Asked, language: str) -> tuple[str, ...]:
    """Return what the best statement lacks of a question, if those like it have all of that where it differs.

    "The belt for the dryer" when there are a belt for the washer and a filter for the dryer: nothing on the dryer.
    """
    lacking = asked.words - set(content_words(best.text, language))
    found = {
        word
        for other in alike
        for own, theirs in _differences(best, other)
        if not asked.words & set(content_words(own, language))
        for word in lacking & set(content_words(theirs, language))
    }
    return tuple(asked.spelled[word] for word in asked.spelled if word in found) if lacking <= found else ()


def asked_about(best: Statement, alike: Sequence[Statement], asked: Asked, language: str) -> list[Statement]:
    """Return those of the statements like the best one that say something of what was asked about, where they differ.

    All of them where the best one has nothing of the question there either.
    """
    kept: list[Statement] = []
    for other in alike:
        differences = list(_differences(best, other))
        own, theirs = (_asked_words(" ".join(pair[side] for pair in differences), asked, language) for side in (0, 1))
        if theirs or not own:
            kept.append(other)
    return kept


def _asked_words(text: str, asked: Asked, language: str) -> frozenset[str]:
    """Return which of the question's words and codes are in a text."""
    codes = set(asked.codes) - set(missing_from(asked.codes, text))
    words = asked.words - set(content_words(" ".join(asked.codes), language))  # a part of a code is none of its own
    return (words & set(content_words(text, language))) | codes


def naming(statements: Sequence[Statement], asked: Asked) -> list[Statement]:
    """Return the statements that have every code and name of the question, if some do and some don't."""
    things = (*asked.codes, *asked.named)
    return [one for one in statements if things and not missing_from(things, one.text)]


def _differences(one: Statement, other: Statement) -> Iterator[tuple[str, str]]:
    """Yield what the one has where the other has something else; of rows, their first cells."""
    if one.kind is BlockKind.TABLE_ROW:
        yield _first_value(one.text), _first_value(other.text)
        return
    first, second = _tokens(one.text), _tokens(other.text)
    for step, begin, end, other_begin, other_end in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if step == "replace":
            yield " ".join(first[begin:end]), " ".join(second[other_begin:other_end])


def _first_value(row: str) -> str:
    return row.split("; ", maxsplit=1)[0].partition(": ")[2]


def _tokens(text: str) -> list[str]:
    return [token.casefold() for token in _TOKEN.findall(text)]
