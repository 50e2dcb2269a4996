"""Answers without a language model: by the sentences of the passages that answer best, each with its citation."""

import asyncio
from collections.abc import AsyncGenerator

from apps.core.embedding_service import EmbeddingService
from apps.core.error_handling import ProviderError
from apps.rag.candidates import CandidateUnit, Scored, find_candidates, judge_for, most_promising
from apps.rag.llm_service.protocol import Prompt, Stop, StopReason, Token
from apps.rag.relevance import OWN_IN_RANK, Judge
from apps.rag.selection import Line, select
from apps.rag.synonyms import widened


class ExtractiveLLMService:
    """Takes sentences over word for word. Says nothing when none of them is relevant to the question."""

    provider = "extractive"

    def __init__(self, *, embeddings: EmbeddingService) -> None:
        self._embeddings = embeddings

    @property
    def model(self) -> str:
        return self._embeddings.name

    async def generate(self, prompt: Prompt) -> AsyncGenerator[Token | Stop, None]:
        lines = await asyncio.to_thread(self._lines, prompt)
        for line in lines:
            yield Token(text=line.cited())
        yield Stop(reason=StopReason.COMPLETE if lines else StopReason.NO_ANSWER)

    def _lines(self, prompt: Prompt) -> list[Line]:
        candidates = find_candidates(prompt.context, prompt.language)
        if not candidates:
            return []
        fluency = self._embeddings.fluency(prompt.question)
        judge = judge_for(prompt.question, candidates, fluency=fluency, language=prompt.language)
        scored = self._scored(widened(prompt.question, prompt.language), most_promising(candidates, judge), judge)
        return select(scored, judge)

    def _scored(self, question: str, candidates: list[CandidateUnit], judge: Judge) -> list[Scored]:
        """Return the candidates with their values, best first."""
        try:
            asked = self._embeddings.embed_query(question).vector
            framed = self._embeddings.embed_documents([candidate.framed_text for candidate in candidates])
            cosines = [float(result.vector @ asked) for result in framed]
        except ProviderError:  # an embedding model on another server; search has told how close each passage is
            cosines = [candidate.passage.cosine for candidate in candidates]
        scored = [_score(candidate, cosine, judge) for candidate, cosine in zip(candidates, cosines, strict=True)]
        return sorted(scored, key=lambda one: one.rank, reverse=True)


def _score(candidate: CandidateUnit, cosine: float, judge: Judge) -> Scored:
    framed, own = judge.coverage(candidate.framed), judge.coverage(candidate.words)
    coverage = framed + OWN_IN_RANK * (own - framed)
    rank = judge.rank(cosine=cosine, coverage=coverage, passage_score=candidate.passage.score)
    gain = judge.row_gain(subject=candidate.subject, framed=framed)
    return Scored(candidate=candidate, rank=rank + gain, cosine=cosine, coverage=coverage, gain=gain)
