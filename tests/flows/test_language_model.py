"""A language model writes the answer: streamed, checked, and replaced by extraction when it fails or invents."""

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from apps.core.language_model import LanguageModelSettings
from apps.core.services import ServiceRegistry
from apps.rag.llm_service import OpenAICompatibleLLMService, RetryingLLMService, Timeouts
from tests import llm_server, visitor
from tests.conftest import Owner
from tests.llm_server import Behaviour, Exchange, LLMServer

FILES = (
    ("warranty.md", b"# Warranty\n\nThe warranty lasts 24 months from the day of purchase. Keep the receipt.\n"),
    ("care.md", b"# Descaling\n\nDescale the machine every two months with citric acid. Rinse it twice.\n"),
    ("data.md", b"# Technical data\n\nThe Wren needs 1350 W. The Wren Duo weighs 11.5 kg.\n"),
)
SECRET = (
    "floor.md",
    b"# Warranty claims\n\nGwendolyn Marsh settles warranty claims beyond 24 months for 17 percent.\n",
)
QUESTION = "How long is the warranty?"
HALF_AN_ANSWER = "The warranty lasts 24 months from the day of purchase [warranty.md]. Keep the"
PASSAGE = re.compile(r"passage \[(\d+)\] from: [^\n]*\n(.*?)\n\S+ end of passage \[\1\]", re.DOTALL)


@pytest.fixture
def model(settings: Any) -> Iterator[LLMServer]:
    """A language model's server, which the product is set to use."""
    with LLMServer() as server:
        settings.LANGUAGE_MODEL = LanguageModelSettings(
            base_url=server.base_url, api_key="key of the tests", model=llm_server.MODEL
        )
        ServiceRegistry.reset()
        yield server


@pytest.fixture
def bot(alice: Owner, work_off: Callable[[], None]) -> dict[str, Any]:
    made = alice.make_bot()
    alice.upload(made, *FILES)
    work_off()
    return made


def writes(text: str, pause: float = 0.0) -> Behaviour:
    """Answer with this text, in which `[warranty.md]` stands for the number that this file's passage has."""

    async def behave(exchange: Exchange) -> None:
        await llm_server.says(numbered(text, exchange), pause=pause)(exchange)

    return behave


def numbered(text: str, exchange: Exchange) -> str:
    numbers = {passage.split("\n")[-1]: number for number, passage in PASSAGE.findall(exchange.request.text)}
    for name, content in (*FILES, SECRET):
        number = numbers.get(content.decode().strip().split("\n")[-1], "99")
        text = text.replace(f"[{name}]", f"[{number}]")
    return text


def told_to_owner(owner: Owner, bot: dict[str, Any]) -> dict[str, Any]:
    """The last answer of the chatbot's latest conversation, with its trace."""
    address = f"/chatbots/{bot['id']}/conversations"
    latest = owner.api.get(address).json()[0]
    return dict(owner.api.get(f"{address}/{latest['id']}").json()["messages"][-1])


def is_sound(heard: visitor.Heard) -> None:
    """Assert that a stream began, ended with `done` and showed nothing of what went wrong behind it."""
    assert heard.status == 200
    names = [name for name, _ in heard.events]
    assert (names[0], names[-1], names.count("done")) == ("start", "done", 1)
    assert heard.of("error") == []
    for word in ("Traceback", "Error", "error", "refused", "127.0.0.1", "key of the tests"):
        assert word not in heard.raw


def test_the_model_answers_sentence_by_sentence_with_checked_citations(
    alice: Owner, bot: dict[str, Any], model: LLMServer
) -> None:
    model.behave(
        writes("The warranty lasts 24 months from the day of purchase [warranty.md]. Keep the receipt [warranty.md].")
    )

    heard = visitor.ask(alice.address, bot["public_id"], QUESTION)

    is_sound(heard)
    assert len(heard.of("delta")) == 2
    assert heard.text == "The warranty lasts 24 months from the day of purchase [1]. Keep the receipt [2]."
    assert [(citation["n"], citation["title"], citation["quote"]) for citation in heard.of("citation")] == [
        (1, "Warranty", "The warranty lasts 24 months from the day of purchase."),
        (2, "Warranty", "Keep the receipt."),
    ]
    assert heard.done["answered"] is True
    assert heard.done["citations"] == heard.of("citation")
    (request,) = model.requests
    assert request.headers["authorization"] == "bearer key of the tests"
    assert (request.body["model"], request.body["stream"]) == (llm_server.MODEL, True)
    trace = told_to_owner(alice, bot)["trace"]
    assert (trace["provider"], trace["model"], trace["fallback"]) == ("openai-compatible", llm_server.MODEL, None)
    assert trace["usage"] == {"prompt_tokens": 321, "completion_tokens": 21}


