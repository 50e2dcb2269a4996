"""Runs the suite against one chatbot, on the visitors' own way, and keeps what came of every attempt."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.accounts.services import digest
from apps.chatbots.models import Chatbot
from apps.conversations.models import Conversation, Message
from apps.conversations.services import ChatService, Exchange
from apps.core.database.threads import in_database
from apps.core.database.visitor import close_visitor_pool, visiting
from apps.core.services import ServiceRegistry
from apps.observability.leaktest.attacks import BY_NUMBER, CATALOGUE, Case, Family, Target
from apps.observability.leaktest.exchange import Attempt, Client, Reply, carry_out
from apps.observability.leaktest.judge import Judge, Material, Mistake
from apps.observability.leaktest.judge.folding import letters_of
from apps.observability.leaktest.visiting import InProcessClient, rows_seen
from apps.observability.leaktest.worst_models import (
    PrivateEncoderLLM,
    PromptEchoLLM,
    RecordingLLM,
    prompts_sent,
)
from apps.observability.models import LeakTestConversation, LeakTestRun
from apps.rag.llm_service import LLMService, llm
from apps.retrieval.models import PrivacyAlarm

AT_ONCE = 4  # attempts, so that a slow model is not waited for one by one
STREAMS, LOGS = 58, 57


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """One case against one target."""

    family: Family
    case: Case
    target: Target
    stream: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What came of a trial."""

    trial: Trial
    model: str
    attempt: Attempt = field(repr=False)
    mistakes: tuple[Mistake, ...] = field(repr=False)
    informed: bool = False  # the model was told something learn-only

    @property
    def withheld(self) -> bool:
        return bool(self.mistakes) and all(mistake.kind.startswith("nothing said") for mistake in self.mistakes)

    @property
    def leaked(self) -> bool:
        return bool(self.mistakes) and not self.withheld


class LeakTestChat(ChatService):
    """The chat as visitors have it, which marks each conversation as a test's in the transaction that begins it."""

    def __init__(self, run_id: UUID) -> None:
        super().__init__()
        self._run_id = run_id

    @transaction.atomic
    def ask(self, *args: Any, **kwargs: Any) -> Exchange:
        exchange = super().ask(*args, **kwargs)
        LeakTestConversation.objects.get_or_create(
            conversation_id=exchange.answer.conversation_id, defaults={"run_id": self._run_id}
        )
        return exchange


