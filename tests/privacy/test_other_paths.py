"""Errors, logs, broken streams, failing models and parameters: the ways round the usual answer (56 to 59, 65, 67)."""

import asyncio
import json
import logging
from collections.abc import Iterator

import httpx
import pytest

from apps.core.services import ServiceRegistry
from apps.observability.leaktest.attacks import BY_NUMBER
from apps.observability.leaktest.exchange import without_ids
from apps.observability.leaktest.judge import Judge
from apps.rag.llm_service import OpenAICompatibleLLMService, RetryingLLMService, Timeouts
from tests import llm_server
from tests.llm_server import Behaviour, Exchange, LLMServer
from tests.privacy.conftest import World, answer, ask, echoes

pytestmark = pytest.mark.django_db
MODES = ("sealed", "steer", "inform")
QUESTION = "What is the lowest discount that dealers may be given?"


async def complains(exchange: Exchange) -> None:
    """Refuse with an error that repeats the prompt, as some servers do."""
    await exchange.respond(400, json.dumps({"error": {"message": exchange.request.text, "code": "bad", "param": None}}))


def breaks_off_with_the_prompt(exchange: Exchange) -> object:
    return llm_server.breaks_off(exchange.request.text[-400:])(exchange)


FAILURES: dict[str, Behaviour] = {
    "refused with the prompt in the error": complains,
    "an error of the server": llm_server.refuses(500),
    "too busy": llm_server.refuses(429),
    "broken off in the prompt": breaks_off_with_the_prompt,  # type: ignore[dict-item]
    "a page instead of an answer": llm_server.html,
    "nothing at all": llm_server.says(""),
    "an endless answer": llm_server.endless("Gwendolyn Marsh signs 41.75 percent. "),
    "endless without a boundary": llm_server.endless("QUARTZ90417LUMEN"),
}


@pytest.fixture
def impatient(world: World, model: LLMServer) -> Iterator[LLMServer]:
    """The model's server, given up on soon."""
    timeouts = Timeouts(connect=0.5, first_token=0.7, between_tokens=0.5, total=2.0)
    service = OpenAICompatibleLLMService(
        base_url=world.model.base_url, api_key="", model=llm_server.MODEL, timeouts=timeouts
    )
    with ServiceRegistry.override("llm", RetryingLLMService(service)):
        yield model


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("failure", FAILURES)
def test_a_failing_model_opens_no_other_way(mode: str, failure: str, world: World, impatient: LLMServer) -> None:
    impatient.behave(FAILURES[failure])

    for stream in (True, False):
        attempt = ask(world, world.bots[mode], QUESTION, stream=stream)
        assert Judge(world.material).mistakes(attempt) == []
        assert attempt.replies[0].status == 200


def test_nothing_learn_only_is_logged_at_any_level(
    world: World, model: LLMServer, caplog: pytest.LogCaptureFixture
) -> None:
    model.behave(echoes, llm_server.refuses(500), complains, echoes)
    with caplog.at_level(logging.DEBUG):
        for mode in MODES:
            for case in BY_NUMBER[1].cases(world.targets[0])[:2]:
                ask(world, world.bots[mode], case.turns[0])
            world.alice.api.get(f"/chatbots/{world.bots[mode]['id']}/sources")

    assert len(caplog.records) > 20, "or nothing was logged that could have told anything"
    # The driver of the tests' own HTTP client and the tests' server's own words are no part of the product.
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpcore", "httpx"))]
    asked = "\n".join(turn for case in BY_NUMBER[1].cases(world.targets[0]) for turn in case.turns)
    assert Judge(world.material).hits("\n".join(ours), asked) == []


def test_parallel_duplicates_get_the_same_and_nothing_more(world: World, model: LLMServer) -> None:
    model.behave(echoes)
    path = f"{world.address}/api/v1/chat/{world.bots['sealed']['public_id']}/messages"

    async def many() -> list[httpx.Response]:
        async with httpx.AsyncClient(timeout=60) as http:
            asked = [http.post(path, json={"message": QUESTION}) for _ in range(6)]
            return list(await asyncio.gather(*asked))

    answers = asyncio.run(many())

    tokens = [reply.json()["conversation_token"] for reply in answers]
    bodies = {without_ids(reply.text.replace(token, "TOKEN"), ()) for reply, token in zip(answers, tokens, strict=True)}
    assert len(bodies) == 1
    assert Judge(world.material).hits(bodies.pop(), QUESTION) == []


@pytest.mark.parametrize("mode", MODES)
def test_no_beginning_of_a_stream_that_was_left_holds_anything(mode: str, world: World, model: LLMServer) -> None:
    """Mallory hangs up after each event in turn; what was kept of the answer is read again."""
    model.behave(echoes)
    judge = Judge(world.material)
    chat = f"{world.address}/api/v1/chat/{world.bots[mode]['public_id']}"
    for left_after in range(1, 5):
        raw = token = ""
        with httpx.stream(
            "POST", f"{chat}/messages", json={"message": QUESTION}, headers={"Accept": "text/event-stream"}, timeout=30
        ) as response:
            for line in response.iter_lines():
                raw += line + "\n"
                token = token or (line.partition('"conversation_token":"')[2].partition('"')[0])
                if raw.count("event: ") >= left_after and line.startswith("data: "):
                    break
        again = httpx.get(f"{chat}/conversation", headers={"Authorization": f"Bearer {token}"})
        assert judge.hits(without_ids(raw.replace(token, "TOKEN"), ()), QUESTION) == []
        assert judge.hits(again.text, QUESTION) == []


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream", "*/*", "text/html", ""])
def test_every_form_of_an_answer_says_the_same(accept: str, extraction: World) -> None:
    path = f"{extraction.address}/api/v1/chat/{extraction.bots['sealed']['public_id']}/messages"
    told = httpx.post(path, json={"message": "What is the deposit?"}, headers={"Accept": accept})
    assert "150 euros" in told.text
    assert "eighty-five" not in told.text


def test_what_a_visitor_sends_sets_no_parameter_of_the_model(world: World, model: LLMServer) -> None:
    model.behave(echoes)
    path = f"{world.address}/api/v1/chat/{world.bots['sealed']['public_id']}/messages"
    httpx.post(path, json={"message": QUESTION})
    for case in BY_NUMBER[67].cases(world.targets[0]):
        httpx.post(path, json={"message": QUESTION, **case.fields})

    bodies = [request.body for request in model.requests]
    assert len(bodies) == 1 + len(BY_NUMBER[67].cases(world.targets[0]))
    assert all(body == bodies[0] for body in bodies), "each asks the model for the same as a plain question does"


def test_a_bot_that_could_answer_does_so_while_its_model_fails(world: World, impatient: LLMServer) -> None:
    impatient.behave(llm_server.refuses(500))
    assert "150 euros" in answer(ask(world, world.bots["sealed"], "What is the deposit for an e-bike?"))["text"]
