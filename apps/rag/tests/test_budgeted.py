"""What a call of a model used up is told or estimated, however it ends; beyond the budget no call is made."""

import asyncio
import uuid
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pytest

from apps.chatbots.tokens import Tokens
from apps.core.error_handling import BudgetError, ProviderUnavailableError
from apps.core.services import ServiceRegistry
from apps.rag.budgeted import TOKENS_PER_MESSAGE, on_account_of
from apps.rag.llm_service import ChatMessage, LLMService, Prompt, ScriptedLLMService, Stop, Token
from apps.rag.llm_service.protocol import Usage
from apps.rag.tests.shop import ShopBot

PROMPT = Prompt(question="How long?", messages=(ChatMessage(role="user", content="x" * 400),), max_tokens=50)
TOOK = Usage(prompt_tokens=321, completion_tokens=21)
ASKED = 100 + TOKENS_PER_MESSAGE


@dataclass
class Ledger:
    """A budget that is kept in memory: the seam's fake."""

    used_up: bool = False
    reserved: list[tuple[Tokens, bool]] = field(default_factory=list)
    settled: list[tuple[Tokens, uuid.UUID | None, bool]] = field(default_factory=list)

    def reserve(self, chatbot_id: uuid.UUID, tokens: Tokens, *, begins: bool) -> uuid.UUID:
        if begins and self.used_up:
            raise BudgetError
        self.reserved.append((tokens, begins))
        return uuid.UUID(int=len(self.reserved))

    def settle(self, chatbot_id: uuid.UUID, tokens: Tokens, *, reservation: uuid.UUID | None, begins: bool) -> None:
        self.settled.append((tokens, reservation, begins))


class Metered(ScriptedLLMService):
    """A server that tells how many tokens it took."""

    async def generate(self, prompt: Prompt) -> Any:
        async with aclosing(super().generate(prompt)) as parts:
            async for part in parts:
                yield replace(part, usage=TOOK) if isinstance(part, Stop) else part


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    made = Ledger()
    with ServiceRegistry.override("budget", made):
        yield made


async def heard(service: LLMService | None, *, most: int = 99) -> Sequence[Token | Stop]:
    assert service is not None
    parts: list[Token | Stop] = []
    async with aclosing(service.generate(PROMPT)) as answer:
        async for part in answer:
            parts.append(part)
            if len(parts) == most:
                break
    return parts


async def written(ledger: Ledger, number: int = 1) -> list[tuple[Tokens, uuid.UUID | None, bool]]:
    """Return what was written down, which nobody waited for."""
    async with asyncio.timeout(5):
        while len(ledger.settled) < number:
            await asyncio.sleep(0.001)
    return ledger.settled


def account(service: LLMService, **budget: Any) -> LLMService:
    made = on_account_of(ShopBot(**budget), service)
    assert made is not None
    return made


async def test_everything_comes_through_and_the_server_s_own_figures_are_written_down(ledger: Ledger) -> None:
    service = account(Metered(["Two ", "years."]))
    assert isinstance(service, LLMService)
    assert (service.provider, service.model) == ("scripted", "script")
    parts = await heard(service)
    assert [part.text for part in parts if isinstance(part, Token)] == ["Two ", "years."]
    assert await written(ledger) == [(Tokens(input=321, output=21), None, True)]
    assert ledger.reserved == [], "without a budget nobody is asked before the model is"


async def test_a_server_that_tells_nothing_is_estimated(ledger: Ledger) -> None:
    await heard(account(ScriptedLLMService(["Zwei ", "Jahre für dich."])))
    assert await written(ledger) == [(Tokens(input=ASKED, output=6), None, True)]  # 21 bytes


async def test_who_leaves_in_the_middle_has_used_up_what_was_asked_and_said(ledger: Ledger) -> None:
    await heard(account(Metered(["Two ", "years."])), most=1)
    assert await written(ledger) == [(Tokens(input=ASKED, output=1), None, True)]


async def test_a_failure_costs_what_was_said_before_it_and_nothing_when_that_is_nothing(ledger: Ledger) -> None:
    for said in (["Two years, "], []):
        with pytest.raises(ProviderUnavailableError):
            await heard(account(ScriptedLLMService(said, failing=ProviderUnavailableError())))
    assert [tokens for tokens, _, _ in await written(ledger, 2)] == [Tokens(input=ASKED, output=3), Tokens()]


async def test_what_a_call_may_take_is_put_aside_before_it_and_given_back_after(ledger: Ledger) -> None:
    await heard(account(Metered(["Two years."]), monthly_cost=Decimal(5)))
    assert ledger.reserved == [(Tokens(input=ASKED, output=50), True)]
    assert await written(ledger) == [(Tokens(input=321, output=21), uuid.UUID(int=1), True)]


async def test_beyond_the_budget_the_model_is_not_asked(ledger: Ledger) -> None:
    ledger.used_up = True
    model = ScriptedLLMService(["Two years."])
    with pytest.raises(BudgetError):
        await heard(account(model, monthly_tokens=5))
    assert model.prompts == []
    assert ledger.settled == []


async def test_a_question_that_was_begun_with_the_model_is_answered_with_it(ledger: Ledger) -> None:
    service = account(Metered(["Two years."]), monthly_tokens=5)
    await heard(service)
    ledger.used_up = True
    await heard(service)
    assert [begins for _, begins in ledger.reserved] == [True, False]
    assert [begins for _, _, begins in await written(ledger, 2)] == [True, False], "and it is one answer"


def test_extraction_costs_nothing() -> None:
    extractive = ScriptedLLMService([])
    extractive.provider = "extractive"
    assert on_account_of(ShopBot(), extractive) is extractive
    assert on_account_of(ShopBot(), None) is None
