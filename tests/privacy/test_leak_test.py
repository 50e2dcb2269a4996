"""Alice tests her own bot: what that finds, that it finds what leaks, and that it leaves no trace."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import uuid4

import pytest

from apps.conversations.models import Conversation
from apps.core.services import ServiceRegistry
from apps.observability.leaktest.attacks import BY_NUMBER
from apps.observability.leaktest.service import LeakTestService
from apps.observability.models import LeakTestConversation, LeakTestFinding, LeakTestRun
from apps.retrieval.vector_search import Hit
from tests.llm_server import LLMServer
from tests.privacy import planted
from tests.privacy.conftest import Bot, Remembering, World, echoes, work_off

pytestmark = pytest.mark.django_db
FEW = [BY_NUMBER[number] for number in (1, 49, 68)]


@pytest.fixture
def service(embeddings: Remembering) -> Iterator[LeakTestService]:
    """The service as it is, with a few of the families."""
    with (
        ServiceRegistry.override("leak_tests", LeakTestService(FEW)),
        ServiceRegistry.override("embeddings", embeddings),
    ):
        yield ServiceRegistry.get("leak_tests")


def report_of(world: World, bot: Bot, **wanted: Any) -> dict[str, Any]:
    """Start a test over the API, let a worker do it, and return the report."""
    runs = f"/chatbots/{bot['id']}/leaktests"
    started = world.alice.api.post(runs, json=wanted)
    assert (started.status_code, started.json()["status"]) == (202, "queued")
    work_off()
    return dict(world.alice.api.get(f"{runs}/{started.json()['id']}").json())


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("worst", [True, False])
def test_alice_may_publish_the_claim_when_nothing_leaked(world: World, worst: bool) -> None:
    report = report_of(world, world.bots["sealed"], worst=worst)

    assert (report["status"], report["progress"], report["error"]) == ("done", 100, "")
    assert report["leaks"] == 0, report["examples"]
    assert report["trials"] == (37 if worst else 25), "cases by two notes by models, and the logs"
    assert 0 < report["bound"] < 0.12
    assert report["sentence"] == "Learn-only sources have no influence on what visitors see."
    tried = {family["number"]: family["trials"] for family in report["families"]}
    assert tried[1] == (20 if worst else 10)
    assert bool(tried[68]) is not worst, "what the worst model doesn't say is no fault"
    assert report["withheld"] == 0
    assert report["revision"]


@pytest.mark.usefixtures("service")
def test_a_test_leaves_no_conversation_behind(world: World) -> None:
    address = f"/chatbots/{world.bots['sealed']['id']}/conversations"
    world.alice.ask(world.bots["sealed"], "What is the deposit?")
    before = world.alice.api.get(address).json()

    report_of(world, world.bots["sealed"], worst=False)

    assert before
    assert world.alice.api.get(address).json() == before
    assert not LeakTestConversation.objects.exists()
    assert not Conversation.objects.exclude(leak_test=None).exists()


@pytest.mark.usefixtures("service")
def test_in_inform_the_report_says_how_often_the_model_was_told_something(world: World, model: LLMServer) -> None:
    model.behave(echoes)

    report = report_of(world, world.bots["inform"], worst=False)

    assert model.requests
    assert report["informed"] > 5, "or nothing was tested"
    assert report["sentence"].startswith(
        f"Best effort: {report['leaks']} of {report['trials']} attacks leaked on model "
    )
    assert report["leaks"] == 0, report["examples"]


@pytest.mark.usefixtures("service")
def test_in_steer_the_model_is_told_nothing(world: World, model: LLMServer) -> None:
    model.behave(echoes)
    report = report_of(world, world.bots["steer"], worst=False)
    assert model.requests
    assert (report["informed"], report["leaks"]) == (0, 0), report["examples"]
    assert report["sentence"].startswith("Learn-only text never reaches the model or a visitor.")


class LeakySearch:
    """A search that hands out a learn-only note as if visitors might read it."""

    async def search(self, **_: Any) -> Sequence[Hit]:
        text = planted.learn_only(planted.SECRETS)[0][1].split("\n\n")[1]
        leaked = Hit(
            passage_id=uuid4(), document_id=uuid4(), external_id="", title="Dealer discount floor", url="",
            heading_path=(), text=text, page=None, score=0.9, cosine=0.9, bm25=9.0,
        )  # fmt: skip
        return [leaked]

    async def corrected(self, *, query: str, **_: Any) -> str:
        return query


@pytest.mark.usefixtures("service")
def test_a_leak_is_found_and_shown_and_there_is_no_claim_to_publish(world: World) -> None:
    with ServiceRegistry.override("search", LeakySearch()):
        report = report_of(world, world.bots["sealed"], worst=True)

    assert report["leaks"] > 0
    assert report["sentence"] == ""
    leaked = [example for example in report["examples"] if example["leaked"]]
    assert {mistake["kind"] for example in leaked for mistake in example["mistakes"]} >= {"learn-only text in a prompt"}
    assert leaked[0]["example"]["asked"]
    assert leaked[0]["example"]["replies"]


@pytest.mark.usefixtures("service")
def test_what_was_found_about_a_source_goes_with_it_and_the_figures_stay(world: World) -> None:
    bot = world.alice.make_bot("Short-lived", learn_only_use="sealed")
    world.alice.upload(bot, *planted.as_files(planted.CITABLE[:2]))
    world.alice.upload(bot, *planted.as_files(planted.learn_only(planted.SECRETS)), disclosure="learn_only")
    work_off()
    report = report_of(world, bot, worst=True)
    assert LeakTestFinding.objects.filter(run=report["id"]).exists()

    for source in world.alice.sources(bot):
        if source["disclosure"] == "learn_only":
            world.alice.api.delete(f"/chatbots/{bot['id']}/sources/{source['id']}")

    assert not LeakTestFinding.objects.filter(run=report["id"]).exists()
    assert LeakTestRun.objects.get(pk=report["id"]).trials == report["trials"]
    refused = world.alice.api.post(f"/chatbots/{bot['id']}/leaktests", json={})
    assert refused.status_code == 400
    assert "no learn-only source" in refused.json()["detail"]


def test_mallory_cannot_start_or_read_a_test_of_alices_bot(world: World) -> None:
    address = f"/chatbots/{world.bots['sealed']['id']}/leaktests"
    assert world.alice.api.get(address).status_code == 200
    for owner in (world.owners["tina"], world.owners["nora"]):
        assert owner.api.get(address).status_code == 404
        assert owner.api.post(address, json={"worst": True}).status_code == 404


def test_two_tests_of_one_bot_do_not_run_at_once(world: World) -> None:
    address = f"/chatbots/{world.bots['steer']['id']}/leaktests"
    first = world.alice.api.post(address, json={"worst": True})
    try:
        assert first.status_code == 202
        assert world.alice.api.post(address, json={"worst": True}).status_code == 409
    finally:
        with ServiceRegistry.override("leak_tests", LeakTestService(FEW[:1])):
            work_off()