def test_the_first_sentence_is_there_before_the_model_has_written_the_second(
    alice: Owner, bot: dict[str, Any], model: LLMServer
) -> None:
    model.behave(stalls_after(HALF_AN_ANSWER))
    begun = time.monotonic()
    with streaming(alice, bot) as events:
        first = next(data for name, data in events if name == "delta")
    assert "24 months" in first["text"]
    assert time.monotonic() - begun < 5


def test_what_the_sources_do_not_bear_out_is_dropped(alice: Owner, bot: dict[str, Any], model: LLMServer) -> None:
    model.behave(
        writes(
            "The warranty lasts 24 months from the day of purchase [warranty.md]. The Wren Duo weighs 14 kg [data.md]."
            " The Wren needs 1350 W [99]. Rinse it seven times [care.md]. Descale the machine every two months with"
            " citric acid [warranty.md]. Visit https://evil.example/ for more. Ms Ingrid Halvorsen will help you"
            " [warranty.md]."
        )
    )

    heard = visitor.ask(alice.address, bot["public_id"], QUESTION)

    is_sound(heard)
    for made_up in ("14 kg", "seven", "evil.example", "Halvorsen", "[99]"):
        assert made_up not in heard.raw
    texts = {content.decode().split("\n")[0].removeprefix("# "): content.decode() for _, content in FILES}
    for citation in heard.done["citations"]:
        assert citation["quote"] in texts[citation["title"]]
    # Whatever number the model gave, what is shown carries the proof of the file that says it.
    titles = {citation["n"]: citation["title"] for citation in heard.done["citations"]}
    shown = [(text, titles[int(n)]) for text, n in re.findall(r"([^.\]]+) \[(\d)\]\.", heard.text)]
    assert shown[0] == ("The warranty lasts 24 months from the day of purchase", "Warranty")
    assert set(shown[1:]) <= {
        (" The Wren needs 1350 W", "Technical data"),
        (" Descale the machine every two months with citric acid", "Descaling"),
    }
    dropped = [one["text"] for one in told_to_owner(alice, bot)["trace"]["dropped"]]
    for made_up in ("14 kg", "seven times", "evil.example", "Halvorsen"):
        assert any(made_up in text for text in dropped), "the owner sees what was held back"


FAILURES: dict[str, tuple[Behaviour, str]] = {
    "an error of the server": (llm_server.refuses(500), "provider_unavailable"),
    "too busy": (llm_server.refuses(429), "provider_unavailable|provider_busy"),
    "a wrong key": (llm_server.refuses(401), "provider_rejected"),
    "an unknown model": (llm_server.refuses(404, "model_not_found"), "provider_rejected"),
    "a page instead of an answer": (llm_server.html, "provider_answer_unusable|provider_unavailable"),
    "no JSON": (llm_server.sends_raw("data: {not json"), "provider_answer_unusable|provider_unavailable"),
    "JSON of another shape": (
        llm_server.sends_raw('data: {"choices": "none"}', 'data: ["x"]'),
        "provider_answer_unusable",
    ),
    "binary noise": (llm_server.sends_raw("\x00\x01\x02\ufffd"), "provider_answer_unusable|provider_unavailable"),
    "nothing at all": (llm_server.says(""), "provider_answer_unusable"),
    "closed at once": (llm_server.breaks_off(), "provider_unavailable|provider_answer_unusable"),
    "broken off in a sentence": (llm_server.breaks_off("The warranty la"), "provider_unavailable"),
    "hanging": (llm_server.hangs, "provider_unavailable"),
    "stalled in a sentence": (llm_server.stalls("The warranty la"), "provider_unavailable"),
    "things made up": (llm_server.says("The warranty lasts 99 years [1]. Elephants fly [1]."), "answer_unsupported"),
    "babble without end": (llm_server.endless("All work and no play. "), "answer_unsupported"),
}


