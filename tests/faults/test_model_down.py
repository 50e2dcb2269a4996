"""The language model's server fails in every way: visitors get cited answers at once, and it comes back by itself."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings as product

from apps.core.language_model import LanguageModelSettings
from apps.core.services import ServiceRegistry
from apps.rag.llm_service import OpenAICompatibleLLMService, RetryingLLMService, Timeouts
from apps.rag.llm_service.configured import breaker_of
from apps.rag.llm_service.guarded import GuardedLLMService
from tests import llm_server, visitor
from tests.conftest import Owner
from tests.faults.installation import Installation, free_port, wait_until
from tests.llm_server import Behaviour, Exchange, LLMServer

FILES = (
    ("warranty.md", b"# Warranty\n\nThe warranty lasts 24 months from the day of purchase. Keep the receipt.\n"),
    ("care.md", b"# Descaling\n\nDescale the machine every two months with citric acid. Rinse it twice.\n"),
)
QUESTION = "How long is the warranty?"
ANSWER = "The warranty lasts 24 months from the day of purchase"
PAUSE = 2.5  # seconds for which a failing server is left alone in these tests
THRESHOLD = 3
SLACK = 3  # these machines are busy; a visitor who waits for a dead server waits for twenty seconds


async def sound(exchange: Exchange) -> None:
    """Answer with the sentence of the passage that says it, whichever number it has."""
    before = exchange.request.text.split("The warranty lasts")[0]
    number = before.rpartition("passage [")[2].partition("]")[0]
    await llm_server.says(f"{ANSWER} [{number}].")(exchange)


FAULTS: dict[str, tuple[Behaviour, int]] = {
    "hangs": (llm_server.hangs, THRESHOLD),
    "answers with errors": (llm_server.refuses(500), THRESHOLD),
    "breaks off at once": (llm_server.breaks_off(), THRESHOLD),
    "breaks off in the middle of a sentence": (llm_server.breaks_off("The warranty la"), THRESHOLD),
    "sends an error in the middle of a sentence": (
        llm_server.sends_raw('data: {"error": {"message": "overloaded"}}', after="The warranty la"),
        THRESHOLD,
    ),
    "refuses the key": (llm_server.refuses(401), THRESHOLD),
    "knows no such model": (llm_server.refuses(404, "model_not_found"), THRESHOLD),
    "wants to be left alone": (llm_server.refuses(429, headers=[f"Retry-After: {PAUSE + 1}"]), 1),
}


@pytest.fixture
def bot(alice: Owner, work_off: Callable[[], None]) -> dict[str, Any]:
    made = alice.make_bot()
    alice.upload(made, *FILES)
    work_off()
    return made


@pytest.fixture
def model(alice: Owner, bot: dict[str, Any], settings: Any) -> Iterator[LLMServer]:
    """A server that does well and was asked already: what the product loads for that is not the server's fault."""
    settings.CIRCUIT_SECONDS = PAUSE
    with LLMServer() as server:
        use(settings, server.base_url)
        server.behave(sound)
        assert trace_of(alice, bot, visitor.ask(alice.address, bot["public_id"], QUESTION))["fallback"] is None
        server.requests.clear()
        yield server


def use(settings: Any, base_url: str) -> None:
    settings.LANGUAGE_MODEL = LanguageModelSettings(base_url=base_url, api_key="", model=llm_server.MODEL)
    ServiceRegistry.reset()


def asked(alice: Owner, bot: dict[str, Any], *, within: float) -> dict[str, Any]:
    """Ask as a visitor; the answer is there in time, cited and whole, whatever the model's server does. Its trace."""
    begun = time.monotonic()
    heard = visitor.ask(alice.address, bot["public_id"], QUESTION)
    assert time.monotonic() - begun < within * SLACK
    assert heard.of("error") == []
    assert "24 months" in heard.text
    assert "24 months" in heard.of("citation")[0]["quote"]
    assert heard.done["answered"] is True
    return trace_of(alice, bot, heard)


def trace_of(alice: Owner, bot: dict[str, Any], heard: visitor.Heard) -> dict[str, Any]:
    """What the owner is told of the latest answer."""
    conversations = f"/chatbots/{bot['id']}/conversations"
    latest = alice.api.get(conversations).json()[0]
    return dict(alice.api.get(f"{conversations}/{latest['id']}").json()["messages"][-1]["trace"])


