"""Reads the blocks of the passages that search found together with the question, and puts them in order."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from apps.core.embedding_service import EmbeddingService
from apps.core.error_handling import ProviderError
from apps.rag.context_builder import ContextPassage
from apps.rag.reading.asked import Asked, asked_in, missing_from
from apps.rag.reading.blocks import Block, blocks_of
from apps.rag.words import content_words

MOST_READ = 28  # blocks; about .2 s on two cores
MOST_EMBEDDED = 4
WORDS_SHARE = 0.5  # of a block's words beside its passage's score, before anything has read it
LONGEST_READ = 900  # characters of a block; what follows is beyond what the reader takes in
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

    `logit` is the reader's, 0 where none has read the block. `cosine` is that of its passage until it is embedded.
    """

    block: Block = field(repr=False)
    rank: float
    logit: float
    coverage: float
    cosine: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What was read, best first. `fluency` is how well the reader knows the question's language, 0 without a reader.

    `missing` are things that the question names and none of the passages has.
    """

    asked: Asked = field(repr=False)
    scored: tuple[Scored, ...] = ()
    fluency: float = 0.0
    missing: tuple[str, ...] = field(default=(), repr=False)


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
    promising = _most_promising(blocks, words)
    fluency, logits = _logits(question, promising, reader)
    scored = [_scored(block, logit, fluency, words) for block, logit in zip(promising, logits, strict=True)]
    scored.sort(key=lambda one: -one.rank)
    everything = "\n".join(f"{passage.heading}\n{passage.text}" for passage in passages)
    return Reading(
        asked=asked,
        scored=tuple(_with_cosines(question, scored, embeddings)),
        fluency=fluency,
        missing=tuple(missing_from((*asked.codes, *asked.named), everything)),
    )


class _Words:
    """The question's words, each weighing the more the fewer of the passages have it."""

    def __init__(self, asked: Asked, passages: Sequence[ContextPassage], language: str) -> None:
        self._language = language
        texts = [frozenset(content_words(f"{one.heading}\n{one.text}", language)) for one in passages]
        counts = Counter(word for text in texts for word in text & asked.words)
        self._weights = {
            word: 1 + math.log(1 + (len(texts) - counts[word] + 0.5) / (max(counts[word], 1) + 0.5))
            for word in asked.words
        }

    def coverage(self, text: str) -> float:
        """Return which share of the question's words a text has."""
        known = self._weights.keys() & frozenset(content_words(text, self._language))
        return sum(self._weights[word] for word in known) / (sum(self._weights.values()) or 1.0)


def _most_promising(blocks: Sequence[Block], words: _Words) -> list[Block]:
    """Return the blocks that are worth reading: the best of each passage, then the best of all."""
    ordered = sorted(blocks, key=lambda block: -block.passage.score - WORDS_SHARE * words.coverage(block.framed))
    of_passage = {block.passage.number: block for block in reversed(ordered)}
    first = [block for block in ordered if of_passage[block.passage.number] is block]
    others = [block for block in ordered if of_passage[block.passage.number] is not block]
    return [*first, *others][:MOST_READ]


def _logits(question: str, blocks: Sequence[Block], reader: Reader | None) -> tuple[float, list[float]]:
    """Return how well the reader knows the question's language, and its logit for each block."""
    unread = [0.0] * len(blocks)
    if reader is None:
        return 0.0, unread
    try:
        logits = reader.score(question, [block.framed[:LONGEST_READ] for block in blocks])
    except ProviderError:  # search's own order is good enough to go on with
        return 0.0, unread
    return reader.fluency(question), logits


def _scored(block: Block, logit: float, fluency: float, words: _Words) -> Scored:
    coverage = words.coverage(block.framed)
    rank = fluency * logit / LOGIT_SCALE + block.passage.score + (1 - fluency) * coverage
    return Scored(block=block, rank=rank, logit=logit, coverage=coverage, cosine=block.passage.cosine)


def _with_cosines(question: str, scored: Sequence[Scored], embeddings: EmbeddingService) -> list[Scored]:
    """Return the blocks with cosines of their own for the best of them."""
    best = scored[:MOST_EMBEDDED]
    try:
        asked = embeddings.embed_query(question).vector
        found = embeddings.embed_documents([one.block.framed[:LONGEST_READ] for one in best])
    except ProviderError:  # an embedding model on another server; search has told how close each passage is
        return list(scored)
    cosines = [float(result.vector @ asked) for result in found]
    return [_with_cosine(one, cosine) for one, cosine in zip(best, cosines, strict=True)] + list(scored[len(best) :])


def _with_cosine(scored: Scored, cosine: float) -> Scored:
    return Scored(
        block=scored.block, rank=scored.rank, logit=scored.logit, coverage=scored.coverage, cosine=cosine
    )
