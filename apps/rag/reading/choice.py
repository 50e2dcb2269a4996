"""Which of the blocks that were read are shown, and what of them."""

from collections.abc import Sequence

from apps.core.chunking import BlockKind, Part
from apps.rag.passages.structure import as_read
from apps.rag.reading.asked import Asked
from apps.rag.reading.blocks import Block
from apps.rag.reading.focus import Statement, asked_about, naming, others_alike, statements_of
from apps.rag.reading.reading import LOGIT_SCALE, Reading, Scored
from apps.rag.reading.reply import Quotation, quotation_of
from apps.rag.reading.steps import steps_around
from apps.rag.words import content_words

CLOSE = 0.15  # rank below the best block's at which a second one joins
SAME = 0.85  # share of the shorter block's words in the other, from which it adds nothing
LONGEST_REPLY = 900  # characters of two blocks together


def choose(reading: Reading, language: str) -> list[Quotation]:
    """Return what is shown of the best blocks: one, or two where the second adds something."""
    if reading.best is None:
        return []
    chosen = [_quoted(reading.best, best_statement(reading, language), reading.asked, language)]
    if others := steps_around(reading.best, [one.block.passage for one in reading.scored]):
        before, after = ([quotation_of(block) for block in blocks] for blocks in others)
        return [*before, *chosen, *after]
    if second := _second(reading, language):
        statements = statements_of(second)
        best = max(statements, key=lambda one: _share(one, reading.asked, language))
        quotation = _quoted(second, best, reading.asked, language)
        if len(as_read(chosen[0].text)) + len(as_read(quotation.text)) <= LONGEST_REPLY:
            chosen.append(quotation)
    return chosen


def best_statement(reading: Reading, language: str) -> Statement:
    """Return the statement of the best block that answers best: of those that name what is asked about, if some do."""
    of_all = dict(reading.statements)
    named = naming(list(of_all), reading.asked) or list(of_all)

    def rank(statement: Statement) -> float:
        return reading.fluency * of_all[statement] / LOGIT_SCALE + _share(statement, reading.asked, language)

    return max(named, key=rank)


def _second(reading: Reading, language: str) -> Block | None:
    """Return the next best block, if it is about as good and says something else."""
    first = reading.scored[0]
    best = set(content_words(reading.best.text, language)) if reading.best else set()
    for other in reading.scored[1:]:
        if other.rank < first.rank - CLOSE:
            return None
        if reading.best is not None and not other.block.overlaps(reading.best):
            return other.block if _adds(other, best, language) else None
    return None


def _adds(other: Scored, best: set[str], language: str) -> bool:
    words = set(content_words(other.block.text, language))
    return len(words & best) < SAME * min(len(words), len(best))


def _quoted(block: Block, best: Statement, asked: Asked, language: str) -> Quotation:
    """Return what is shown of a block: all, or where it says the same of several things, what was asked about."""
    statements = statements_of(block)
    alike = others_alike(best, statements)
    equals = asked_about(best, alike, asked, language)
    if len(equals) == len(alike) or block.kind is BlockKind.CODE:
        return quotation_of(block, best.start, asked.typed)
    kept = [_piece(one, block.parts) for one in statements if one == best or one in equals]
    return Quotation(block=block, pieces=(*((block.lead_in,) if block.lead_in else ()), *kept), asked=asked.typed)


def _share(statement: Statement, asked: Asked, language: str) -> float:
    return len(asked.words & set(content_words(statement.text, language))) / max(1, len(asked.words))


def _piece(statement: Statement, parts: Sequence[Part]) -> Part:
    part = next(part for part in parts if part.start <= statement.start < part.end)
    return Part(kind=part.kind, start=statement.start, end=statement.end, level=part.level, page=part.page)