@pytest.mark.parametrize("fault", FAULTS)
def test_a_server_that_fails_is_left_alone_and_asked_again_when_it_may_be_back(
    alice: Owner, bot: dict[str, Any], model: LLMServer, fault: str
) -> None:
    behaviour, failures = FAULTS[fault]
    model.behave(behaviour)
    for _ in range(failures):
        trace = asked(alice, bot, within=2)
        assert (trace["provider"], trace["fallback"] != "circuit_open") == ("extractive", True)
        assert trace["fallback"]
    reached, begun = (len(model.requests), model.probes), time.monotonic()
    assert reached[0] >= failures

    while time.monotonic() - begun < PAUSE / 2:
        trace = asked(alice, bot, within=1)
        assert (trace["provider"], trace["fallback"]) == ("extractive", "circuit_open")
    assert (len(model.requests), model.probes) == reached, "no request reaches the server"

    model.behave(sound)
    time.sleep(PAUSE + 1)
    trace = asked(alice, bot, within=2)
    assert (trace["provider"], trace["fallback"]) == ("openai-compatible", None)


def test_a_server_that_is_still_down_costs_one_visitor_a_try(
    alice: Owner, bot: dict[str, Any], model: LLMServer
) -> None:
    model.behave(llm_server.refuses(401))
    for _ in range(THRESHOLD):
        asked(alice, bot, within=2)
    time.sleep(PAUSE + 0.1)

    codes = [asked(alice, bot, within=2)["fallback"] for _ in range(3)]

    assert codes == ["provider_rejected", "circuit_open", "circuit_open"]
    assert len(model.requests) == THRESHOLD + 1


def test_a_question_that_the_server_will_not_take_takes_the_model_away_from_nobody(
    alice: Owner, bot: dict[str, Any], model: LLMServer
) -> None:
    """Mallory could ask what the model refuses or answers with nothing, again and again."""
    for behaviour in (llm_server.refuses(400, "content_policy"), llm_server.says(""), llm_server.endless("    ")):
        model.behave(behaviour)
        for _ in range(THRESHOLD + 1):
            assert asked(alice, bot, within=2)["fallback"] != "circuit_open"
    model.behave(sound)
    assert asked(alice, bot, within=2)["provider"] == "openai-compatible"


def test_a_server_that_is_alive_and_too_slow_is_waited_for_three_times(
    alice: Owner, bot: dict[str, Any], model: LLMServer
) -> None:
    """It lists its models at once, so it may be loading one: the first visitors wait for it, the others don't."""
    impatient = Timeouts(connect=0.3, patience=0.2, first_token=0.6, between_tokens=0.5, total=2.0)
    service = OpenAICompatibleLLMService(
        base_url=model.base_url, api_key="", model=llm_server.MODEL, timeouts=impatient
    )
    guarded = GuardedLLMService(RetryingLLMService(service, attempts=1), breaker_of(service))
    with ServiceRegistry.override("llm", guarded):
        for behaviour in (
            llm_server.thinks_long(5, sound), llm_server.stalls("The warranty la"), llm_server.stalls(),
        ):  # fmt: skip
            model.behave(behaviour)
            assert asked(alice, bot, within=2)["fallback"] == "provider_unavailable"
        reached = len(model.requests)
        assert asked(alice, bot, within=1)["fallback"] == "circuit_open"
        assert len(model.requests) == reached


def test_in_real_processes_a_dead_server_is_found_again_when_it_starts(tmp_path: Path) -> None:
    port = free_port()
    installation = Installation(
        data_dir=tmp_path / "data",
        models_dir=product.MODELS_DIR,
        settings={
            "TACIT_LLM_BASE_URL": f"http://127.0.0.1:{port}/v1",
            "TACIT_LLM_MODEL": llm_server.MODEL,
            "TACIT_CIRCUIT_SECONDS": "2",
        },
    )
    folder = tmp_path / "files"
    folder.mkdir()
    for name, content in FILES:
        (folder / name).write_bytes(content)
    try:
        with installation.up() as running:
            public_id = installation.json("bot", "create", "Handbook")["public_id"]
            assert installation.run("ingest", "Handbook", str(folder)).returncode == 0

            def answer() -> tuple[float, str]:
                begun = time.monotonic()
                heard = visitor.ask(running.address, public_id, QUESTION)
                assert "24 months" in heard.of("citation")[0]["quote"]
                took = time.monotonic() - begun
                (trace,) = installation.query(
                    "SELECT trace FROM conversations_message WHERE author = 'bot' ORDER BY created_at DESC LIMIT 1"
                )[0]
                return took, str(trace["fallback"] or trace["provider"])

            answer()  # the first one loads the SDK
            answers = [answer() for _ in range(5)]
            assert max(took for took, _ in answers) < 2 * SLACK
            assert answers[-1][1] == "circuit_open"
            kinds = dict(installation.query("SELECT split_part(name, ':', 1), state FROM shared_circuit"))
            assert kinds == {"language_model": "open"}
            metrics = httpx.get(f"{running.address}/metrics", timeout=10).text
            assert 'tacit_breaker_state{breaker="language_model"} 2.0' in metrics
            wait_until(lambda: "breaker" in {one["kind"] for one in installation.json("errors")}, 20)

            with LLMServer(port) as back:
                back.behave(sound)
                wait_until(lambda: answer()[1] == "openai-compatible", 10)
    finally:
        installation.clear()