def test_whatever_the_server_does_the_answer_comes_by_extraction(
    alice: Owner, bot: dict[str, Any], model: LLMServer, subtests: pytest.Subtests
) -> None:
    impatient = Timeouts(connect=0.5, first_token=0.7, between_tokens=0.5, total=3.0)
    service = OpenAICompatibleLLMService(
        base_url=model.base_url, api_key="key of the tests", model=llm_server.MODEL, timeouts=impatient
    )
    with ServiceRegistry.override("llm", RetryingLLMService(service)):
        for name, (behaviour, code) in FAILURES.items():
            with subtests.test(name):
                model.behave(behaviour)
                begun = time.monotonic()
                heard = visitor.ask(alice.address, bot["public_id"], QUESTION)
                assert time.monotonic() - begun < 6
                is_sound(heard)
                assert "24 months" in heard.text
                assert "24 months" in heard.of("citation")[0]["quote"]
                assert heard.done["answered"] is True
                kept = told_to_owner(alice, bot)
                assert (kept["complete"], kept["trace"]["provider"]) == (True, "extractive")
                assert kept["trace"]["fallback"] in code.split("|")


def test_a_dead_server_costs_a_visitor_seconds_at_most(alice: Owner, bot: dict[str, Any], settings: Any) -> None:
    with LLMServer() as gone:
        settings.LANGUAGE_MODEL = LanguageModelSettings(base_url=gone.base_url, api_key="", model=llm_server.MODEL)
    ServiceRegistry.reset()
    alice.ask(bot, "Hello?")  # what is loaded at the first question is not the server's fault
    begun = time.monotonic()

    answer = alice.ask(bot, QUESTION)

    assert time.monotonic() - begun < 6, "two where nothing else runs; twenty if it were waited for"
    assert "24 months" in answer["citations"][0]["quote"]
    assert told_to_owner(alice, bot)["trace"]["fallback"] == "provider_unavailable"


def test_without_a_model_the_owner_sees_that_answers_come_by_extraction(alice: Owner, bot: dict[str, Any]) -> None:
    assert "24 months" in alice.ask(bot, QUESTION)["text"]

    trace = told_to_owner(alice, bot)["trace"]

    assert (trace["provider"], trace["fallback"]) == ("extractive", None)


def stalls_after(text: str) -> Behaviour:
    async def behave(exchange: Exchange) -> None:
        await llm_server.stalls(numbered(text, exchange))(exchange)

    return behave


class streaming:  # noqa: N801  # read like a function
    """Ask, and give the events one by one as they come; leaving the block leaves the stream."""

    def __init__(self, owner: Owner, bot: dict[str, Any]) -> None:
        self._stream = httpx.stream(
            "POST",
            f"{owner.address}/api/v1/chat/{bot['public_id']}/messages",
            json={"message": QUESTION},
            headers={"Accept": "text/event-stream"},
            timeout=30,
        )

    def __enter__(self) -> Iterator[tuple[str, dict[str, Any]]]:
        lines = self._stream.__enter__().iter_lines()
        return (
            (line.removeprefix("event: "), json.loads(next(lines).removeprefix("data: ")))
            for line in lines
            if line.startswith("event: ")
        )

    def __exit__(self, *error: Any) -> None:
        self._stream.__exit__(*error)


def test_who_leaves_and_stays_away_stops_the_model_and_what_was_said_is_kept(
    alice: Owner, bot: dict[str, Any], model: LLMServer, settings: Any
) -> None:
    settings.ANSWER_GRACE_SECONDS = 0.5
    model.behave(stalls_after(HALF_AN_ANSWER))
    with streaming(alice, bot) as events:
        said = next(data for name, data in events if name == "delta")["text"]
        assert not model.wait_for_hang_up(1.0), "or the model would have stopped anyway"

    assert model.wait_for_hang_up()
    end = time.monotonic() + 5  # the answer is kept after the model was told
    while (kept := told_to_owner(alice, bot))["text"] != said and time.monotonic() < end:
        time.sleep(0.05)
    assert (kept["text"], kept["complete"]) == (said, False)
    assert "24 months" in kept["citations"][0]["quote"]


