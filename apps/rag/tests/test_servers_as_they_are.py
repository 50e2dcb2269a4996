"""Model servers that do not do what the protocol says answer Alice's visitors all the same."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from apps.core.error_handling import (
    ProviderError,
    ProviderRejectedError,
    ProviderRequestError,
    ProviderUnavailableError,
)
from apps.core.language_model import LanguageModelSettings
from apps.rag.llm_service import (
    ChatMessage,
    OpenAICompatibleLLMService,
    Prompt,
    Stop,
    StopReason,
    Timeouts,
    Token,
    Usage,
)
from apps.rag.llm_service.endpoint import read_endpoint
from tests.llm_server import (
    MODEL,
    Behaviour,
    Exchange,
    LLMServer,
    answers_in_one_piece,
    refuses,
    refuses_parameter,
    refuses_system_role,
    says,
    sends_parts,
    silent_until,
    thinks_long,
)

ANSWER = "The warranty lasts 24 months. [1]"
QUESTION = Prompt(
    question="How long is the warranty?",
    messages=(
        ChatMessage(role="system", content="Use the passages only."),
        ChatMessage(role="user", content="Hello"),
        ChatMessage(role="assistant", content="Hello. How can I help?"),
        ChatMessage(role="user", content="How long is the warranty?"),
    ),
)


@pytest_asyncio.fixture
async def model(llm_server: LLMServer) -> AsyncIterator[OpenAICompatibleLLMService]:
    patient = Timeouts(patience=60, first_token=60, between_tokens=60)
    service = OpenAICompatibleLLMService(base_url=llm_server.base_url, api_key="sk-test", model=MODEL, timeouts=patient)
    yield service
    await service.aclose()


async def read(service: OpenAICompatibleLLMService) -> tuple[str, Stop]:
    events = [event async for event in service.generate(QUESTION)]
    assert isinstance(events[-1], Stop)
    return "".join(event.text for event in events if isinstance(event, Token)), events[-1]


class TestSystemRole:
    @pytest.mark.parametrize(
        ("message", "status"),
        [
            ("System role not supported", 400),
            ("Jinja Exception: System role not supported", 500),
            ("Only user and assistant roles are supported!", 400),
            ("Conversation roles must alternate user/assistant/user/assistant/...", 400),
            ("Unsupported value: 'messages[0].role' does not support 'system' with this model.", 400),
            ("Developer instruction is not enabled for models/gemma-3-1b-it", 400),
        ],
    )
    async def test_rules_go_into_the_first_question_where_a_template_has_no_place_for_them(
        self, model: OpenAICompatibleLLMService, llm_server: LLMServer, message: str, status: int
    ) -> None:
        llm_server.behave(refuses_system_role(message, says(ANSWER), status=status))
        assert (await read(model))[0] == ANSWER
        assert (await read(model))[0] == ANSWER
        first, second, third = llm_server.requests
        assert first.messages[0]["role"] == "system"
        assert [one["role"] for one in second.messages] == ["user", "assistant", "user"]
        assert second.messages[0]["content"] == "Use the passages only.\n\nHello"
        assert third.messages == second.messages, "it is remembered"

    async def test_another_error_changes_nothing(
        self, model: OpenAICompatibleLLMService, llm_server: LLMServer
    ) -> None:
        llm_server.behave(refuses(400), says(ANSWER))
        with pytest.raises(ProviderRequestError):
            await read(model)
        await read(model)
        assert [len(request.messages) for request in llm_server.requests] == [4, 4]

    async def test_what_did_not_help_is_not_remembered(
        self, model: OpenAICompatibleLLMService, llm_server: LLMServer
    ) -> None:
        llm_server.behave(
            refuses_system_role("The system prompt is too long", refuses(400)), refuses(400), says(ANSWER)
        )
        with pytest.raises(ProviderRequestError):
            await read(model)
        await read(model)
        assert [len(request.messages) for request in llm_server.requests] == [4, 3, 4]


async def test_a_word_that_only_holds_a_parameter_is_no_refusal_of_it(
    model: OpenAICompatibleLLMService, llm_server: LLMServer
) -> None:
    llm_server.behave(refuses(400, "upstream"), says(ANSWER))
    with pytest.raises(ProviderRequestError):
        await read(model)
    assert len(llm_server.requests) == 1


class TestOnePiece:
    @pytest.mark.parametrize("reason", ["stop", None])
    async def test_a_server_that_ignores_that_a_stream_was_asked_for_is_read(
        self, model: OpenAICompatibleLLMService, llm_server: LLMServer, reason: str | None
    ) -> None:
        llm_server.behave(answers_in_one_piece(ANSWER, reason=reason))
        text, stop = await read(model)
        assert text == ANSWER
        assert stop == Stop(reason=StopReason.COMPLETE, usage=Usage(prompt_tokens=321, completion_tokens=21))

    async def test_one_that_refuses_to_stream_is_asked_without(
        self, model: OpenAICompatibleLLMService, llm_server: LLMServer
    ) -> None:
        llm_server.behave(refuses_parameter("stream", answers_in_one_piece(ANSWER)))
        assert (await read(model))[0] == ANSWER
        assert (await read(model))[0] == ANSWER
        assert ["stream" in request.body for request in llm_server.requests] == [True, False, False]
        assert "stream_options" not in llm_server.requests[-1].body

    @pytest.mark.parametrize(
        "body", ["{nope", "[]", "{}", '{"error": {"message": "words of the server"}}', "x" * 9_000_000]
    )
    async def test_what_is_no_answer_is_an_error_of_our_own(
        self, model: OpenAICompatibleLLMService, llm_server: LLMServer, body: str
    ) -> None:
        async def behave(exchange: Exchange) -> None:
            await exchange.respond(200, body)

        llm_server.behave(behave)
        with pytest.raises(ProviderError) as caught:
            await read(model)
        assert "words of the server" not in str(caught.value)


@pytest.mark.parametrize(
    "behaviour",
    [
        sends_parts("The warranty ", "lasts 24 months. [1]"),
        answers_in_one_piece([{"type": "text", "text": "The warranty lasts "}, "24 months. [1]", {"type": "image"}]),
        says(f"```\n{ANSWER}\n```"),
        says(f'```json\n{{"answer": "{ANSWER}"}}\n```'),
        says(json.dumps({"answer": ANSWER})),
    ],
)
async def test_content_in_parts_or_wrapped_is_read(
    model: OpenAICompatibleLLMService, llm_server: LLMServer, behaviour: Behaviour
) -> None:
    llm_server.behave(behaviour)
    assert (await read(model))[0].strip() == ANSWER


class TestFirstToken:
    async def test_a_slow_server_is_waited_for_as_long_as_the_setting_says(self, llm_server: LLMServer) -> None:
        llm_server.behave(thinks_long(1.6, says(ANSWER)))
        for seconds, is_heard in ((1, False), (30, True)):
            service = from_settings(llm_server.base_url, seconds=seconds)
            if is_heard:
                assert (await read(service))[0] == ANSWER
            else:
                with pytest.raises(ProviderUnavailableError):
                    await read(service)
            await service.aclose()

    async def test_one_that_is_silent_meanwhile_is_waited_for_where_somebody_chose_so(
        self, llm_server: LLMServer
    ) -> None:
        llm_server.behave(silent_until(2.5, says(ANSWER)))
        hasty, patient = from_settings(llm_server.base_url), from_settings(llm_server.base_url, waits=True)
        with pytest.raises(ProviderUnavailableError):
            await read(hasty)
        assert (await read(patient))[0] == ANSWER
        await asyncio.gather(hasty.aclose(), patient.aclose())


def from_settings(base_url: str, *, seconds: int = 30, waits: bool = False) -> OpenAICompatibleLLMService:
    return OpenAICompatibleLLMService.from_settings(
        LanguageModelSettings(
            base_url=base_url, api_key="sk", model=MODEL, first_token_seconds=seconds, waits_for_silence=waits
        )
    )


class TestAddresses:
    async def test_a_deployment_of_azure_is_asked_as_azure_wants_it(self, llm_server: LLMServer) -> None:
        llm_server.behave(says(ANSWER))
        root = llm_server.base_url.removesuffix("/v1")
        service = from_settings(f"{root}/openai/deployments/gpt-4o?api-version=2024-10-21")
        assert (await read(service))[0] == ANSWER
        await service.aclose()
        (request,) = llm_server.requests
        assert request.path == "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
        assert request.headers["api-key"] == "sk"
        assert "authorization" not in request.headers

    async def test_the_address_of_the_call_itself_will_do(self, llm_server: LLMServer) -> None:
        llm_server.behave(says(ANSWER))
        service = from_settings(f"{llm_server.base_url}/chat/completions")
        assert (await read(service))[0] == ANSWER
        await service.aclose()
        assert llm_server.requests[0].path == "/v1/chat/completions"

    def test_no_password_stands_in_what_people_read(self) -> None:
        endpoint = read_endpoint("https://alice:hunter2@models.example/v1/?key=hunter3")
        assert endpoint.place == "https://models.example/v1"
        assert "hunter" not in repr(endpoint)


class TestProxies:
    """Whatever the environment says of proxies, this machine's own model is asked directly."""

    @pytest.fixture(autouse=True)
    def no_proxies(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.lower(), raising=False)

    @pytest.mark.parametrize(
        "proxy", ["http://127.0.0.1:9", "socks5://127.0.0.1:9", "socks4://x", "http://x:port", ":"]
    )
    @pytest.mark.parametrize("name", ["HTTP_PROXY", "all_proxy"])
    async def test_a_model_on_this_machine_is_asked_without(
        self, monkeypatch: pytest.MonkeyPatch, llm_server: LLMServer, name: str, proxy: str
    ) -> None:
        monkeypatch.setenv(name, proxy)
        llm_server.behave(says(ANSWER))
        service = from_settings(llm_server.base_url)
        assert (await read(service))[0] == ANSWER
        await service.aclose()

    async def test_a_model_elsewhere_is_asked_through_it(
        self, monkeypatch: pytest.MonkeyPatch, llm_server: LLMServer
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", llm_server.base_url.removesuffix("/v1"))
        llm_server.behave(says(ANSWER))
        service = from_settings("http://models.invalid/v1")
        assert (await read(service))[0] == ANSWER
        await service.aclose()
        assert llm_server.requests[0].path == "http://models.invalid/v1/chat/completions"

    async def test_one_that_cannot_be_used_is_told_and_never_gone_round(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ALL_PROXY", "socks5://alice:hunter2@127.0.0.1:9")
        service = from_settings("http://models.invalid/v1")
        with pytest.raises(ProviderRejectedError, match="ALL_PROXY names a proxy of the kind socks5:") as caught:
            await read(service)
        assert "hunter2" not in str(caught.value) + repr(service.proxy)
