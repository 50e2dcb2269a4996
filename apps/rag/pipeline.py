"""THE ANSWER FLOW: question → search → rerank → context → generate → privacy filter → stream.

Everything here is on the visitor's side: search hands out citable passages only, and nothing else is asked. The one
exception is a chatbot set to `inform`: its informant brings learn-only text into the prompt and a gate for the answer.
On a hit, or when nothing of that answer holds, the same model writes the rest of the turn from citable passages alone.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Protocol
from uuid import UUID

from apps.core.embedding_service import EmbeddingService
from apps.core.error_handling import ProviderError, ProviderUnavailableError
from apps.core.services import ServiceRegistry, load
from apps.rag.budgeted import on_account_of
from apps.rag.context_builder import Candidate, Context, ContextBuilder
from apps.rag.draft import Draft
from apps.rag.events import Event, Grounded, Turn
from apps.rag.follow_up import carry_over, is_follow_up
from apps.rag.languages import language_of, no_answer
from apps.rag.lesson import Informant
from apps.rag.llm_service import ExtractiveLLMService, LLMService, Prompt, Stop, StopReason, Token
from apps.rag.privacy_filter import PrivacyFilter
from apps.rag.privacy_filter.negative import NegativeGate
from apps.rag.prompts import answer_prompt, condense_prompt
from apps.rag.small_talk import small_talk
from apps.rag.synonyms import widened

SEARCHED = 20  # passages; the context takes the best that differ
SEARCHED_FOR_RERANKING = 40
CONDENSE_SECONDS = 3.0
LONGEST_QUERY = 400  # characters of a rewritten question

INFORM = "inform"  # the mode in which a prompt may hold learn-only text
INFORMANT = "apps.rag.informant.ChatbotInformant"  # loaded only for that: whatever else answers doesn't know of it


class Chatbot(Protocol):
    """What the flow needs of a chatbot."""

    @property
    def id(self) -> UUID: ...
    @property
    def name(self) -> str: ...
    @property
    def instructions(self) -> str: ...
    @property
    def tone(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def is_steered(self) -> bool: ...


class ConfiguredChatbot(Chatbot, Protocol):
    """A chatbot with the settings by which its pipeline is made."""

    @property
    def learn_only_use(self) -> str: ...
    @property
    def monthly_cost(self) -> Decimal | None: ...
    @property
    def monthly_tokens(self) -> int | None: ...


class SearchService(Protocol):
    """Finds a chatbot's citable passages, best first."""

    async def search(self, *, chatbot_id: UUID, query: str, k: int, steered: bool) -> Sequence[Candidate]: ...


class Reranker(Protocol):
    """Scores passages anew; calls block."""

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """Who writes from which prompt, and the gate that watches over it where the prompt holds learn-only text."""

    writer: LLMService
    prompt: Prompt = field(repr=False)
    gate: NegativeGate | None = None


