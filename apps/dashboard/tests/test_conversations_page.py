"""Alice finds the conversations she looks for, and goes from a question without an answer to an answer."""

import datetime as dt
import html
import secrets
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import AuditEntry
from apps.chatbots.models import Chatbot
from apps.conversations.models import Author, Conversation, Message
from apps.dashboard.tests.conftest import Person
from apps.knowledge.models import Source
from apps.knowledge.services import KnowledgeSourceService

NORWAY = "Do you ship to Norway?"


def base(bot: Chatbot) -> str:
    return f"/dashboard/bots/{bot.pk}/"


def talk(bot: Chatbot, *turns: tuple[str, str, bool], days_ago: int = 0, **facts: Any) -> Conversation:
    """Put a conversation where the chat would have kept it: questions, answers, and whether they are answers."""
    at = timezone.now() - dt.timedelta(days=days_ago)
    made = Conversation.objects.create(
        chatbot=bot, token_hash=secrets.token_bytes(32), created_at=at, last_message_at=at, **facts
    )
    for number, (question, answer, answered) in enumerate(turns):
        asked = at + dt.timedelta(seconds=2 * number)
        Message.objects.create(conversation=made, author=Author.VISITOR, text=question, created_at=asked)
        Message.objects.create(
            conversation=made, author=Author.BOT, text=answer, answered=answered,
            created_at=asked + dt.timedelta(seconds=1), trace={"provider": "extractive"},
        )  # fmt: skip
    return made


@pytest.fixture
def warranty(bot: Chatbot) -> Conversation:
    return talk(bot, ("How long is the warranty?", "Two years.", True), days_ago=3)


@pytest.fixture
def norway(bot: Chatbot) -> Conversation:
    return talk(bot, ("What does it weigh?", "Nine kilos.", True), (NORWAY, "I don't know.", False))


def gap_in(conversation: Conversation) -> str:
    answer = Message.objects.get(conversation=conversation, answered=False)
    return f"{base(conversation.chatbot)}conversations/{conversation.pk}/answers/{answer.pk}"


# What is looked for.


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", {"warranty", "norway"}),
        ("show=unanswered", {"norway"}),
        ("show=down", {"warranty"}),
        ("text=WARRANTY", {"warranty"}),
        ("text=kilos+norway", {"norway"}),
        ("text=kilos+warranty", set()),
        ("text=100%25", set()),
        ("from={today}", {"norway"}),
        ("to={before}", {"warranty"}),
        ("from={before}&to={before}", {"warranty"}),
        ("from={today}&show=down", set()),
        ("from=yesterday&show=nonsense&text=%00", {"warranty", "norway"}),
    ],
)
def test_alice_finds_what_she_looks_for(
    alice: Person, warranty: Conversation, norway: Conversation, asked: str, found: set[str]
) -> None:
    bot = warranty.chatbot
    Message.objects.filter(conversation=warranty, author=Author.BOT).update(feedback="down")
    today = timezone.now().date()
    page = alice.see(f"{base(bot)}conversations?" + asked.format(today=today, before=today - dt.timedelta(days=3)))
    shown = {name for name, one in (("warranty", warranty), ("norway", norway)) if f'/conversations/{one.pk}"' in page}
    assert shown == found


def test_the_lists_tell_how_long_they_are_within_the_days_and_words(
    alice: Person, bot: Chatbot, warranty: Conversation, norway: Conversation
) -> None:
    page = " ".join(alice.see(f"{base(bot)}conversations").split())
    assert 'All <span class="count">2</span>' in page
    assert 'Unanswered <span class="count">1</span>' in page
    narrowed = " ".join(alice.see(f"{base(bot)}conversations?text=warranty").split())
    assert 'All <span class="count">1</span>' in narrowed
    assert 'Unanswered <span class="count">0</span>' in narrowed
    assert "?show=unanswered&amp;text=warranty" in narrowed


def test_what_is_looked_for_is_kept_from_page_to_page(alice: Person, bot: Chatbot) -> None:
    for number in range(26):
        talk(bot, (f"Question {number}?", "I don't know.", False))
    first = alice.see(f"{base(bot)}conversations?show=unanswered&text=question")
    assert "1 to 25 of 26" in first
    assert "?page=2&amp;show=unanswered&amp;text=question" in first
    assert "26 to 26 of 26" in alice.see(f"{base(bot)}conversations?show=unanswered&text=question&page=2")


def test_trials_are_no_conversations_of_visitors(alice: Person, bot: Chatbot) -> None:
    trial = talk(bot, (NORWAY, "I don't know.", False), is_trial=True)
    assert "Nobody has asked anything yet" in alice.see(f"{base(bot)}conversations")
    alice.see(f"{base(bot)}conversations/{trial.pk}", status=404)


