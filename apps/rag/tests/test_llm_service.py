"""Language models: one contract for all, and what happens when a server fails in each of the ways servers fail."""

import asyncio
import gc
import inspect
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

import httpx2
import openai
import pytest
import pytest_asyncio

from apps.core.circuit_breaker import CircuitBreaker
from apps.core.error_handling import (
    ProviderAnswerError,
    ProviderBusyError,
    ProviderError,
    ProviderRejectedError,
    ProviderUnavailableError,
)
from apps.rag.llm_service import (
    ChatMessage,
    LLMService,
    OpenAICompatibleLLMService,
    Prompt,
    RetryingLLMService,
    ScriptedLLMService,
    Stop,
    StopReason,
    Timeouts,
    Token,
    Usage,
)
from apps.rag.llm_service.guarded import GuardedLLMService
from apps.rag.llm_service.reasoning import ReasoningStripper
from apps.rag.llm_service.translation import provider_error
from apps.rag.tests.parrot import Parrot
from apps.rag.tests.shop import shop_context
from tests.llm_server import (
    Behaviour,
    LLMServer,
    breaks_off,
    endless,
    hangs,
    html,
    refuses,
    refuses_parameter,
    says,
    sends_raw,
    stalls,
    thinks_long,
)

ANSWER = "The warranty lasts 24 months. [1]"
PROMPT = Prompt(
    question="How long is the warranty?",
    context=shop_context(),
    messages=(ChatMessage(role="user", content="How long is the warranty?"),),
)
SHORT = Timeouts(connect=0.5, first_token=0.6, between_tokens=0.5, total=5.0, usage=0.2)


@pytest_asyncio.fixture
async def hasty_model(llm_server: LLMServer) -> AsyncIterator[OpenAICompatibleLLMService]:
    service = OpenAICompatibleLLMService(
        base_url=llm_server.base_url, api_key="sk-test", model="test-model", timeouts=SHORT
    )
    yield service
    await service.aclose()


@pytest_asyncio.fixture
async def model(llm_server: LLMServer) -> AsyncIterator[OpenAICompatibleLLMService]:
    """One that would wait for the server longer than any test does."""
    patient = Timeouts(patience=60, first_token=60, between_tokens=60)
    service = OpenAICompatibleLLMService(
        base_url=llm_server.base_url, api_key="sk-test", model="test-model", timeouts=patient
    )
    yield service
    await service.aclose()


async def read(service: LLMService, prompt: Prompt = PROMPT) -> tuple[str, Stop]:
    events = [event async for event in service.generate(prompt)]
    assert all(isinstance(event, Token) for event in events[:-1])
    assert isinstance(events[-1], Stop)
    return "".join(event.text for event in events[:-1] if isinstance(event, Token)), events[-1]


class TestContract:
    """Holds for every provider and for the fake."""

    @pytest.fixture(params=["openai-compatible", "retrying", "guarded", "scripted", "parrot"])
    def service(
        self, request: pytest.FixtureRequest, llm_server: LLMServer, model: OpenAICompatibleLLMService
    ) -> LLMService:
        llm_server.behave(says(ANSWER))
        made: dict[str, Callable[[], LLMService]] = {
            "openai-compatible": lambda: model,
            "retrying": lambda: RetryingLLMService(model),
            "guarded": lambda: GuardedLLMService(RetryingLLMService(model), CircuitBreaker()),
            "scripted": lambda: ScriptedLLMService([ANSWER[:9], ANSWER[9:]]),
            "parrot": lambda: Parrot("grey"),
        }
        return made[request.param]()

    async def test_it_yields_tokens_and_then_one_stop(self, service: LLMService) -> None:
        text, stop = await read(service)
        assert "24 months" in text
        assert stop.reason is StopReason.COMPLETE

    async def test_it_names_itself(self, service: LLMService) -> None:
        assert isinstance(service, LLMService)
        assert service.provider
        assert service.model

    async def test_it_can_be_left_after_the_first_token(self, service: LLMService) -> None:
        answer = service.generate(PROMPT)
        assert isinstance(await anext(answer), Token)
        await answer.aclose()
        with pytest.raises(StopAsyncIteration):
            await anext(answer)


