"""OpenAI's protocol: what is sent, and what becomes of every way in which a server can fail."""

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import openai
import pytest

from apps.core.embedding_service import OpenAIEmbeddingService, create_embedding_service
from apps.core.embedding_service.openai_protocol import translate
from apps.core.error_handling import (
    ProviderAnswerError,
    ProviderBusyError,
    ProviderError,
    ProviderRejectedError,
    ProviderRequestError,
    ProviderUnavailableError,
    SettingsError,
)
from apps.core.tests.embedding_server import EmbeddingServer, embedding_server

SECRET = "sk-secret-of-alice"
PRIVATE = "our margin is 43 percent"


@pytest.fixture
def server() -> Iterator[EmbeddingServer]:
    with embedding_server() as running:
        yield running


def client(server: EmbeddingServer, **options: Any) -> OpenAIEmbeddingService:
    return OpenAIEmbeddingService(SECRET, server.base_url, **{"timeout": 5, "max_retries": 1, **options})


def vectors(*rows: list[float], **index: int) -> bytes:
    return json.dumps({"data": [{"embedding": row, "index": place} for place, row in enumerate(rows)]}).encode()


def test_alice_gets_1536_dimensions_with_her_key(server: EmbeddingServer) -> None:
    service = client(server)
    assert (service.name, service.dimensions) == ("text-embedding-3-small", 1536)
    assert service.embed_query("How long is the warranty?").vector.shape == (1536,)
    (request,) = server.requests
    assert request["model"] == "text-embedding-3-small"
    assert request["dimensions"] == 1536
    assert server.keys == [f"Bearer {SECRET}"]


def test_another_size_is_another_space(server: EmbeddingServer) -> None:
    service = client(server, dimensions=256)
    assert service.name == "text-embedding-3-small@256"
    assert service.embed_query("warranty").model == service.name


def test_other_servers_are_not_asked_for_dimensions(server: EmbeddingServer) -> None:
    client(server, model="nomic-embed-text", dimensions=64).embed_query("warranty")
    assert "dimensions" not in server.requests[0]


def test_many_texts_go_in_several_requests_and_come_back_in_order(server: EmbeddingServer) -> None:
    texts = [f"passage number {number}" for number in range(300)]
    service = client(server, dimensions=64)
    results = service.embed_documents(texts)
    assert [len(request["input"]) for request in server.requests] == [128, 128, 44]
    assert [text for request in server.requests for text in request["input"]] == texts
    alone = service.embed_query(texts[200])
    assert np.allclose(alone.vector, results[200].vector, atol=1e-6)


def test_long_texts_go_in_smaller_requests(server: EmbeddingServer) -> None:
    client(server, dimensions=64).embed_documents(["warranty " * 2000] * 20)
    assert [len(request["input"]) for request in server.requests] == [10, 10]


def test_what_no_server_accepts_is_not_sent(server: EmbeddingServer) -> None:
    client(server, dimensions=64).embed_documents(["", "  \n", "x" * 1_000_000])
    blank, spaces, long = server.requests[0]["input"]
    assert blank == spaces == "-"
    assert len(long) == 8192 * 3


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503])
def test_a_busy_server_is_asked_again(server: EmbeddingServer, status: int) -> None:
    server.planned = [(status, b"{}")]
    (result,) = client(server, dimensions=64).embed_documents(["warranty"])
    assert result.tokens > 0
    assert len(server.requests) == 2


def test_a_question_is_tried_once_since_somebody_waits(server: EmbeddingServer) -> None:
    server.planned = [(503, b"{}")]
    with pytest.raises(ProviderUnavailableError):
        client(server, dimensions=64).embed_query("warranty")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("planned", "expected"),
    [
        ((429, b"{}"), ProviderBusyError),
        ((503, b"<html>overloaded</html>"), ProviderBusyError),
        ((502, b"<html>no upstream</html>"), ProviderUnavailableError),
        ((200, None), ProviderUnavailableError),
        ((429, b'{"error": {"code": "insufficient_quota"}}'), ProviderRejectedError),
        ((400, b'{"error": {"message": "' + PRIVATE.encode() + b'"}}'), ProviderRequestError),
        ((401, b"{}"), ProviderRejectedError),
        ((404, b'{"error": "model not found"}'), ProviderRejectedError),
        ((200, b""), ProviderAnswerError),
        ((200, b"{"), ProviderAnswerError),
        ((200, b"<html>a login page</html>"), ProviderAnswerError),
        ((200, b"[]"), ProviderAnswerError),
        ((200, b'{"data": null}'), ProviderAnswerError),
        ((200, b'{"data": []}'), ProviderAnswerError),
        ((200, vectors([1.0, 0.0], [0.0, 1.0])), ProviderAnswerError),
        ((200, vectors([1.0, 0.0, 0.0])), ProviderAnswerError),
        ((200, vectors([float("nan"), 0.0])), ProviderAnswerError),
        ((200, vectors([float("inf"), 0.0])), ProviderAnswerError),
        ((200, vectors([0.0, 0.0])), ProviderAnswerError),
        ((200, b'{"data": [{"embedding": "AAAA", "index": 0}]}'), ProviderAnswerError),
        ((200, b'{"data": [{"embedding": [1, 0], "index": 7}]}'), ProviderAnswerError),
    ],
)
def test_a_failing_server_ends_in_our_own_error(
    server: EmbeddingServer, planned: tuple[int, bytes | None], expected: type[ProviderError]
) -> None:
    server.planned = [planned] * 2
    with pytest.raises(ProviderError) as caught:
        client(server, model="other", dimensions=2).embed_documents([PRIVATE])
    assert type(caught.value) is expected
    assert PRIVATE not in str(caught.value)
    assert SECRET not in str(caught.value)


