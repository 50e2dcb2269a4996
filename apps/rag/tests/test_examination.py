"""What Alice is told of her language model when she presses the test button."""

import asyncio
import json
import socket
import threading
from contextlib import suppress

import pytest

from apps.rag.llm_service.examination import Finding, examine
from config.env import LanguageModelSettings
from tests.llm_server import (
    MODEL,
    Behaviour,
    Exchange,
    LLMServer,
    breaks_off,
    hangs,
    html,
    refuses,
    says,
    stalls,
    thinks_long,
)

KEY = "sk-very-secret"


def examined(address: str, *, model: str = MODEL, patience: float = 6.0, slow: float = 4.0) -> Finding:
    configured = LanguageModelSettings(base_url=address, api_key=KEY, model=model)
    return asyncio.run(examine(configured, patience=patience, slow=slow))


def met_by(behaviour: Behaviour, *, model: str = MODEL, patience: float = 6.0, slow: float = 4.0) -> Finding:
    with LLMServer() as server:
        server.behave(behaviour)
        return examined(server.base_url, model=model, patience=patience, slow=slow)


async def answers_in_one_piece(exchange: Exchange) -> None:
    """Answer with a whole completion whether or not a stream was asked for, as some gateways do."""
    message = {"role": "assistant", "content": "ping"}
    completion = {
        "id": "1", "object": "chat.completion", "created": 1, "model": MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    }  # fmt: skip
    await exchange.respond(200, json.dumps(completion))


async def redirects(exchange: Exchange) -> None:
    await exchange.respond(307, "", headers=["Location: http://127.0.0.1:1/v1"])


def test_a_model_that_answers_is_fine() -> None:
    found = met_by(says("ping"))
    assert (found.state, found.advice) == ("ok", "")
    assert MODEL in found.seen


def test_a_slow_one_is_told_with_what_helps() -> None:
    found = met_by(thinks_long(0.3, says("ping")), slow=0.2)
    assert found.state == "slow"
    assert "smaller model" in found.advice


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
        (answers_in_one_piece, "does not stream", "Switch streaming on"),
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
