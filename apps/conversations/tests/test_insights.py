"""What Alice is told of her chatbot's conversations, counted over answers that we put there."""

import datetime as dt
import secrets
import uuid
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone

from apps.accounts.services import UserService
from apps.chatbots.models import Chatbot
from apps.chatbots.services import ChatbotService
from apps.conversations.insights import InsightsService, Period, Tally, Times
from apps.conversations.models import Author, Citation, Conversation, Message
from apps.core.embedding_service import EmbeddingService
from apps.core.error_handling import ProviderUnavailableError
from apps.core.services import ServiceRegistry
from apps.knowledge.models import Document, Source

NOW = timezone.now().replace(hour=12)
FORTNIGHT = Period(first=NOW.date() - dt.timedelta(days=13), days=14)


@pytest.fixture
def bot(db: None) -> Chatbot:
    organization = UserService().ensure_owner(email="alice@example.org").organization
    return ChatbotService().create(organization=organization, name="Handbook")


def talk(bot: Chatbot, **facts: Any) -> Conversation:
    return Conversation.objects.create(chatbot=bot, token_hash=secrets.token_bytes(32), **facts)


def ask(
    bot: Chatbot,
    question: str = "How long is the warranty?",
    *,
    days_ago: int = 0,
    answered: bool | None = True,
    milliseconds: float = 100,
    cites: tuple[Source, ...] = (),
    within: Conversation | None = None,
    at: dt.datetime | None = None,
    provider: str = "extractive",
    **facts: Any,
) -> Message:
    """Put a question with its answer where the chat would have kept them."""
    moment = at or NOW - dt.timedelta(days=days_ago)
    conversation = within or talk(bot)
    Message.objects.create(conversation=conversation, author=Author.VISITOR, text=question, created_at=moment)
    answer = Message.objects.create(
        conversation=conversation, author=Author.BOT, text="…", answered=answered, complete=answered is not None,
        created_at=moment + dt.timedelta(seconds=1),
        trace={"provider": provider, "language": "en", "timings_ms": {"total": milliseconds, "search": 5.0}}
        if answered is not None else {},
        **facts,
    )  # fmt: skip
    for n, source in enumerate(cites, 1):
        document = Document.objects.filter(source=source).first()
        Citation.objects.create(
            message=answer,
            n=n,
            passage_id=uuid.uuid4(),
            document_id=document.pk if document else uuid.uuid4(),
            quote="…",
        )
    return answer


def source(bot: Chatbot, title: str, **facts: Any) -> Source:
    made = Source.objects.create(chatbot=bot, kind="text", title=title, status="ready", passage_count=3, **facts)
    Document.objects.create(source=made, position=0, text="…", fingerprint="x")
    return made


def test_each_day_is_counted_and_quiet_days_are_there_too(bot: Chatbot) -> None:
    for _ in range(3):
        ask(bot, days_ago=2)
    ask(bot, days_ago=2, answered=False)
    ask(bot, days_ago=1, answered=None)
    days = InsightsService().days(bot, FORTNIGHT)
    assert len(days) == 14
    assert [one.date for one in days] == list(FORTNIGHT.dates())
    assert days[-3].tally == Tally(answered=3, unanswered=1)
    assert days[-2].tally == Tally(broken_off=1)
    assert [one.tally.questions for one in days[:11]] == [0] * 11
    assert days[-3].tally.share == 0.75
    assert days[-2].tally.share is None


def test_days_are_those_of_utc_from_midnight_to_midnight(bot: Chatbot) -> None:
    midnight = dt.datetime.combine(FORTNIGHT.first, dt.time(), dt.UTC)
    ask(bot, at=midnight - dt.timedelta(seconds=2))
    ask(bot, at=midnight)
    ask(bot, at=midnight + dt.timedelta(hours=23, minutes=59))
    service = InsightsService()
    assert service.days(bot, FORTNIGHT)[0].tally.questions == 2
    assert service.tally(bot, FORTNIGHT.before()).questions == 1


def test_greetings_trials_leak_tests_and_other_bots_count_nowhere(bot: Chatbot) -> None:
    ask(bot)
    ask(bot, "Hello", provider="none")
    ask(bot, within=talk(bot, is_trial=True))
    tested = talk(bot)
    run = apps.get_model("observability", "LeakTestRun").objects.create(chatbot=bot, mode="steer", model="worst")
    apps.get_model("observability", "LeakTestConversation").objects.create(conversation=tested, run=run)
    ask(bot, within=tested)
    ask(ChatbotService().create(organization=bot.organization, name="Another"))
    assert InsightsService().tally(bot, FORTNIGHT) == Tally(answered=1)


def test_of_a_question_as_long_as_a_book_the_beginning_is_read(bot: Chatbot) -> None:
    ask(bot, "Why? " * 800, answered=False)
    (group,) = InsightsService().unanswered(bot, FORTNIGHT).groups
    assert group.wordings == ("Why? " * 100,)


