"""Which of the blocks that were read are shown, and what of them."""

from collections.abc import Sequence
from dataclasses import replace

from apps.core.chunking import BlockKind, Part
from apps.core.error_handling import ProviderError
from apps.rag.reading.asked import Asked
from apps.rag.reading.blocks import Block
from apps.rag.reading.focus import Statement, asked_about, is_about_another, naming, others_alike
from apps.rag.reading.reading import Reader, Reading, Scored
from apps.rag.reading.reply import LONGEST, Quotation, quotation_of
from apps.rag.reading.structure import LISTED, sentences
from apps.rag.words import content_words

CLOSE = 0.15  # rank below the best block's at which a second one joins
NEARLY = 0.1  # rank below the best block's from which one that holds it is shown in its place
SAME = 0.85  # share of the shorter block's words in the other, from which it adds nothing
LONGEST_REPLY = 900  # characters of two blocks together
MOST_STATEMENTS = 16  # that the reader is asked about, to find the best one


def choose(reading: Reading, question: str, *, language: str, reader: Reader | None) -> list[Quotation]:
    """Return what is shown of the best blocks: one, or two where the second adds something."""
    best = _widened(reading.scored)
    first = _quoted(best.block, reading.asked, question, language, reader)
    chosen = [first]
    for other in reading.scored[1:]:
        if other.rank < best.rank - CLOSE:
            break
        if _adds(other, best, language):
            second = _quoted(other.block, reading.asked, question, language, reader)
            if len(first.text) + len(second.text) <= LONGEST_REPLY:
                chosen.append(second)
            break
    return chosen


def _widened(scored: Sequence[Scored]) -> Scored:
    """Return the largest block that holds the best one, is about as good and not too long: context costs little."""
    best = scored[0]
    holding = [
        one
        for one in scored
        if one.rank >= best.rank - NEARLY
        and one.block.passage is best.block.passage
        and one.block.shown[0].start <= best.block.shown[0].start
        and one.block.parts[-1].end >= best.block.parts[-1].end
        and len(one.block.text) <= LONGEST
    ]
    return max(holding, key=lambda one: len(one.block.text), default=best)


def names_another(reading: Reading, question: str, *, language: str, reader: Reader | None) -> bool:
    """Tell whether the best block says what was asked of something else only."""
    statements = statements_of(reading.scored[0].block)
    best = _best(statements, question, language, reading.asked, reader)
    return is_about_another(best, others_alike(best, statements), reading.asked, language)


def statements_of(block: Block) -> list[Statement]:
    """Return the sentences, items and rows of a block."""
    text = block.passage.text
    return [
        Statement(start=start, end=end, text=text[start:end], kind=part.kind)
        for part in block.parts
        for start, end in ([(part.start, part.end)] if part.kind in LISTED else sentences(text, part))
    ]


def _quoted(block: Block, asked: Asked, question: str, language: str, reader: Reader | None) -> Quotation:
    block = _with_its_group(block)
    statements = statements_of(block)
    if len(statements) < 2 or block.kind is BlockKind.CODE:
        return quotation_of(block)
    best = _best(statements, question, language, asked, reader)
    kept = _kept(best, statements, asked, language)
    if len(kept) == len(statements):
        return quotation_of(block, (best.start, best.end))
    pieces = [_piece(one, block.parts) for one in kept]
    lead_in = [block.lead_in] if block.lead_in else []
    return Quotation(block=block, pieces=(*lead_in, *pieces))


def _with_its_group(block: Block) -> Block:
    """Return the whole list for one of its items, if it is short: an item means little without the others."""
    if not block.group or block.kind is BlockKind.TABLE_ROW or block.group[-1].end - block.group[0].start > LONGEST:
        return block
    return replace(block, parts=block.group, group=())


def _best(
    statements: Sequence[Statement], question: str, language: str, asked: Asked, reader: Reader | None
) -> Statement:
    """Return the statement that answers best: of those that name what the question names, if some do."""
    candidates = (naming(statements, asked) or list(statements))[:MOST_STATEMENTS]
    logits = [0.0] * len(candidates)
    if reader is not None and len(candidates) > 1:
        try:
            logits = reader.score(question, [one.text for one in candidates])
        except ProviderError:
            pass
    fluency = reader.fluency(question) if reader is not None else 0.0
    shares = [_share(one, asked, language) for one in candidates]
    ranks = [fluency * logit / 10 + share for logit, share in zip(logits, shares, strict=True)]
    return candidates[ranks.index(max(ranks))]


def _share(statement: Statement, asked: Asked, language: str) -> float:
    return len(asked.words & set(content_words(statement.text, language))) / max(1, len(asked.words))


def _kept(best: Statement, statements: Sequence[Statement], asked: Asked, language: str) -> list[Statement]:
    """Return all statements; only the best and its equals where others say the same of things not asked about."""
    alike = others_alike(best, statements)
    equals = asked_about(best, alike, asked, language)
    if len(equals) == len(alike):
        return list(statements)
    return [one for one in statements if one is best or one in equals]


def _piece(statement: Statement, parts: Sequence[Part]) -> Part:
    part = next(part for part in parts if part.start <= statement.start < part.end)
    return Part(kind=part.kind, start=statement.start, end=statement.end, level=part.level, page=part.page)


def _adds(other: Scored, best: Scored, language: str) -> bool:
    """Tell whether a block says something that the best one doesn't."""
    if other.block.passage is best.block.passage and _overlap(other.block, best.block):
        return False
    one, two = (set(content_words(scored.block.text, language)) for scored in (other, best))
    return len(one & two) < SAME * min(len(one), len(two))


def _overlap(one: Block, other: Block) -> bool:
    return one.shown[0].start < other.parts[-1].end and other.shown[0].start < one.parts[-1].end
