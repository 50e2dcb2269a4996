"""Alice changes her mind: from then on nothing old is served, sent to a model or found (52, 60, 61)."""

import io

import httpx
import openpyxl
import pytest
from openpyxl.comments import Comment

from apps.observability.leaktest.judge import Judge, Material
from tests.llm_server import LLMServer
from tests.privacy import planted
from tests.privacy.conftest import Bot, World, answer, as_texts, ask, echoes, work_off

pytestmark = pytest.mark.django_db
NOTE = ("recall.md", "# Recall\n\nThe fork of the Tern model breaks at 31 kilometres an hour, says Ottilie Krane.\n")
QUESTION = "At what speed does the fork of the Tern model break?"


@pytest.fixture
def bot(extraction: World, request: pytest.FixtureRequest) -> Bot:
    """A bot with the public documents and a note that is citable for now."""
    made = extraction.alice.make_bot(request.node.name[:60], learn_only_use="sealed")
    extraction.alice.upload(made, *planted.as_files((*planted.CITABLE[:2], NOTE)))
    work_off()
    return made


@pytest.fixture
def judge() -> Judge:
    notes = as_texts((NOTE,))
    return Judge(
        Material(learn_only=notes, citable=as_texts(planted.CITABLE), short_from=notes, planted=["31 kilometres"])
    )


def source_of(world: World, bot: Bot, name: str) -> str:
    return next(str(one["id"]) for one in world.alice.sources(bot) if name in one["title"])


def flip(world: World, bot: Bot, name: str, disclosure: str) -> None:
    address = f"/chatbots/{bot['id']}/sources/{source_of(world, bot, name)}"
    changed = world.alice.api.patch(address, json={"disclosure": disclosure})
    assert changed.status_code == 200


def test_a_source_that_becomes_learn_only_is_gone_everywhere(extraction: World, bot: Bot, judge: Judge) -> None:
    before = answer(ask(extraction, bot, QUESTION))
    assert "Ottilie Krane" in before["text"], "or this test proves nothing"

    flip(extraction, bot, "recall", "learn_only")

    token = before["conversation_token"]
    for attempt in (
        ask(extraction, bot, QUESTION),
        ask(extraction, bot, QUESTION, stream=True),
        ask(extraction, bot, "Who says that?", token=token),
    ):
        assert judge.mistakes(attempt) == []
    chat = f"{extraction.address}/api/v1/chat/{bot['public_id']}"
    read_on = httpx.get(f"{chat}/conversation", headers={"Authorization": f"Bearer {token}"})
    assert "[source withdrawn]" in read_on.text
    assert judge.hits(read_on.text, asked=QUESTION) == []
    opened = httpx.get(
        f"{chat}/messages/{before['message_id']}/citations/1", headers={"Authorization": f"Bearer {token}"}
    )
    assert opened.status_code == 404
    assert judge.hits(opened.text) == []


def test_the_history_that_a_model_gets_has_lost_it_too(world: World, bot: Bot, judge: Judge, model: LLMServer) -> None:
    model.behave(echoes)
    token = answer(ask(world, bot, QUESTION))["conversation_token"]
    assert judge.hits("".join(request.text for request in model.requests), asked=QUESTION)

    flip(world, bot, "recall", "learn_only")
    model.requests.clear()
    ask(world, bot, "And who says so?", token=token)

    assert model.requests
    assert judge.hits("\n".join(request.text for request in model.requests), asked=QUESTION) == []


def test_back_and_forth_ends_as_it_stands_now(extraction: World, bot: Bot, judge: Judge) -> None:
    for _ in range(2):
        flip(extraction, bot, "recall", "learn_only")
        assert judge.mistakes(ask(extraction, bot, QUESTION)) == []
        flip(extraction, bot, "recall", "citable")
        assert "Ottilie Krane" in answer(ask(extraction, bot, QUESTION))["text"]


def test_a_deleted_source_is_gone_with_its_file(extraction: World, bot: Bot, judge: Judge) -> None:
    address = f"/chatbots/{bot['id']}/sources/{source_of(extraction, bot, 'recall')}"
    assert extraction.alice.api.get(f"{address}/original").status_code == 200

    assert extraction.alice.api.delete(address).status_code == 204

    assert judge.mistakes(ask(extraction, bot, QUESTION)) == []
    assert extraction.alice.api.get(f"{address}/original").status_code == 404


def test_the_same_file_in_both_classes_is_learn_only_and_the_owner_is_told(
    extraction: World, bot: Bot, judge: Judge
) -> None:
    extraction.alice.upload(bot, *planted.as_files((("copy of " + NOTE[0], NOTE[1]),)), disclosure="learn_only")
    work_off()

    assert judge.mistakes(ask(extraction, bot, QUESTION)) == []
    warned = [warning["code"] for source in extraction.alice.sources(bot) for warning in source["warnings"]]
    assert "in_both_classes" in warned


def test_what_an_owner_sees_in_a_preview_is_not_served_to_visitors(extraction: World, bot: Bot, judge: Judge) -> None:
    previewed = extraction.alice.api.post(f"/chatbots/{bot['id']}/search", json={"query": QUESTION})
    assert "Ottilie Krane" in previewed.text

    flip(extraction, bot, "recall", "learn_only")

    assert judge.mistakes(ask(extraction, bot, QUESTION)) == []
    again = extraction.alice.api.post(f"/chatbots/{bot['id']}/search", json={"query": QUESTION})
    assert "Ottilie Krane" not in again.text, "what search finds is what visitors would"


def test_hidden_sheets_and_comments_of_a_citable_file_are_not_published(
    extraction: World, bot: Bot, judge: Judge
) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Model", "Weight"])
    book.active.append(["Tern", "14 kg"])
    book.active["A2"].comment = Comment(NOTE[1], "Ottilie Krane")
    hidden = book.create_sheet("Recall")
    hidden.append([NOTE[1].split("\n\n")[1]])
    hidden.sheet_state = "hidden"
    content = io.BytesIO()
    book.save(content)
    address = f"/chatbots/{bot['id']}/sources/{source_of(extraction, bot, 'recall')}"
    extraction.alice.api.delete(address)
    extraction.alice.upload(bot, ("models.xlsx", content.getvalue()))
    work_off()

    assert "14 kg" in answer(ask(extraction, bot, "How much does the Tern weigh?"))["text"]
    assert judge.mistakes(ask(extraction, bot, QUESTION)) == []