# From a question without an answer to an answer.


def test_from_an_unanswered_question_it_is_one_step_to_an_answer(
    alice: Person, bot: Chatbot, norway: Conversation
) -> None:
    address = gap_in(norway)
    assert address in alice.see(f"{base(bot)}conversations?show=unanswered")
    assert address in alice.see(f"{base(bot)}conversations/{norway.pk}")
    page = alice.see(address)
    assert f'value="{html.escape(NORWAY)}" maxlength="200"' in page
    assert AuditEntry.objects.filter(action="conversation.opened", object_id=str(norway.pk)).count() == 2


def test_the_answer_becomes_a_citable_text_under_the_question(
    alice: Person, bot: Chatbot, norway: Conversation
) -> None:
    address = gap_in(norway)
    back = alice.press(f"{address}/add", title=f"  {NORWAY}\n", text="Yes, we ship to Norway within five days.")
    (source,) = Source.objects.filter(chatbot=bot)
    assert (source.title, source.disclosure, source.kind) == (NORWAY, "citable", "text")
    assert source.added_by == alice.member.user
    assert back == f"{address}?source={source.pk}"
    assert "Waiting to be read" in alice.see(back)
    Source.objects.update(status="ready")
    assert "can answer with it from now on" in alice.see(f"{address}/state?source={source.pk}")


def test_a_text_of_the_same_title_is_replaced_only_when_alice_knows(
    alice: Person, bot: Chatbot, norway: Conversation
) -> None:
    address = gap_in(norway)
    alice.press(f"{address}/add", title=NORWAY, text="Yes, for ten euros.")
    warned = alice.press(f"{address}/add", status=409, title=NORWAY, text="Yes, for twelve euros.")
    (source,) = Source.objects.filter(chatbot=bot)
    assert source.revision == 1
    assert "replaces what stands in it" in warned
    assert "Yes, for twelve euros." in warned
    assert "Yes, for ten euros." in alice.see(address)  # and may be changed
    alice.press(f"{address}/add", title=NORWAY, text="Yes, for twelve euros.", replaces=str(source.pk))
    source.refresh_from_db()
    assert source.revision == 2


def test_an_empty_answer_is_told_and_what_was_written_stays(alice: Person, norway: Conversation) -> None:
    page = alice.press(f"{gap_in(norway)}/add", status=422, title="My title", text="  ")
    assert "Write the answer first." in page
    assert 'value="My title"' in page
    assert not Source.objects.exists()


def test_a_text_that_is_learn_only_already_stays_so_and_alice_is_told(
    alice: Person, bot: Chatbot, norway: Conversation
) -> None:
    text = "Yes, we ship to Norway."
    KnowledgeSourceService().add_text(chatbot=bot, text=text, title="Notes", disclosure="learn_only")
    page = alice.see(alice.press(f"{gap_in(norway)}/add", title=NORWAY, text=text))
    assert "which is learn-only now" in page
    assert [one.disclosure for one in Source.objects.all()] == ["learn_only"]


def test_victor_reads_and_adds_nothing_and_for_mallory_there_is_no_such_question(
    victor: Person, mallory: Person, norway: Conversation
) -> None:
    address = gap_in(norway)
    page = victor.see(address)
    assert NORWAY in page
    assert "<form" not in page.split("<main")[1].split("</main>")[0]
    victor.press(f"{address}/add", status=403, title="x", text="y")
    victor.press(f"{address}/ask", status=403)
    mallory.see(address, status=404)
    mallory.see(f"{address}/state", status=404)
    mallory.press(f"{address}/add", status=404, title="x", text="y")
    mallory.press(f"{address}/ask", status=404)
    assert not Source.objects.exists()


def test_a_trial_or_source_of_another_bot_is_not_shown(
    alice: Person, mallory: Person, bot: Chatbot, norway: Conversation
) -> None:
    hers = Chatbot.objects.get(organization=mallory.member.organization)
    trial = talk(hers, ("What is your margin?", "It is a secret of Mallory.", True), is_trial=True)
    source = KnowledgeSourceService().add_text(chatbot=hers, text="…", title="Margins of Mallory", disclosure="citable")
    answer = Message.objects.get(conversation=trial, author=Author.BOT)
    page = alice.see(f"{gap_in(norway)}?trial={answer.pk}&source={source.source.pk}")
    assert "Mallory" not in page
    assert "The answer now" not in page
    alice.see(f"{gap_in(norway)}?trial=nonsense&source=nonsense")