async def test_the_request_asks_for_what_is_needed_and_no_more(
    model: OpenAICompatibleLLMService, llm_server: LLMServer
) -> None:
    llm_server.behave(says(ANSWER))
    text, stop = await read(model)
    assert text == ANSWER
    assert stop.usage == Usage(prompt_tokens=321, completion_tokens=21)
    (request,) = llm_server.requests
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == "bearer sk-test"
    assert request.body.keys() == {"model", "messages", "stream", "stream_options", "temperature", "max_tokens"}


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (stalls(), ProviderUnavailableError),
        (hangs, ProviderUnavailableError),
        (stalls(ANSWER), ProviderUnavailableError),
        (breaks_off(), ProviderUnavailableError),
        (breaks_off(ANSWER), ProviderUnavailableError),
        (refuses(500), ProviderUnavailableError),
        (refuses(503), ProviderBusyError),
        (refuses(429, headers=["Retry-After: 7"]), ProviderBusyError),
        (refuses(429, "insufficient_quota"), ProviderRejectedError),
        (refuses(401), ProviderRejectedError),
        (refuses(404), ProviderRejectedError),
        (refuses(302, headers=["Location: http://127.0.0.1:9/elsewhere"]), ProviderRejectedError),
        (html, ProviderUnavailableError),
        (says(""), ProviderAnswerError),
        (endless("      "), ProviderAnswerError),
        (sends_raw("data: {nope", after=ANSWER), ProviderAnswerError),
        (sends_raw("data: 17"), ProviderUnavailableError),
        (sends_raw('data: {"choices": 5}'), ProviderAnswerError),
        (sends_raw('data: {"choices": [{"delta": {"content": 5}}]}'), ProviderAnswerError),
        (sends_raw('data: {"error": {"message": "overloaded"}}', after=ANSWER), ProviderUnavailableError),
        (sends_raw("data: " + "x" * 9_000_000), ProviderUnavailableError),
    ],
)
async def test_a_server_that_fails_becomes_an_error_of_our_own(
    hasty_model: OpenAICompatibleLLMService, llm_server: LLMServer, behaviour: Behaviour, error: type[ProviderError]
) -> None:
    llm_server.behave(behaviour)
    with pytest.raises(ProviderError) as caught:
        await read(hasty_model)
    assert type(caught.value) is error
    assert "server says" not in str(caught.value)


async def test_nobody_listens(model: OpenAICompatibleLLMService) -> None:
    dead = OpenAICompatibleLLMService(base_url="http://127.0.0.1:9/v1", api_key="", model="m", timeouts=SHORT)
    with pytest.raises(ProviderUnavailableError):
        await read(dead)
    await dead.aclose()


async def test_a_server_that_hangs_is_told_from_one_that_takes_its_time(llm_server: LLMServer) -> None:
    patient = Timeouts(connect=0.3, patience=0.2, first_token=5.0)
    service = OpenAICompatibleLLMService(base_url=llm_server.base_url, api_key="", model="m", timeouts=patient)
    llm_server.behave(thinks_long(0.8, says(ANSWER)))
    assert (await read(service))[0] == ANSWER
    assert llm_server.probes == 1
    llm_server.behave(hangs)
    started = time.monotonic()
    with pytest.raises(ProviderUnavailableError):
        await read(service)
    assert time.monotonic() - started < patient.first_token - 1
    await service.aclose()


async def test_an_endless_answer_is_cut_off(model: OpenAICompatibleLLMService, llm_server: LLMServer) -> None:
    llm_server.behave(endless("and so on " * 20))
    text, stop = await read(model)
    assert len(text) < 17_000
    assert stop.reason is StopReason.CUT_OFF
    assert await asyncio.to_thread(llm_server.wait_for_hang_up)


async def test_leaving_hangs_up_on_the_server_at_once(model: OpenAICompatibleLLMService, llm_server: LLMServer) -> None:
    llm_server.behave(stalls("The warranty lasts "))
    answer = model.generate(PROMPT)
    await anext(answer)
    await answer.aclose()
    assert await asyncio.to_thread(llm_server.wait_for_hang_up)


@pytest.mark.parametrize("leaves", [True, False])
async def test_no_generator_is_left_to_the_garbage_collector(
    model: OpenAICompatibleLLMService, llm_server: LLMServer, leaves: bool
) -> None:
    llm_server.behave(stalls("The warranty lasts ") if leaves else says(ANSWER))
    gc.collect()
    gc.disable()
    try:
        before = open_generators()
        async with aclosing(model.generate(PROMPT)) as answer:
            async for _ in answer:
                if leaves:
                    break
        del answer
        for _ in range(20):  # those that are merely let go of are closed by tasks
            await asyncio.sleep(0)
        left = open_generators() - before
    finally:
        gc.enable()
    assert left == Counter()


def open_generators() -> Counter[str]:
    return Counter(one.__qualname__ for one in gc.get_objects() if inspect.isasyncgen(one) and one.ag_frame is not None)