def test_vectors_without_an_index_are_taken_in_order(server: EmbeddingServer) -> None:
    server.planned = [(200, b'{"data": [{"embedding": [3, 0]}, {"embedding": [0, 4]}]}')]
    first, second = client(server, model="other", dimensions=2).embed_documents(["one", "two"])
    assert first.vector.tolist() == [1, 0]
    assert second.vector.tolist() == [0, 1]


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with embedding_server() as server:
        gone = client(server, max_retries=0)
    with pytest.raises(ProviderUnavailableError):
        gone.embed_query("warranty")


def every_subclass(kind: type[openai.OpenAIError]) -> set[type[openai.OpenAIError]]:
    return {kind, *(below for child in kind.__subclasses__() for below in every_subclass(child))}


def test_no_error_of_the_sdk_is_missed() -> None:
    kinds = every_subclass(openai.OpenAIError)
    assert {openai.RateLimitError, openai.APITimeoutError, openai.APIResponseValidationError} <= kinds
    for kind in kinds:
        error = kind.__new__(kind)
        error.__dict__.update(status_code=getattr(kind, "status_code", 418), code=None)
        assert isinstance(translate(error), ProviderError)
    assert isinstance(translate(openai.APITimeoutError.__new__(openai.APITimeoutError)), ProviderUnavailableError)


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7), ("0.5", 0.5), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("", None)]
)
def test_a_busy_server_may_say_when_to_come_back(header: str, seconds: float | None) -> None:
    error = openai.RateLimitError.__new__(openai.RateLimitError)
    error.__dict__.update(code=None, response=SimpleNamespace(headers={"retry-after": header}))
    told = translate(error)
    assert isinstance(told, ProviderBusyError)
    assert told.retry_after == seconds


def test_the_key_is_not_shown(server: EmbeddingServer) -> None:
    assert SECRET not in repr(client(server))


def test_a_setting_says_which_model_and_how_large(server: EmbeddingServer, tmp_path: Any) -> None:
    def create(spec: str) -> OpenAIEmbeddingService:
        service = create_embedding_service(spec, tmp_path, openai_api_key=SECRET, openai_base_url=server.base_url)
        assert isinstance(service, OpenAIEmbeddingService)
        return service

    assert create("openai").dimensions == 1536
    assert create("openai:text-embedding-3-large").dimensions == 3072
    assert create("openai:text-embedding-3-large@256").name == "text-embedding-3-large@256"
    assert create("openai:nomic-embed-text:latest@64").embed_query("warranty").model == "nomic-embed-text:latest@64"
    for unclear in ("openai:nomic-embed-text", "openai:nomic-embed-text@", "openai:nomic-embed-text@many"):
        with pytest.raises(SettingsError, match="nomic-embed-text@768"):
            create(unclear)


def test_openai_itself_needs_a_key(tmp_path: Any) -> None:
    with pytest.raises(SettingsError, match="need a key"):
        create_embedding_service("openai", tmp_path)


def test_an_unknown_provider_is_named_with_the_known_ones(tmp_path: Any) -> None:
    with pytest.raises(SettingsError, match=r"'hugface'.*fastembed, local, openai"):
        create_embedding_service("hugface:x", tmp_path)


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.usefixtures("no_proxies")
@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "socks5://127.0.0.1:9", "socks4://x", ":"])
def test_a_server_on_this_machine_is_asked_without_a_proxy(
    monkeypatch: pytest.MonkeyPatch, server: EmbeddingServer, proxy: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    assert len(client(server).embed_documents(["Hello."])) == 1


@pytest.mark.usefixtures("no_proxies")
def test_a_proxy_that_cannot_be_used_is_told_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://alice:hunter2@127.0.0.1:9")
    service = OpenAIEmbeddingService(SECRET, "http://models.invalid/v1")
    with pytest.raises(ProviderRejectedError, match="ALL_PROXY names a proxy of the kind socks5:") as caught:
        service.embed_query("Hello.")
    assert "hunter2" not in str(caught.value)
