"""Reads the blocks of the passages that search found together with the question, and puts them in order."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from apps.core.embedding_service import EmbeddingService
from apps.core.error_handling import ProviderError
from apps.rag.context_builder import ContextPassage
from apps.rag.passages.structure import as_read
from apps.rag.reading.asked import Asked, Sought, asked_in, holds, missing_from
from apps.rag.reading.blocks import LONGEST_HEADING, Block, blocks_of
from apps.rag.reading.focus import Statement, statements_of
from apps.rag.synonyms import widened
from apps.rag.words import content_words

MOST_READ = 28  # blocks; about .2 s on two cores
MOST_STATEMENTS = 10  # of the best block, read one by one
NEARLY = 0.1  # rank below the best block's from which one that holds it is taken in its place
LONGEST_WIDENED = 600  # characters of such a block
WORDS_SHARE = 0.5  # of a block's words beside its passage's score, before anything has read it
LONGEST_READ = 900  # characters of a block; what follows is beyond what the reader takes in
LONGEST_FRAGMENT = 40  # characters
AROUND = 300  # characters of the passage before and after the best statement that are read with it
LONGEST_EMBEDDED = 300  # what follows hardly moves a vector
# Rank of a block that holds what is asked for, as far as that can be told by its signs.
GAINS = {Sought.EMAIL: 0.5, Sought.PHONE: 0.5, Sought.HOURS: 0.5, Sought.STEPS: 0.15, Sought.NUMBER: 0.12}
LOGIT_SCALE = 10.0  # the reader's logits go from about -11 to 11


class Reader(Protocol):
    """Scores how well each text answers a question; calls block."""

    @property
    def calibrated(self) -> bool: ...
    def score(self, question: str, texts: Sequence[str]) -> list[float]: ...
    def fluency(self, text: str) -> float: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Scored:
    """A block with its values: `rank` orders; `coverage` is the share of the question's words that it has, 0 to 1.

    `logit` is the reader's, 0 where none has read the block.
    """

    block: Block = field(repr=False)
    rank: float
    logit: float
    coverage: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What was read, best first. `fluency` is how well the reader knows the question's language, 0 without a reader.

    `best` is the block to be quoted: the first, or one that holds it. `statements` are its sentences, items and rows,
    each with the reader's logit; `passage_logit` is that of the passage round the best of them. `cosine` is that of
    the first block and the question, None where it can't be had.
    `missing` are things that the question names and none of the passages has.
    """

    asked: Asked = field(repr=False)
    scored: tuple[Scored, ...] = ()
    best: Block | None = field(default=None, repr=False)
    statements: tuple[tuple[Statement, float], ...] = field(default=(), repr=False)
    passage_logit: float = 0.0
    fluency: float = 0.0
    cosine: float | None = None
    missing: tuple[str, ...] = field(default=(), repr=False)

    @property
    def gap(self) -> float:
        """How far the first block ranks above the next one elsewhere; 1 at most."""
        first = self.scored[0]
        others = (one for one in self.scored[1:] if not one.block.overlaps(first.block))
        return min(1.0, first.rank - next(others, first).rank) if len(self.scored) > 1 else 1.0


def read(
    question: str,
    passages: Sequence[ContextPassage],
    *,
    language: str,
    embeddings: EmbeddingService,
    reader: Reader | None,
) -> Reading:
    """Return the passages' blocks, best first. A reader or an embedding model that fails is done without."""
    asked = asked_in(question, language)
    blocks = [block for passage in passages for block in blocks_of(passage)]
    if not blocks:
        return Reading(asked=asked)
    words = _Words(asked, passages, language)
    searched = _Words(asked_in(widened(question, language), language), passages, language)
    promising = _most_promising(blocks, searched)
    logits = _logits(question, [block.framed[:LONGEST_READ] for block in promising], reader)
    fluency = reader.fluency(question) if reader is not None and logits is not None else 0.0
    scored = [
        _scored(block, logit, fluency, words, asked.sought & GAINS.keys())
        for block, logit in zip(promising, logits or [0.0] * len(promising), strict=True)
    ]
    scored.sort(key=lambda one: -one.rank)
    best = _widened(scored)
    statements, passage_logit = _read_closely(question, best, reader if fluency else None)
    everything = "\n".join(f"{passage.heading}\n{passage.text}" for passage in passages)
    return Reading(
        asked=asked,
        scored=tuple(scored),
        best=best,
        statements=statements,
        passage_logit=passage_logit,
        fluency=fluency,
        cosine=_cosine(question, scored[0].block, embeddings),
        missing=tuple(missing_from((*asked.codes, *asked.named), everything)),
    )