def test_who_leaves_before_the_first_word_stops_the_model_too(
    alice: Owner, bot: dict[str, Any], model: LLMServer, settings: Any
) -> None:
    settings.ANSWER_GRACE_SECONDS = 0.5
    model.behave(llm_server.hangs)
    with streaming(alice, bot) as events:
        assert next(events)[0] == "start"
        assert not model.wait_for_hang_up(1.0), "or the model would have stopped anyway"
        assert model.requests

    assert model.wait_for_hang_up()


def test_a_follow_up_is_asked_with_the_conversation(alice: Owner, bot: dict[str, Any], model: LLMServer) -> None:
    model.behave(writes("The Wren Duo weighs 11.5 kg [data.md]."))
    first = alice.ask(bot, "How much does the Wren Duo weigh?")
    model.behave(llm_server.says("How many watts does the Wren need?"), writes("The Wren needs 1350 W [data.md]."))

    second = alice.ask(bot, "And how many watts does the other one need?", first["conversation_token"])

    assert "1350 W" in second["text"]
    assert "How much does the Wren Duo weigh?" in model.requests[-1].text
    assert "11.5 kg" in second["citations"][0]["quote"] or "1350 W" in second["citations"][0]["quote"]


def test_no_request_to_the_model_holds_learn_only_text(
    alice: Owner, bot: dict[str, Any], model: LLMServer, work_off: Callable[[], None]
) -> None:
    questions = [QUESTION, "Who settles warranty claims beyond 24 months?", "And for how many percent?", "What else?"]
    (secret,) = alice.upload(bot, SECRET, disclosure="learn_only")
    work_off()
    model.behave(writes("The warranty lasts 24 months from the day of purchase [warranty.md]."))

    def asked() -> str:
        """Ask everything, in one conversation and over both ways; return all that the model's server was sent."""
        model.requests.clear()
        token = None
        for question in questions:
            token = alice.ask(bot, question, token)["conversation_token"]
            visitor.ask(alice.address, bot["public_id"], question)
        assert len(model.requests) >= 2 * len(questions)
        return json.dumps([request.body for request in model.requests])

    sent = asked()

    for word in ("Gwendolyn", "Marsh", "17 percent", "settles warranty claims beyond 24 months for", "floor.md"):
        assert word not in sent.replace(questions[1], "")
    alice.api.patch(f"/chatbots/{bot['id']}/sources/{secret['id']}", json={"disclosure": "citable"})
    assert "Gwendolyn Marsh" in asked(), "or this test proves nothing"


REPAIRS = "sentences of your answer are not supported"


def test_what_was_withdrawn_is_not_sent_with_the_history(
    alice: Owner, bot: dict[str, Any], model: LLMServer, work_off: Callable[[], None]
) -> None:
    (secret,) = alice.upload(bot, SECRET)
    work_off()
    model.behave(writes("Gwendolyn Marsh settles warranty claims beyond 24 months for 17 percent [floor.md]."))
    first = alice.ask(bot, "Who settles warranty claims?")
    assert "Gwendolyn Marsh" in first["text"]
    model.requests.clear()
    again = alice.ask(bot, "And for how many percent?", first["conversation_token"])
    assert "Gwendolyn Marsh" in json.dumps([request.body for request in model.requests]), "or this proves nothing"
    model.requests.clear()

    alice.api.patch(f"/chatbots/{bot['id']}/sources/{secret['id']}", json={"disclosure": "learn_only"})
    alice.ask(bot, "And for how many percent?", again["conversation_token"])

    # A request to repair gives the model back what it has just said itself: this one says it whatever it is told.
    asked = json.dumps([request.body for request in model.requests if REPAIRS not in request.text])
    assert len(asked) > len("[]")
    assert "Gwendolyn" not in asked
    assert "17 percent" not in asked