def test_times_are_those_within_which_half_and_most_answers_came(bot: Chatbot) -> None:
    for milliseconds in range(1, 101):
        ask(bot, milliseconds=milliseconds, days_ago=3)
    service = InsightsService()
    times = service.times(bot, FORTNIGHT)
    assert times["total"] == Times(half=50.5, most=95.05)
    assert times["search"] == Times(half=5.0, most=5.0)
    assert "read" not in times
    assert service.days(bot, FORTNIGHT)[-4].times == times["total"]


def test_sources_are_ranked_by_the_answers_they_prove_and_idle_ones_named(bot: Chatbot) -> None:
    prices, returns = source(bot, "Prices"), source(bot, "Returns")
    source(bot, "Nobody asks for this")
    source(bot, "Secret", disclosure="learn_only")
    source(bot, "Failed").documents.all().delete()
    Source.objects.filter(title="Failed").update(passage_count=0, status="failed")
    ask(bot, cites=(prices, prices))  # two quotes in one answer are one answer
    ask(bot, cites=(returns, prices))
    ask(bot, days_ago=20, cites=(returns, returns))
    gone = source(bot, "Gone")
    ask(bot, cites=(gone,))
    gone.delete()
    used = InsightsService().sources(bot, FORTNIGHT)
    assert [(one.source.title, one.answers) for one in used.cited] == [("Prices", 2), ("Returns", 1)]
    assert [one.title for one in used.uncited] == ["Nobody asks for this"]
    assert (used.withdrawn, used.cited_answers) == (1, 3)


def test_near_equal_questions_stand_together_the_most_frequent_first(bot: Chatbot) -> None:
    for question in ("Do you ship to Norway?", "do you SHIP to norway", "Is shipping to Norway possible?"):
        ask(bot, question, answered=False, days_ago=1)
    latest = ask(bot, "Do you ship to Norway?", answered=False)
    ask(bot, "Can I pay by invoice?", answered=False)
    ask(bot, "Is there parking?")
    found = InsightsService().unanswered(bot, FORTNIGHT)
    assert [len(one.asked) for one in found.groups] == [4, 1]
    first = found.groups[0]
    assert first.wordings[0] == "Do you ship to Norway?"
    assert len(first.wordings) == 3
    assert first.latest.message_id == latest.pk
    assert (found.questions, found.by_meaning) == (5, True)


def test_a_question_is_the_one_before_its_answer(bot: Chatbot) -> None:
    conversation = talk(bot)
    ask(bot, "Is it heavy?", within=conversation, at=NOW - dt.timedelta(minutes=9))
    ask(bot, "Do you ship to Norway?", within=conversation, at=NOW, answered=False)
    (only,) = InsightsService().unanswered(bot, FORTNIGHT).groups
    assert only.wordings == ("Do you ship to Norway?",)


def test_without_the_embedding_model_questions_are_grouped_by_their_words(bot: Chatbot) -> None:
    class Down:
        name = "down"

        def embed_documents(self, texts: list[str]) -> list[Any]:
            raise ProviderUnavailableError

    for question in ("Do you ship to Norway?", "do you ship to Norway", "Is shipping to Norway possible?"):
        ask(bot, question, answered=False)
    with ServiceRegistry.override("embeddings", Down()):
        found = InsightsService().unanswered(bot, FORTNIGHT)
    assert [len(one.asked) for one in found.groups] == [2, 1]
    assert not found.by_meaning


def test_what_was_embedded_once_is_not_embedded_again(bot: Chatbot) -> None:
    real: EmbeddingService = ServiceRegistry.get("embeddings")
    embedded: list[str] = []

    class Counting:
        name = real.name

        def embed_documents(self, texts: list[str]) -> list[Any]:
            embedded.extend(texts)
            return real.embed_documents(texts)

    ask(bot, "Do you ship to Norway?", answered=False)
    service = InsightsService()
    with ServiceRegistry.override("embeddings", Counting()):
        service.unanswered(bot, FORTNIGHT)
        ask(bot, "Can I pay by invoice?", answered=False)
        service.unanswered(bot, FORTNIGHT)
    assert sorted(embedded) == ["Can I pay by invoice?", "Do you ship to Norway?"]


def test_feedback_is_counted_and_comments_are_told_the_latest_first(bot: Chatbot) -> None:
    ask(bot, feedback="up")
    ask(bot, feedback="down", feedback_comment="Wrong year", days_ago=1)
    ask(bot, feedback="up", feedback_comment="Thanks!")
    service = InsightsService()
    tally = service.tally(bot, FORTNIGHT)
    assert (tally.helpful, tally.unhelpful) == (2, 1)
    assert [(one.text, one.helpful) for one in service.comments(bot, FORTNIGHT)] == [
        ("Thanks!", True), ("Wrong year", False)
    ]  # fmt: skip