class RAGPipeline:
    """Answers one chatbot's questions, sentence by sentence, each with the citation that proves it."""

    def __init__(
        self,
        *,
        chatbot: Chatbot,
        search: SearchService,
        extractive: LLMService,
        llm: LLMService | None = None,
        reranker: Reranker | None = None,
        informant: Informant | None = None,
        context_builder: ContextBuilder | None = None,
    ) -> None:
        self._chatbot = chatbot
        self._search = search
        self._extractive = extractive
        self._llm = llm
        self._reranker = reranker
        self._informant = informant
        self._context_builder = context_builder or ContextBuilder()

    async def answer(self, question: str, history: Sequence[Turn] = ()) -> AsyncGenerator[Event, None]:
        """Yield the answer as it is checked, and Finished at the end. Closing the generator stops the model.

        Raises what search raises; a language model that fails is replaced by extraction and raises nothing.
        """
        language = language_of(question, self._chatbot.language)
        draft = Draft(language=language)
        if reply := small_talk(question):
            yield draft.say(reply.text)
            yield draft.finished(answered=reply.answered)
            return
        query = await self._condense(question, history, draft)
        hits = await self._find(query, draft)
        context = self._build(hits, draft)
        yield grounded_in(context)
        ask = partial(
            answer_prompt,
            question=question,
            query=query,
            history=history,
            context=context,
            name=self._chatbot.name,
            instructions=self._chatbot.instructions,
            language=language,
            tone=self._chatbot.tone,
        )
        prompt, known_words = ask(), self._known_words(question, history, language)
        informed = await self._inform(ask, prompt, history, question, draft)
        async with aclosing(self._write(prompt, informed, known_words, draft)) as events:
            async for event in events:
                yield event
        if not draft.text:
            yield draft.say(no_answer(language))
        yield draft.finished(answered=bool(draft.citations))

    async def _condense(self, question: str, history: Sequence[Turn], draft: Draft) -> str:
        """Return the question as it would be asked without the conversation before it."""
        with draft.trace.stage("condense"):
            query = question
            if history and is_follow_up(question, draft.language):
                rewritten = await self._rewritten(question, history, draft)
                query = rewritten or carry_over(question, history, draft.language)
        draft.trace.asked(query=query, language=draft.language)
        return query

    async def _find(self, query: str, draft: Draft) -> Sequence[Candidate]:
        wanted = SEARCHED_FOR_RERANKING if self._reranker else SEARCHED
        with draft.trace.stage("search"):
            searched = widened(query, draft.language)
            hits = await self._search.search(
                chatbot_id=self._chatbot.id, query=searched, k=wanted, steered=self._chatbot.is_steered
            )
        draft.trace.searched(fallback=getattr(hits, "fallback", None))
        if self._reranker is None or not hits:
            return hits
        with draft.trace.stage("rerank"):
            try:
                scores = await asyncio.to_thread(self._reranker.rerank, query, [_whole_text(hit) for hit in hits])
            except ProviderError:
                return hits  # search's own order is good enough to go on with
        return [hit for _, hit in sorted(zip(scores, hits, strict=True), key=lambda pair: -pair[0])]

    def _build(self, hits: Sequence[Candidate], draft: Draft) -> Context:
        with draft.trace.stage("context"):
            context = self._context_builder.build(hits)
        draft.trace.found(hits, context)
        return context

    async def _inform(
        self, ask: Callable[..., Prompt], prompt: Prompt, said: Sequence[Turn], question: str, draft: Draft
    ) -> Attempt | None:
        """Return how the model is asked when it may know what it must not tell; None when there is nothing to know."""
        if self._informant is None or self._llm is None or draft.model_failed or not prompt.context.passages:
            return None
        with draft.trace.stage("inform"):
            lesson = await self._informant.lesson(prompt.question)
            if lesson is None:
                return None
            asked = "\n".join((*(turn.question for turn in said), question))
            gate = NegativeGate(lesson.screen, visitor_text=asked, earlier=[turn.answer for turn in said])
        draft.trace.informed()
        return Attempt(writer=self._llm, prompt=ask(background=lesson.passages), gate=gate)

    def _attempts(self, prompt: Prompt, informed: Attempt | None, draft: Draft) -> Iterator[Attempt]:
        """Yield who is to write, one after another, as long as the answer isn't settled."""
        if not prompt.context.passages:
            return
        if informed is not None:
            yield informed
        if self._llm is not None and not draft.model_failed:
            yield Attempt(writer=self._llm, prompt=prompt)
        yield Attempt(writer=self._extractive, prompt=prompt)

    async def _write(
        self, prompt: Prompt, informed: Attempt | None, known_words: str, draft: Draft
    ) -> AsyncGenerator[Event, None]:
        """Let the language model write; where there is none, or nothing of it holds, extraction does."""
        checker = PrivacyFilter(context=prompt.context, question=known_words, language=prompt.language)
        with draft.trace.stage("generate"):
            for attempt in self._attempts(prompt, informed, draft):
                if draft.is_settled:
                    break
                checker.restart(attempt.gate.admitted if attempt.gate else None)
                async with aclosing(self._checked(attempt, checker, draft)) as events:
                    async for event in events:
                        yield event
                if checker.stopped and attempt.gate is not None and self._informant is not None:
                    draft.reopen(attempt.gate.hits)
                    await self._informant.alarm(attempt.gate.hits)
                elif not draft.is_settled and attempt.writer is self._llm and attempt.gate is None:
                    draft.trace.failed("answer_unsupported")

    async def _checked(self, attempt: Attempt, checker: PrivacyFilter, draft: Draft) -> AsyncGenerator[Event, None]:
        """Yield what the filter lets through of what one writer says."""
        writer = attempt.writer
        draft.trace.written_by(writer)
        if writer is self._llm:
            draft.trace.prompted(attempt.prompt)
        complete = False
        try:
            async with aclosing(writer.generate(attempt.prompt)) as answer:
                async for part in answer:
                    if isinstance(part, Stop):
                        complete = part.reason is not StopReason.CUT_OFF
                        draft.stopped(writer, part)
                        continue
                    for checked in checker.feed(part.text):
                        for event in draft.add(checked):
                            yield event
                    if checker.is_full:
                        break
        except ProviderError as error:
            draft.give_up_model(error.code)
        for checked in checker.flush(complete=complete):
            for event in draft.add(checked):
                yield event
        draft.checked_by(checker)

    async def _rewritten(self, question: str, history: Sequence[Turn], draft: Draft) -> str:
        """Return the question as the language model spells it out; "" when there is none or it fails."""
        if self._llm is None:
            return ""
        parts: list[str] = []
        try:
            async with asyncio.timeout(CONDENSE_SECONDS):
                async with aclosing(self._llm.generate(condense_prompt(question=question, history=history))) as answer:
                    parts = [part.text async for part in answer if isinstance(part, Token)]
        except ProviderError as error:
            draft.give_up_model(error.code)
        except TimeoutError:
            draft.give_up_model(ProviderUnavailableError.code)
        return " ".join("".join(parts).split())[:LONGEST_QUERY]

    @staticmethod
    def _known_words(question: str, history: Sequence[Turn], language: str) -> str:
        """Return the visitor's own words, which an answer may use without a source saying them."""
        if history and is_follow_up(question, language):
            return f"{question}\n{history[-1].question}"
        return question


def _whole_text(hit: Candidate) -> str:
    return "\n".join(dict.fromkeys(part for part in (hit.title, *hit.heading_path, hit.text) if part))


def grounded_in(context: Context) -> Grounded:
    """Return the event that tells which passages the answer is made from."""
    passages = context.passages
    return Grounded(
        passage_ids=tuple(one.passage_id for one in passages),
        document_ids=frozenset(one.document_id for one in passages),
    )


def create_rag_pipeline(chatbot: ConfiguredChatbot, *, message_id: UUID | None = None) -> RAGPipeline:
    """Return the pipeline of a chatbot, made from the services that settings name.

    `message_id` is that of the answer, by which the owner finds it when an alarm is raised.
    """
    embeddings: EmbeddingService = ServiceRegistry.get("embeddings")
    return RAGPipeline(
        chatbot=chatbot,
        search=ServiceRegistry.get("search"),
        reranker=ServiceRegistry.get("reranker"),
        informant=load(INFORMANT)(chatbot.id, message_id) if chatbot.learn_only_use == INFORM else None,
        llm=on_account_of(chatbot, ServiceRegistry.get("llm")),
        extractive=ExtractiveLLMService(embeddings=embeddings),
    )