class LeakTest:
    """One run of the catalogue against a chatbot."""

    def __init__(
        self,
        *,
        run: LeakTestRun,
        targets: Sequence[Target],
        material: Material,
        catalogue: Sequence[Family] = CATALOGUE,
        client: Client | None = None,
    ) -> None:
        self._run = run
        self._chatbot: Chatbot = run.chatbot
        self._material = material
        self._judge = Judge(material, prompts_may_hold=run.mode == "inform")
        self._client = client or InProcessClient()
        self._quotable: dict[tuple[str, str], str] = {}
        # What a model may say and doesn't is no fault of the worst one, which may as well refuse.
        self.trials = [trial for trial in trials_of(targets, catalogue) if not (run.worst and trial.case.must_answer)]

    @property
    def total(self) -> int:
        return len(self.trials) * len(models_for(self._run, self._material)) + 1

    async def outcomes(self) -> AsyncIterator[Outcome]:
        """Yield what came of each trial, with each of the models; the logs are read at the end."""
        try:
            with listening() as logged, ServiceRegistry.override("chat", LeakTestChat(self._run.pk)):
                for model in models_for(self._run, self._material):
                    async for outcome in self._with(model):
                        yield outcome
            yield self._of_logs(logged)
        finally:
            await in_database(forget_conversations, self._run)
            await close_visitor_pool()

    async def _with(self, model: LLMService | None) -> AsyncIterator[Outcome]:
        named = model.model if model else self._run.model
        with ServiceRegistry.override("llm", RecordingLLM(model) if model else None):
            for place in range(0, len(self.trials), AT_ONCE):
                several = self.trials[place : place + AT_ONCE]
                for outcome in await asyncio.gather(*(self._try(trial, named) for trial in several)):
                    yield outcome

    async def _try(self, trial: Trial, model: str) -> Outcome:
        prompts: list[str] = []
        prompts_sent.set(prompts)  # seen by this attempt's requests alone: each runs in a task of its own
        case = trial.case
        if case.statements:
            rows = [await rows_seen(statement, self._chatbot.pk) for statement in case.statements]
            attempt = Attempt(case=case, asked="\n".join(case.statements), rows=sum(rows))
        else:
            attempt = await carry_out(
                case,
                self._client,
                public_id=self._chatbot.public_id,
                other_public_id=trial.target.other_public_id,
                stream=trial.stream,
            )
        mistakes = [*self._judge.mistakes(attempt, prompts), *await self._foreign_citations(attempt)]
        await in_database(forget_tokens, self._chatbot, attempt.tokens)
        return Outcome(
            trial=trial,
            model=model,
            attempt=attempt,
            mistakes=tuple(dict.fromkeys(mistakes)),
            informed=self._judge.is_informed(prompts, attempt.asked),
        )

    async def _foreign_citations(self, attempt: Attempt) -> list[Mistake]:
        """Return citations whose words don't stand in a citable passage of that title."""
        cited = {(one["title"], one["url"], one["quote"]) for reply in attempt.replies for one in citations_of(reply)}
        return [
            Mistake(kind="foreign citation", excerpt=f"{title}: {quote}")
            for title, url, quote in sorted(cited)
            if letters_of(quote) not in await self._readable(title, url)
        ]

    async def _readable(self, title: str, url: str) -> str:
        if (title, url) not in self._quotable:
            async with visiting(self._chatbot.pk) as connection:
                cursor = await connection.execute(
                    "SELECT text FROM citable_passage WHERE chatbot_id = %s AND title = %s AND (url = %s OR %s = '')",
                    [self._chatbot.pk, title, url, url],
                )
                rows = await cursor.fetchall()
            self._quotable[title, url] = " ".join(letters_of(row[0]) for row in rows)
        return self._quotable[title, url]

    def _of_logs(self, logged: Sequence[str]) -> Outcome:
        """What was logged during the run is an attempt of its own."""
        asked = "\n".join(turn for trial in self.trials for turn in trial.case.turns)
        attempt = Attempt(case=Case(name="what was logged"), asked=asked)
        trial = Trial(family=BY_NUMBER[LOGS], case=attempt.case, target=self.trials[0].target, stream=False)
        found = (self._judge.plain_hits(line, asked) for line in dict.fromkeys(logged))
        mistakes = {Mistake(kind="learn-only text in a log", excerpt=hit.excerpt) for hits in found for hit in hits}
        return Outcome(trial=trial, model=self._run.model, attempt=attempt, mistakes=tuple(mistakes))


def trials_of(targets: Sequence[Target], catalogue: Sequence[Family]) -> Iterator[Trial]:
    """Yield every case against every target; by turns as a stream and as JSON."""
    for family in catalogue:
        for number, target in enumerate(targets):
            for place, case in enumerate(family.cases(target)):
                stream = family.number == STREAMS or (place + number) % 2 == 0
                yield Trial(family=family, case=case, target=target, stream=stream)


def models_for(run: LeakTestRun, material: Material) -> list[LLMService | None]:
    """Return the models of a run: the worst ones, or the chatbot's own (None where answers come by extraction)."""
    if run.worst:
        return [PromptEchoLLM(), PrivateEncoderLLM(material)]
    return [llm()]


def citations_of(reply: Reply) -> Iterator[dict[str, Any]]:
    for name, payload in reply.events:
        if name == "citation":
            yield payload
        elif isinstance(payload, dict):
            yield from payload.get("citations") or []
            for message in payload.get("messages") or []:
                yield from message["citations"]


@contextmanager
def listening() -> Iterator[list[str]]:
    """Collect what is logged while the block runs, at the level that is set."""
    lines: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    listener = Listener()
    logging.getLogger().addHandler(listener)
    try:
        yield lines
    finally:
        logging.getLogger().removeHandler(listener)


def forget_tokens(chatbot: Chatbot, tokens: set[str]) -> None:
    """Delete the conversations that these tokens open."""
    Conversation.objects.filter(chatbot=chatbot, token_hash__in=[digest(token) for token in tokens]).delete()


def forget_conversations(run: LeakTestRun) -> None:
    """Delete every conversation that a run has begun, and the alarms that its answers have raised."""
    Conversation.objects.filter(leak_test__run=run).delete()
    if run.started_at:
        alarms = PrivacyAlarm.objects.filter(chatbot=run.chatbot, created_at__gte=run.started_at)
        alarms.exclude(message_id__in=Message.objects.values("pk")).delete()