@pytest.mark.parametrize("behaviour", [stalls(), hangs])
async def test_a_cancelled_wait_for_the_first_token_hangs_up_too(
    model: OpenAICompatibleLLMService, llm_server: LLMServer, behaviour: Behaviour
) -> None:
    llm_server.behave(behaviour)
    task = asyncio.ensure_future(read(model))
    while not llm_server.requests:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(llm_server.wait_for_hang_up)


async def test_an_answer_that_reached_its_limit_says_so(
    model: OpenAICompatibleLLMService, llm_server: LLMServer
) -> None:
    llm_server.behave(says(ANSWER, reason="length"))
    assert (await read(model))[1].reason is StopReason.CUT_OFF


@pytest.mark.parametrize("name", ["temperature", "max_tokens", "stream_options"])
async def test_a_parameter_that_a_server_does_not_know_is_left_out_from_then_on(
    model: OpenAICompatibleLLMService, llm_server: LLMServer, name: str
) -> None:
    llm_server.behave(refuses_parameter(name, says(ANSWER)))
    assert (await read(model))[0] == ANSWER
    assert (await read(model))[0] == ANSWER
    assert [name in request.body for request in llm_server.requests] == [True, False, False]


@pytest.mark.parametrize(
    "pieces",
    [
        ["<think>The warranty lasts 36 months.</think>\n\n", ANSWER],
        ["\n<thi", "nk>", "36", " months</th", "ink>", ANSWER],
        ["<thinking>", "x" * 500, "</thinking>", ANSWER],
    ],
)
async def test_thinking_is_no_part_of_the_answer(
    model: OpenAICompatibleLLMService, llm_server: LLMServer, pieces: list[str]
) -> None:
    llm_server.behave(says(*pieces))
    assert (await read(model))[0].strip() == ANSWER


def test_thinking_without_end_is_no_answer_and_other_tags_are_none_of_its_business() -> None:
    stripper = ReasoningStripper()
    assert stripper.feed("<think>on and on") + stripper.flush() == ""
    stripper = ReasoningStripper()
    assert stripper.feed("<b") + stripper.feed(">bold</b> text") + stripper.flush() == "<b>bold</b> text"


class TestRetrying:
    """A retry helps only while nothing was said."""

    async def test_a_server_that_comes_back_is_not_noticed(
        self, model: OpenAICompatibleLLMService, llm_server: LLMServer
    ) -> None:
        llm_server.behave(refuses(500), breaks_off(), says(ANSWER))
        assert (await read(RetryingLLMService(model, pause=0.01)))[0] == ANSWER
        assert len(llm_server.requests) == 3

    async def test_text_that_was_said_is_never_said_again(
        self, model: OpenAICompatibleLLMService, llm_server: LLMServer
    ) -> None:
        llm_server.behave(breaks_off(ANSWER), says(ANSWER))
        answer = RetryingLLMService(model).generate(PROMPT)
        heard = [await anext(answer) for _ in range(len(ANSWER) // 4 + 1)]
        with pytest.raises(ProviderUnavailableError):
            await anext(answer)
        assert "".join(event.text for event in heard if isinstance(event, Token)) == ANSWER
        assert len(llm_server.requests) == 1

    @pytest.mark.parametrize("behaviour", [refuses(401), refuses(429, headers=["Retry-After: 60"])])
    async def test_what_a_retry_cannot_help_is_not_retried(
        self, model: OpenAICompatibleLLMService, llm_server: LLMServer, behaviour: Behaviour
    ) -> None:
        llm_server.behave(behaviour)
        started = time.monotonic()
        with pytest.raises(ProviderError):
            await read(RetryingLLMService(model))
        assert len(llm_server.requests) == 1
        assert time.monotonic() - started < 20

    async def test_the_time_a_server_asks_for_is_given(
        self, model: OpenAICompatibleLLMService, llm_server: LLMServer
    ) -> None:
        llm_server.behave(refuses(429, headers=["Retry-After: 0.3"]), says(ANSWER))
        started = time.monotonic()
        assert (await read(RetryingLLMService(model)))[0] == ANSWER
        assert time.monotonic() - started >= 0.3


def test_every_error_of_the_library_has_one_of_our_own() -> None:
    def kinds_below(kind: type[openai.OpenAIError]) -> set[type[openai.OpenAIError]]:
        return {kind}.union(*(kinds_below(below) for below in kind.__subclasses__()))

    kinds = {kind for kind in kinds_below(openai.OpenAIError) if kind.__module__.startswith("openai")}
    assert len(kinds) > 15
    response = httpx2.Response(418, request=httpx2.Request("POST", "http://127.0.0.1/v1"))
    for kind in kinds:
        error = kind.__new__(kind)  # their constructors differ, what is read of them doesn't
        vars(error).update(status_code=418, code=None, response=response)
        assert isinstance(provider_error(error), ProviderError)