class _Words:
    """The question's words, each weighing the more the fewer of the passages have it."""

    def __init__(self, asked: Asked, passages: Sequence[ContextPassage], language: str) -> None:
        self._language = language
        texts = [self._of(f"{one.heading}\n{one.text}") for one in passages]
        wanted = frozenset(map(_spelled_alike, asked.words))
        counts = Counter(word for text in texts for word in text & wanted)
        self._weights = {
            word: 1 + math.log(1 + (len(texts) - counts[word] + 0.5) / (max(counts[word], 1) + 0.5)) for word in wanted
        }

    def _of(self, text: str) -> frozenset[str]:
        return frozenset(map(_spelled_alike, content_words(text, self._language)))

    def coverage(self, text: str) -> float:
        """Return which share of the question's words a text has."""
        known = self._weights.keys() & self._of(text)
        return sum(self._weights[word] for word in known) / (sum(self._weights.values()) or 1.0)


def _spelled_alike(word: str) -> str:
    """Return a stem in the form that it has with and without umlauts: groessmann and grossmann are one."""
    return word.replace("ae", "a").replace("oe", "o").replace("ue", "u")


def _most_promising(blocks: Sequence[Block], words: _Words) -> list[Block]:
    """Return the blocks that are worth reading: the best of each passage, then the best of all."""
    ordered = sorted(blocks, key=lambda block: -block.passage.score - WORDS_SHARE * words.coverage(block.framed))
    of_passage = {block.passage.number: block for block in reversed(ordered)}
    first = [block for block in ordered if of_passage[block.passage.number] is block]
    others = [block for block in ordered if of_passage[block.passage.number] is not block]
    return [*first, *others][:MOST_READ]


def _logits(question: str, texts: Sequence[str], reader: Reader | None) -> list[float] | None:
    """Return the reader's logit for each text, None where there is no reader or it fails."""
    if reader is None:
        return None
    try:
        return reader.score(question, texts)
    except ProviderError:  # search's own order is good enough to go on with
        return None


def _scored(block: Block, logit: float, fluency: float, words: _Words, sought: Iterable[Sought]) -> Scored:
    coverage = words.coverage(block.framed)
    rank = fluency * logit / LOGIT_SCALE + block.passage.score + (1 - fluency) * coverage
    rank += max((GAINS[kind] for kind in sought if holds(kind, block.text)), default=0.0)
    return Scored(block=block, rank=rank, logit=logit, coverage=coverage)


def _widened(scored: Sequence[Scored]) -> Block:
    """Return the largest block that holds the first one, is about as good and not too long: context costs little."""
    first = scored[0]
    holding = [
        one.block
        for one in scored
        if one.rank >= first.rank - NEARLY and one.block.holds(first.block) and one.block.length <= LONGEST_WIDENED
    ]
    return max(holding, key=lambda block: block.length, default=first.block).with_its_group(LONGEST_WIDENED)


def _read_closely(
    question: str, block: Block, reader: Reader | None
) -> tuple[tuple[tuple[Statement, float], ...], float]:
    """Return a block's statements with the reader's logits, and the logit of the passage round the best of them."""
    statements = statements_of(block)[:MOST_STATEMENTS]
    logits = _logits(question, [_by_itself(one, block) for one in statements], reader) or [0.0] * len(statements)
    best = statements[logits.index(max(logits))]
    (passage_logit,) = _logits(question, [_around(best, block)], reader) or [0.0]
    return tuple(zip(statements, logits, strict=True)), passage_logit


def _by_itself(statement: Statement, block: Block) -> str:
    """Return a statement without what is round it; a fragment ("9 EUR a month") means nothing without its heading."""
    text = as_read(statement.text)
    return text if len(text) > LONGEST_FRAGMENT else f"{block.headings[-LONGEST_HEADING:]}\n{text}"


def _around(statement: Statement, block: Block) -> str:
    """Return what stands round a statement, in whole words: a longer text would blur what the reader makes of it."""
    text = block.passage.text
    begin, end = max(0, statement.start - AROUND), min(statement.end, statement.start + LONGEST_READ) + AROUND
    begin = text.find(" ", begin, statement.start) + 1 or statement.start if begin else 0
    return as_read(f"{block.passage.heading}\n{text[begin:end]}")


def _cosine(question: str, block: Block, embeddings: EmbeddingService) -> float | None:
    try:
        asked = embeddings.embed_query(question).vector
        (framed,) = embeddings.embed_documents([block.framed[:LONGEST_EMBEDDED]])
    except ProviderError:  # an embedding model on another server
        return None
    return float(framed.vector @ asked)
