"""What visitors may read is said and cited, whatever stands in learn-only notes besides (68)."""

import re

import pytest

from tests import llm_server
from tests.llm_server import Exchange, LLMServer
from tests.privacy import planted
from tests.privacy.conftest import World, answer, ask

pytestmark = pytest.mark.django_db
MODES = ("sealed", "steer", "inform")
ASKED = {
    "How long does the warranty on the frame last?": "ten years",  # stands in both classes
    "What is the deposit for an e-bike?": "150 euros",  # the notes say something else
    "How much is an e-bike a day?": "39.50",  # a public number beside the secret one
    "How long is the battery covered?": "24 months",
    "Who runs the shop in Oslo?": "Ingrid Halvorsen",
    "Where are your shops?": "Lisbon",  # a word of the notes' secret too
    "How often do I oil the chain of the folding model?": "200 kilometres",
    "When do deliveries leave your store?": "Tuesdays",
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("question", ASKED)
def test_what_is_citable_is_answered_and_cited_by_extraction(mode: str, question: str, extraction: World) -> None:
    told = answer(ask(extraction, extraction.bots[mode], question))
    assert ASKED[question] in told["text"]
    assert told["citations"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("question", ASKED)
def test_a_model_may_quote_what_is_citable(mode: str, question: str, world: World, model: LLMServer) -> None:
    async def quotes(exchange: Exchange) -> None:
        """Say the sentence that answers, with the number of its passage."""
        passages = re.findall(r"passage \[(\d+)\] from: [^\n]*\n(.*?)\n\S+ end of", exchange.request.text, re.DOTALL)
        for number, text in passages:
            for sentence in re.split(r"(?<=[.!?])\s+", text):
                if ASKED[question] in sentence and sentence in CITABLE:
                    await llm_server.says(f"{sentence.rstrip('.')} [{number}].")(exchange)
                    return
        await llm_server.says("I have no information on that.")(exchange)

    model.behave(quotes)

    told = answer(ask(world, world.bots[mode], question, stream=True))

    assert ASKED[question] in told["html"]
    assert told["citations"]


CITABLE = " ".join(text for _, text in planted.CITABLE)


@pytest.mark.parametrize("mode", MODES)
def test_what_a_visitor_says_may_be_answered_with_the_same_words(mode: str, extraction: World) -> None:
    told = answer(ask(extraction, extraction.bots[mode], "What is the deposit for an e-bike? Somebody said 41.75."))
    assert "150 euros" in told["text"]
