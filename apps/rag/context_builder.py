"""Chooses the passages that an answer may be made from: numbered, no two alike, diverse, within a token budget."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol
from uuid import UUID

from apps.core.chunking import Part

SHINGLE = 5  # words in a row; in scripts without spaces, as many characters
ALIKE = 0.8  # share of the shorter passage's shingles that stand in the other: the same text, perhaps reformatted
# In ranks, not in scores: scores of different questions have different scales.
REPETITION_COST = 8.0  # ranks a passage loses for saying all that a chosen one says
SAME_DOCUMENT_COST = 0.5  # ranks a passage loses for each chosen one of its document


class Candidate(Protocol):
    """What the context needs of a hit; search's own type has it, and importing that would bring the database along."""

    @property
    def passage_id(self) -> UUID: ...
    @property
    def document_id(self) -> UUID: ...
    @property
    def title(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def heading_path(self) -> tuple[str, ...]: ...
    @property
    def text(self) -> str: ...
    @property
    def layout(self) -> tuple[Part, ...]: ...
    @property
    def page(self) -> int | None: ...
    @property
    def score(self) -> float: ...
    @property
    def cosine(self) -> float: ...
    @property
    def bm25(self) -> float: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class ContextPassage:
    """A passage under the number by which the model cites it."""

    number: int
    passage_id: UUID
    document_id: UUID
    title: str = field(repr=False)
    url: str = field(repr=False)
    heading_path: tuple[str, ...] = field(repr=False)
    text: str = field(repr=False)
    page: int | None
    score: float
    cosine: float
    layout: tuple[Part, ...] = field(default=(), repr=False)

    @property
    def heading(self) -> str:
        """Where the passage stands: its document's title and the headings above it, each once."""
        return " › ".join(dict.fromkeys(part for part in (self.title, *self.heading_path) if part))


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """The passages of one turn, best first, and about how many tokens they take."""

    passages: tuple[ContextPassage, ...] = ()
    tokens: int = 0


def approximate_tokens(text: str) -> int:
    """Return about how many tokens a text has: four bytes of UTF-8 each, near enough in every script."""
    return len(text.encode(errors="replace")) // 4 + 1


class ContextBuilder:
    """Builds the context of one turn from what search found: first what is to be read, then what is to be used."""

    def __init__(
        self,
        *,
        max_candidates: int = 12,
        max_passages: int = 8,
        max_tokens: int = 3000,
        count_tokens: Callable[[str], int] = approximate_tokens,
    ) -> None:
        self._max_candidates = max_candidates
        self._max_passages = max_passages
        self._max_tokens = max_tokens
        self._count_tokens = count_tokens

    def candidates(self, hits: Sequence[Candidate]) -> Context:
        """Return the passages that are worth reading, best first (as the hits are), no two of them nearly alike."""
        chosen = [_numbered(hit, number) for number, hit in enumerate(_diverse(hits), 1)][: self._max_candidates]
        return Context(passages=tuple(chosen), tokens=sum(map(self._cost, chosen)))

    def build(self, hits: Sequence[Candidate]) -> Context:
        """Return the context by search's order alone."""
        return self.best_of(self.candidates(hits))

    def best_of(self, candidates: Context, ranks: Sequence[int] = ()) -> Context:
        """Return the best of the candidates within the budget, numbered from 1; one that doesn't fit is passed over.

        `ranks` are those that another judge gives them, 0 for the best. They are blended with search's own by rank:
        the two have different scales, and neither alone is as good as both.
        """
        order = list(range(len(candidates.passages)))
        if ranks:
            order.sort(key=lambda place: (place + ranks[place], ranks[place]))
        chosen: list[ContextPassage] = []
        spent = 0
        for place in order:
            passage = candidates.passages[place]
            cost = self._cost(passage)
            if len(chosen) < self._max_passages and spent + cost <= self._max_tokens:
                spent += cost
                chosen.append(replace(passage, number=len(chosen) + 1))
        return Context(passages=tuple(chosen), tokens=spent)

    def _cost(self, passage: ContextPassage) -> int:
        return self._count_tokens(f"{passage.title} {' '.join(passage.heading_path)} {passage.text}")


def _numbered(hit: Candidate, number: int) -> ContextPassage:
    return ContextPassage(
        number=number,
        passage_id=hit.passage_id,
        document_id=hit.document_id,
        title=hit.title,
        url=hit.url,
        heading_path=hit.heading_path,
        text=hit.text,
        page=hit.page,
        score=hit.score,
        cosine=hit.cosine,
        layout=hit.layout,
    )


def _diverse(hits: Sequence[Candidate]) -> Iterator[Candidate]:
    """Yield hits by rank less what they repeat (maximal marginal relevance), none that is nearly one before it."""
    waiting = {rank: (hit, _shingles(hit.text)) for rank, hit in enumerate(hits) if hit.text.strip()}
    repeated = dict.fromkeys(waiting, 0.0)  # the largest share of each that a chosen one already says
    chosen_of: Counter[UUID] = Counter()
    while waiting:
        best = min(waiting, key=lambda rank: _cost(rank, repeated[rank], chosen_of[waiting[rank][0].document_id]))
        hit, shingles = waiting.pop(best)
        yield hit
        chosen_of[hit.document_id] += 1
        for rank, (_, others) in tuple(waiting.items()):
            repeated[rank] = max(repeated[rank], _overlap(shingles, others))
            if repeated[rank] >= ALIKE:
                del waiting[rank]


def _cost(rank: int, repeated: float, of_same_document: int) -> float:
    return rank + REPETITION_COST * repeated + SAME_DOCUMENT_COST * of_same_document


def _shingles(text: str) -> frozenset[str]:
    words = text.casefold().split()
    if len(words) * 12 < len(text):  # hardly any spaces: a script that puts none between words
        words = list("".join(words))
    if len(words) < SHINGLE:
        return frozenset({" ".join(words)})
    return frozenset(" ".join(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1))


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Return which share of the smaller set stands in the other."""
    return len(one & other) / max(1, min(len(one), len(other)))
