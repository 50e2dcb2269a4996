"""The language model of one chatbot's answer: what it uses up is written down, and it is not asked beyond a budget."""

import logging
import math
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from decimal import Decimal
from typing import Protocol

from django.db import Error as AnyDatabaseError

from apps.chatbots.budget_service import budget
from apps.chatbots.tokens import Tokens
from apps.core.database.threads import in_background, in_database
from apps.core.error_handling import ProviderError
from apps.rag.llm_service import LLMService, Prompt, Stop, Token
from apps.rag.llm_service.protocol import Usage

logger = logging.getLogger(__name__)

BYTES_PER_TOKEN = 4  # of UTF-8; a little more than most texts have, and for a bill that nobody sends, near enough
TOKENS_PER_MESSAGE = 4  # what a chat's form takes
OURS = {"extractive", "leak test"}  # providers that are no model of anybody's and cost nothing


class Payer(Protocol):
    """What must be known of the chatbot that a model is asked for."""

    @property
    def id(self) -> uuid.UUID: ...
    @property
    def monthly_cost(self) -> Decimal | None: ...
    @property
    def monthly_tokens(self) -> int | None: ...


def on_account_of(chatbot: Payer, service: LLMService | None) -> LLMService | None:
    """Return the language model as one answer of the chatbot may use it; None stays None."""
    return service if service is None or service.provider in OURS else BudgetedLLM(service, chatbot)


class BudgetedLLM:
    """Passes everything through as it comes; raises BudgetError instead of asking where the budget is used up.

    One is made for each question. Whether there is a budget left is asked at its first call only: a question that was
    begun with the model is answered with it.
    """

    def __init__(self, inner: LLMService, chatbot: Payer) -> None:
        self._inner = inner
        self._chatbot = chatbot
        self._begins = True

    @property
    def provider(self) -> str:
        return self._inner.provider

    @property
    def model(self) -> str:
        return self._inner.model

    async def generate(self, prompt: Prompt) -> AsyncGenerator[Token | Stop, None]:
        begins, call = self._begins, Call(prompt)
        reservation = await self._reserve(call, begins=begins)
        self._begins = False
        try:
            async with aclosing(self._inner.generate(prompt)) as answer:
                async for part in answer:
                    call.take(part)
                    yield part
        except ProviderError:
            call.failed = True
            raise
        finally:
            # Nobody waits for the ledger; the process doesn't end before it is written.
            in_background(write, self._chatbot.id, call.used(), reservation, begins=begins)

    async def _reserve(self, call: "Call", *, begins: bool) -> uuid.UUID | None:
        if self._chatbot.monthly_cost is None and self._chatbot.monthly_tokens is None:
            return None
        return await in_database(budget().reserve, self._chatbot.id, call.most(), begins=begins)


class Call:
    """Follows one call, and knows or estimates what it uses up."""

    def __init__(self, prompt: Prompt) -> None:
        self.failed = False
        self._asked = sum(tokens_in(message.content) + TOKENS_PER_MESSAGE for message in prompt.messages)
        self._longest = prompt.max_tokens
        self._said = 0  # bytes
        self._usage: Usage | None = None

    def take(self, part: Token | Stop) -> None:
        if isinstance(part, Stop):
            self._usage = part.usage
        else:
            self._said += len(part.text.encode(errors="replace"))

    def most(self) -> Tokens:
        """Return what the call may use up."""
        return Tokens(input=self._asked, output=self._longest)

    def used(self) -> Tokens:
        """Return what it has used up: what the server says, else an estimate; nothing where it failed at once."""
        if self._usage is not None:
            return Tokens(input=self._usage.prompt_tokens, output=self._usage.completion_tokens)
        if self.failed and not self._said:
            return Tokens()
        return Tokens(input=self._asked, output=math.ceil(self._said / BYTES_PER_TOKEN))


def tokens_in(text: str) -> int:
    return math.ceil(len(text.encode(errors="replace")) / BYTES_PER_TOKEN)


def write(chatbot_id: uuid.UUID, used: Tokens, reservation: uuid.UUID | None, *, begins: bool) -> None:
    """Write down what a call has used up. Where that fails, what was reserved for it is booked later."""
    try:
        budget().settle(chatbot_id, used, reservation=reservation, begins=begins)
    except AnyDatabaseError as error:
        logger.warning("What a model used up for %s can't be written: %s", chatbot_id, type(error).__name__)
