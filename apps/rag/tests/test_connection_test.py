"""What Alice is told of her language model when she presses the test button."""

import asyncio
import re
import socket
import threading
from contextlib import suppress

import pytest

from apps.core.language_model import LanguageModelSettings
from apps.rag.llm_service.connection_test import probe_model
from apps.rag.llm_service.endpoint import read_endpoint
from apps.rag.llm_service.findings import not_found
from apps.rag.llm_service.protocol import Finding
from tests.llm_server import (
    MODEL,
    Behaviour,
    Exchange,
    LLMServer,
    answers_in_one_piece,
    breaks_off,
    hangs,
    html,
    refuses,
    refuses_system_role,
    says,
    silent_until,
    stalls,
    thinks_long,
)

KEY = "sk-very-secret"


def examined(address: str, *, model: str = MODEL, patience: float = 6.0, slow: float = 4.0) -> Finding:
    configured = LanguageModelSettings(base_url=address, api_key=KEY, model=model)
    return asyncio.run(probe_model(configured, patience=patience, slow=slow))


def met_by(behaviour: Behaviour, *, model: str = MODEL, patience: float = 6.0, slow: float = 4.0) -> Finding:
    with LLMServer() as server:
        server.behave(behaviour)
        return examined(server.base_url, model=model, patience=patience, slow=slow)


async def redirects(exchange: Exchange) -> None:
    await exchange.respond(307, "", headers=["Location: http://127.0.0.1:1/v1"])


def test_a_model_that_answers_is_fine() -> None:
    found = met_by(says("ping"))
    assert (found.state, found.advice) == ("ok", "")
    assert MODEL in found.seen
    assert re.search(r"the first token after \d\.\d s", found.seen)


def test_a_slow_one_is_told_with_what_helps() -> None:
    found = met_by(thinks_long(0.3, says("ping")), slow=0.2)
    assert found.state == "slow"
    assert "smaller model" in found.advice


def test_one_that_does_not_stream_works_and_is_told() -> None:
    found = met_by(answers_in_one_piece("ping"))
    assert found.state == "slow"
    assert "it does not stream" in found.seen
    assert "Switch streaming on" in found.advice


def test_one_that_is_asked_in_another_way_than_others_is_told() -> None:
    found = met_by(refuses_system_role("System role not supported", says("ping")))
    assert found.state == "ok"
    assert "refuses the system role" in found.seen


def test_one_that_is_silent_until_it_answers_is_told_with_the_setting() -> None:
    found = met_by(silent_until(2.5, says("ping")))
    assert found.state == "broken"
    assert re.search(r"first token after [2-5]\.\d s, but until then it gives no sign of life", found.seen)
    assert "set TACIT_LLM_FIRST_TOKEN_SECONDS" in found.advice


def test_one_that_takes_longer_than_visitors_wait_is_told_with_the_setting() -> None:
    with LLMServer() as server:
        server.behave(stalls())
        configured = LanguageModelSettings(base_url=server.base_url, api_key=KEY, model=MODEL, first_token_seconds=1)
        found = asyncio.run(probe_model(configured))
    assert "no token within" in found.seen
    assert "raise TACIT_LLM_FIRST_TOKEN_SECONDS" in found.advice


def test_an_address_of_azure_without_a_deployment_is_told_with_those_that_work() -> None:
    found = not_found(read_endpoint("https://acme.openai.azure.com/openai"), "gpt-4o", [])
    assert "Azure knows no deployment for gpt-4o" in found.seen
    assert "https://acme.openai.azure.com/openai/v1" in found.advice
    assert "https://acme.openai.azure.com/openai/deployments/NAME?api-version=VERSION" in found.advice


def test_a_password_in_an_address_is_not_told() -> None:
    found = examined("http://alice:hunter2@127.0.0.1:9/v1?key=hunter3")
    assert "Nothing answers at 127.0.0.1:9" in found.seen
    assert "hunter" not in found.seen + found.advice


@pytest.mark.parametrize(
    ("behaviour", "seen", "advice"),
    [
        (refuses(401, "invalid_api_key"), "does not know the key", "Check TACIT_LLM_API_KEY"),
        (refuses(403), "does not let it use test-model", "Allow the model"),
        (refuses(429), "too much to do", "Test again in a minute"),
        (refuses(429, "insufficient_quota"), "no credit left", "Add credit"),
        (refuses(500), "fails itself (HTTP 500)", "log of the model's server"),
        (refuses(400), "refuses a plain question", "a model for chats"),
        (refuses(400, "unsupported_value", param="stream"), "does not stream", "Switch streaming on"),
        (redirects, "leads elsewhere (HTTP 307)", "Set TACIT_LLM_BASE_URL"),
        (html, "not as a language model's server does", "usually ends with /v1"),
        (breaks_off("pi"), "broke off", "run out of memory"),
        (hangs, "says nothing in time", "still be loading"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do(behaviour: Behaviour, seen: str, advice: str) -> None:
    found = met_by(behaviour)
    assert found.state == "broken"
    assert seen in found.seen
    assert advice in found.advice
    assert KEY not in found.seen + found.advice


def test_one_that_begins_and_never_ends_is_too_slow() -> None:
    assert "says nothing in time" in met_by(stalls("p"), patience=1.0).seen


def test_an_unknown_model_is_told_with_those_that_there_are() -> None:
    found = met_by(refuses(404, "model_not_found"), model="gpt-9")
    assert "no model named gpt-9" in found.seen
    assert f"It has: {MODEL}." in found.advice


def test_a_listed_model_that_cannot_be_asked_is_told() -> None:
    assert "lists test-model" in met_by(refuses(404)).seen


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("http://127.0.0.1:9/v1", "Nothing answers at 127.0.0.1:9"),
        ("http://no-such-host.invalid/v1", "No server is known by the name no-such-host.invalid"),
    ],
)
def test_a_wrong_address_is_told(address: str, seen: str) -> None:
    assert seen in examined(address).seen


def test_a_server_without_tls_under_https_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer_plainly, args=(listener,), daemon=True).start()
        found = examined(f"https://127.0.0.1:{listener.getsockname()[1]}/v1")
    assert "No safe connection to 127.0.0.1" in found.seen
    assert "it speaks http: and not https:" in found.advice


def answer_plainly(listener: socket.socket) -> None:
    """Meet what begins a safe connection as servers without one do."""
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            connection.recv(1024)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.close()


def test_a_proxy_that_cannot_be_used_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://alice:hunter2@127.0.0.1:9")
    monkeypatch.delenv("HTTP_PROXY", raising=False)
    found = examined("http://models.invalid/v1")
    assert (found.state, "ALL_PROXY names a proxy of the kind socks5:" in found.seen) == ("broken", True)
    assert "Name an HTTP proxy in HTTPS_PROXY" in found.advice
    assert "hunter2" not in found.seen + found.advice


def test_a_proxy_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    found = examined("http://models.invalid/v1")
    assert "models.invalid can't be reached through the proxy 127.0.0.1:9 that HTTP_PROXY names" in found.seen


def test_that_a_model_on_this_machine_is_asked_without_the_proxy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    found = met_by(says("ping"))
    assert found.state == "ok"
    assert "It is asked without the proxy that HTTP_PROXY names." in found.seen
