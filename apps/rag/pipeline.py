"""THE ANSWER FLOW: question → understand → search → read → decide → generate → check → repair → stream.

Everything here is on the visitor's side: search hands out citable passages only, and nothing else is asked. The one
exception is a chatbot set to `inform`: its informant brings learn-only text into the prompt and a gate for the answer.
On a hit, or when nothing of that answer holds, the same model writes the rest of the turn from citable passages alone.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from decimal import Decimal
from functools import partial
from typing import Protocol
from uuid import UUID

from apps.core.embedding_service import EmbeddingService
from apps.core.error_handling import ProviderError
from apps.core.services import load
from apps.rag.budgeted import on_account_of
from apps.rag.context_builder import Candidate, Context, ContextBuilder
from apps.rag.draft import Draft
from apps.rag.events import Event, Grounded, Turn
from apps.rag.lesson import Informant
from apps.rag.llm_service import LLMService, Prompt, Token, llm
from apps.rag.privacy_filter import PrivacyFilter
from apps.rag.privacy_filter.negative import NegativeGate
from apps.rag.prompts import answer_prompt, condense_prompt
from apps.rag.reading.reading import Reader
from apps.rag.reading.result import ReadContext, read_context
from apps.rag.synonyms import widened
from apps.rag.understanding import Understood, understand
from apps.rag.writing import Attempt, write
from apps.retrieval.services import embeddings, reader, search

SEARCHED = 20  # passages; the context takes the best that differ
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
    async def corrected(self, *, chatbot_id: UUID, query: str, language: str) -> str: ...


class RAGPipeline:
    """Answers one chatbot's questions, sentence by sentence, each with the citation that proves it."""

    def __init__(
        self,
        *,
        chatbot: Chatbot,
        search: SearchService,
        embeddings: EmbeddingService,
        reader: Reader | None = None,
        llm: LLMService | None = None,
        informant: Informant | None = None,
        context_builder: ContextBuilder | None = None,
    ) -> None:
        self._chatbot = chatbot
        self._search = search
        self._embeddings = embeddings
        self._reader = reader
        self._llm = llm
        self._informant = informant
        self._context_builder = context_builder or ContextBuilder()

    async def answer(self, question: str, history: Sequence[Turn] = ()) -> AsyncGenerator[Event, None]:
        """Yield the answer as it is checked, and Finished at the end. Closing the generator stops the model.

        Raises what search raises; a language model that fails is replaced by extraction and raises nothing.
        """
        understood = understand(question, history, self._chatbot.language)
        draft = Draft(language=understood.language)
        if reply := understood.reply:
            yield draft.say(reply.text)
            yield draft.finished(answered=reply.answered)
            return
        query = await self._condense(understood, history, draft)
        hits = await self._find(query, draft)
        read = await self._read(query, hits, draft)
        context = self._build(hits, read, draft)
        yield grounded_in(read.context)
        ask = partial(
            answer_prompt,
            question=understood.question,
            query=query,
            history=history,
            context=context,
            name=self._chatbot.name,
            instructions=self._chatbot.instructions,
            language=understood.language,
            tone=self._chatbot.tone,
        )
        prompt = ask()
        informed = await self._inform(ask, prompt, history, question, draft)
        checker = self._checker(context, understood, question, history)
        async with aclosing(
            write(prompt, informed=informed, llm=self._llm, checker=checker, draft=draft, quoted=read.quoted)
        ) as events:
            async for event in events:
                yield event
        answered = draft.has_answer
        for event in self._closing(read, draft):
            yield event
        yield draft.finished(answered=answered)

    async def _condense(self, understood: Understood, history: Sequence[Turn], draft: Draft) -> str:
        """Return the question as it would be asked without the conversation before it, in the sources' spelling."""
        with draft.trace.stage("condense"):
            rewritten = await self._rewritten(understood, history, draft) if understood.is_follow_up else ""
            query = await self._search.corrected(
                chatbot_id=self._chatbot.id, query=rewritten or understood.query, language=understood.language
            )
        draft.trace.asked(query=query, language=understood.language)
        return query

    async def _find(self, query: str, draft: Draft) -> Sequence[Candidate]:
        with draft.trace.stage("search"):
            hits = await self._search.search(
                chatbot_id=self._chatbot.id,
                query=widened(query, draft.language),
                k=SEARCHED,
                steered=self._chatbot.is_steered,
            )
        draft.trace.searched(fallback=getattr(hits, "fallback", None))
        return hits

    async def _read(self, query: str, hits: Sequence[Candidate], draft: Draft) -> ReadContext:
        """Read the passages, which puts them in order, finds what to quote, and decides whether that is an answer."""
        with draft.trace.stage("read"):
            return await asyncio.to_thread(
                read_context,
                query,
                self._context_builder.candidates(hits),
                language=draft.language,
                embeddings=self._embeddings,
                reader=self._reader,
            )

    def _build(self, hits: Sequence[Candidate], read: ReadContext, draft: Draft) -> Context:
        with draft.trace.stage("context"):
            context = self._context_builder.best_of(read.context, read.ranks)
        draft.trace.found(hits, context)
        return context

    def _checker(
        self, context: Context, understood: Understood, question: str, history: Sequence[Turn]
    ) -> PrivacyFilter:
        """Return the filter that holds each sentence against the context; the visitor's own words need no source."""
        asked = f"{question}\n{history[-1].question}" if understood.is_follow_up else question
        said = (f"{turn.question}\n{turn.answer}" for turn in history)
        return PrivacyFilter(
            context=context,
            question=asked,
            known="\n".join((self._chatbot.name, self._chatbot.instructions, *said)),
            language=understood.language,
            reader=self._reader if self._reader is not None and self._reader.calibrated else None,
        )

    @staticmethod
    def _closing(read: ReadContext, draft: Draft) -> Iterator[Event]:
        """Yield what is said at the end: which others the question fits; without an answer, what there is instead."""
        if draft.text:
            if draft.has_answer and (choice := read.choice(draft.text)):
                yield draft.say(choice)
        elif read.has_something_close:
            for checked in read.closest():
                yield from draft.add(checked)
        else:
            yield draft.say(read.refusal())

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
        return Attempt(writer=self._llm, prompt=ask(background=lesson.passages), gate=gate, alarm=self._informant.alarm)

    async def _rewritten(self, understood: Understood, history: Sequence[Turn], draft: Draft) -> str:
        """Return the question as the language model spells it out; "" when there is none or it fails."""
        if self._llm is None:
            return ""
        asked = condense_prompt(question=understood.question, history=history)
        parts: list[str] = []
        try:
            async with asyncio.timeout(CONDENSE_SECONDS), aclosing(self._llm.generate(asked)) as answer:
                parts = [part.text async for part in answer if isinstance(part, Token)]
        except ProviderError as error:
            draft.give_up_model(error.code)
        except TimeoutError:  # slow to begin with, and may well answer the question itself
            return ""
        return " ".join("".join(parts).split())[:LONGEST_QUERY]


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
    return RAGPipeline(
        chatbot=chatbot,
        search=search(),
        embeddings=embeddings(),
        reader=reader(),
        informant=load(INFORMANT)(chatbot.id, message_id) if chatbot.learn_only_use == INFORM else None,
        llm=on_account_of(chatbot, llm()),
    )
