"""Alice sees and decides on one page what visitors may learn; Victor may look; for Mallory there is no such page."""

import re
from typing import Any

import pytest
from django.test import Client

from apps.accounts.audit import Action
from apps.accounts.models import AuditEntry
from apps.chatbots.models import Chatbot
from apps.conversations.models import Author, Conversation, Message
from apps.dashboard.tests.conftest import Person
from apps.dashboard.wording import ACTIONS
from apps.knowledge.models import Document, Source
from apps.retrieval.models import PrivacyAlarm

INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", re.IGNORECASE)


def base(bot: Chatbot) -> str:
    return f"/dashboard/bots/{bot.pk}/"


def actions(bot: Chatbot) -> list[str]:
    return list(AuditEntry.objects.filter(chatbot_id=bot.pk).order_by("pk").values_list("action", flat=True))


@pytest.fixture
def conversation(bot: Chatbot) -> Conversation:
    made = Conversation.objects.create(chatbot=bot, token_hash=b"x" * 32)
    Message.objects.create(conversation=made, author=Author.VISITOR, text="How <long> is the warranty?")
    Message.objects.create(
        conversation=made, author=Author.BOT, text="Two <b>years</b>.", answered=True,
        trace={
            "provider": "openai-compatible", "model": "test-model", "query": "warranty", "language": "en",
            "fallback": None, "usage": None, "prompt_characters": 400, "prompt_sha256": "ab" * 32,
            "timings_ms": {"total": 90.0, "search": 20.0, "generate": 60.0, "first_token": 50.0, "condense": 0.1},
            "passages": [{
                "passage_id": "6f1ed002-ab5c-4d0e-9a3e-0123456789ab", "number": 1, "score": 0.8, "cosine": 0.7,
                "bm25": 3.2, "steered": True,
            }],
            "dropped": [{"rule": "unknown_figure", "text": "It is 99 <i>years</i>."}],
        },
    )  # fmt: skip
    return made


# Who may see it.


@pytest.mark.parametrize("page", ["privacy", "audit.csv", "conversations", "conversations/{conversation}"])
def test_members_see_a_page_that_exists_for_nobody_else(
    alice: Person, victor: Person, mallory: Person, conversation: Conversation, page: str
) -> None:
    path = base(conversation.chatbot) + page.format(conversation=conversation.pk)
    assert alice.see(path)
    assert victor.see(path)
    mallory.see(path, status=404)
    stranger = Client().get(path)
    assert (stranger.status_code, stranger["Location"]) == (302, f"/accounts/login/?next={path}")


def test_mallory_cannot_reach_alices_conversation_through_her_own_bot(
    alice: Person, mallory: Person, bot: Chatbot, conversation: Conversation
) -> None:
    hers = Chatbot.objects.get(name="Mallory's bot")
    alice.see(f"{base(bot)}conversations/{conversation.pk}")
    mallory.see(f"{base(hers)}conversations/{conversation.pk}", status=404)


def test_mallory_cannot_flip_alices_source_through_her_own_bot(mallory: Person, bot: Chatbot, source: Source) -> None:
    hers = Chatbot.objects.get(name="Mallory's bot")
    mallory.press(f"{base(bot)}privacy/sources/{source.pk}", status=404, disclosure="citable")
    mallory.press(f"{base(hers)}privacy/sources/{source.pk}", disclosure="citable")
    source.refresh_from_db()
    assert source.disclosure == "learn_only"


def test_the_list_of_bots_leads_to_both_pages(alice: Person, bot: Chatbot) -> None:
    home = alice.see("/")
    assert f'href="{base(bot)}privacy"' in home
    assert f'href="{base(bot)}conversations"' in home


# The mode.


def test_the_claim_stands_on_the_page_word_for_word(alice: Person, bot: Chatbot) -> None:
    assert "Learn-only sources have no influence on what visitors see." in alice.see(f"{base(bot)}privacy")


def test_bob_seals_the_bot(bob: Person, bot: Chatbot) -> None:
    bob.press(f"{base(bot)}privacy/use", use="sealed")
    bot.refresh_from_db()
    assert bot.learn_only_use == "sealed"
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.actor_kind, entry.actor_label) == (
        "chatbot.learn_only_use_changed",
        "user",
        "bob@example.org",
    )
    assert "steer → sealed" in bob.see(f"{base(bot)}privacy")


def test_inform_is_asked_about_once_more(alice: Person, bot: Chatbot) -> None:
    path = f"{base(bot)}privacy/use"
    for fields in ({"use": "inform"}, {"use": "inform", "understood": "no"}):
        warned = alice.press(path, status=200, **fields)
        assert "A check can be got round." in warned
        bot.refresh_from_db()
        assert bot.learn_only_use == "steer"
    assert "Tick the box first" in warned
    alice.press(path, use="inform", understood="yes")
    bot.refresh_from_db()
    assert bot.learn_only_use == "inform"


def test_a_mode_that_does_not_exist_changes_nothing(alice: Person, bot: Chatbot) -> None:
    alice.press(f"{base(bot)}privacy/use", use="open")
    bot.refresh_from_db()
    assert bot.learn_only_use == "steer"


# The sources.


def test_alice_flips_a_source_and_takes_it_back(alice: Person, bot: Chatbot, source: Source) -> None:
    path = f"{base(bot)}privacy/sources/{source.pk}"
    back = alice.press(path, disclosure="citable", page="1", show="")
    source.refresh_from_db()
    assert source.disclosure == "citable"
    assert back == f"{base(bot)}privacy?flipped={source.pk}&page=1#flipped"
    page = alice.see(back.partition("#")[0])
    assert re.search(r'<p id="flipped"[^>]*>\s*Now citable', page)
    assert "Undo" in page
    alice.press(path, disclosure="learn_only")
    source.refresh_from_db()
    assert source.disclosure == "learn_only"
    assert actions(bot)[-2:] == ["source.flipped", "source.flipped"]


def test_the_pressed_half_of_the_switch_pressed_again_changes_nothing(
    alice: Person, bot: Chatbot, source: Source
) -> None:
    alice.press(f"{base(bot)}privacy/sources/{source.pk}", disclosure="learn_only")
    alice.press(f"{base(bot)}privacy/sources/{source.pk}", disclosure="everybody")
    source.refresh_from_db()
    assert source.disclosure == "learn_only"
    assert actions(bot) == ["chatbot.created", "source.added"]


def test_a_source_that_left_the_list_is_shown_among_all(alice: Person, bot: Chatbot, source: Source) -> None:
    back = alice.press(f"{base(bot)}privacy/sources/{source.pk}", disclosure="citable", page="3", show="learn_only")
    assert "show=" not in back
    assert "page=" not in back


def test_the_list_can_show_one_class_alone(alice: Person, bot: Chatbot, source: Source) -> None:
    assert f"source-{source.pk}" in alice.see(f"{base(bot)}privacy?show=learn_only")
    assert f"source-{source.pk}" not in alice.see(f"{base(bot)}privacy?show=citable")
    assert f"source-{source.pk}" in alice.see(f"{base(bot)}privacy?show=nonsense&page=99")


@pytest.fixture
def both(bot: Chatbot) -> tuple[Source, Source]:
    """A citable and a learn-only source that say the same."""
    citable = Source.objects.create(chatbot=bot, kind="text", title="Public", disclosure="citable", status="ready")
    hidden = Source.objects.create(chatbot=bot, kind="text", title="Hidden", disclosure="learn_only", status="ready")
    twin = Document.objects.create(source=hidden, position=0, text="The same.", fingerprint="x", bands=[1])
    Document.objects.create(source=citable, position=0, text="The same.", fingerprint="x", bands=[1], twin=twin)
    Source.objects.create(chatbot=bot, kind="text", title="Other", disclosure="citable", status="ready")
    return citable, hidden


def test_a_source_in_both_classes_is_said_to_be_withheld_until_alice_decides(
    alice: Person, bot: Chatbot, both: tuple[Source, Source]
) -> None:
    citable, _ = both
    page = alice.see(f"{base(bot)}privacy")
    assert "<dt>Citable</dt><dd>2</dd>" in page
    assert "Withheld from visitors:" in page
    alice.press(f"{base(bot)}privacy/sources/{citable.pk}/both", both="accept")
    page = alice.see(f"{base(bot)}privacy")
    assert "Withheld from visitors:" not in page
    assert "Withhold it again" in page
    assert actions(bot)[-1] == "source.accepted_in_both_classes"
    alice.press(f"{base(bot)}privacy/sources/{citable.pk}/both", both="withhold")
    assert "Withheld from visitors:" in alice.see(f"{base(bot)}privacy")


def test_neither_victor_nor_mallory_decides_about_both_classes(
    victor: Person, mallory: Person, bot: Chatbot, both: tuple[Source, Source]
) -> None:
    path = f"{base(bot)}privacy/sources/{both[0].pk}/both"
    victor.press(path, status=403, both="accept")
    mallory.press(path, status=404, both="accept")
    mallory.press(path.replace(str(bot.pk), str(Chatbot.objects.get(name="Mallory's bot").pk)), both="accept")
    assert "Withheld from visitors:" in victor.see(f"{base(bot)}privacy")


def test_victor_looks_and_cannot_change_anything(
    alice: Person, bob: Person, victor: Person, bot: Chatbot, source: Source
) -> None:
    attempts: tuple[tuple[str, dict[str, Any]], ...] = (
        (f"{base(bot)}privacy/sources/{source.pk}", {"disclosure": "citable"}),
        (f"{base(bot)}privacy/use", {"use": "sealed"}),
    )
    for path, fields in attempts:
        assert "Your role lets you look" in victor.press(path, status=403, **fields)
        assert bob.press(path, **fields)
    page = victor.see(f"{base(bot)}privacy")
    assert "Changes are for editors and owners" in page
    assert not re.search(r'<button name="disclosure"[^>]*(?<!disabled)>', page)


def test_a_form_from_another_site_is_refused(alice: Person, bot: Chatbot, source: Source) -> None:
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(alice.member.user)
    answer = careful.post(f"{base(bot)}privacy/sources/{source.pk}", {"disclosure": "citable"})
    assert answer.status_code == 403
    source.refresh_from_db()
    assert source.disclosure == "learn_only"


def test_nothing_is_changed_by_following_a_link(alice: Person, bot: Chatbot, source: Source) -> None:
    assert alice.client.get(f"{base(bot)}privacy/sources/{source.pk}?disclosure=citable").status_code == 405
    assert alice.client.get(f"{base(bot)}privacy/use?use=sealed").status_code == 405


# The audit trail and the proof.


def test_the_trail_on_the_page_is_in_words(alice: Person, bot: Chatbot, source: Source) -> None:
    alice.press(f"{base(bot)}privacy/sources/{source.pk}", disclosure="citable")
    page = alice.see(f"{base(bot)}privacy")
    assert re.search(r"alice@example\.org</strong> changed the class of the source “&lt;Margins&gt;”", page)
    assert "learn-only → citable" in page


def test_every_action_has_words() -> None:
    assert set(ACTIONS) == set(Action)


def test_the_export_of_the_page_is_recorded(victor: Person, bot: Chatbot) -> None:
    assert victor.see(f"{base(bot)}audit.csv").startswith("id,at,actor")
    assert actions(bot)[-1] == "audit.exported"


def test_a_conversation_stands_there_with_its_proof(alice: Person, bot: Chatbot, conversation: Conversation) -> None:
    assert "How &lt;long&gt; is the warranty?" in alice.see(f"{base(bot)}conversations")
    page = alice.see(f"{base(bot)}conversations/{conversation.pk}")
    for told in (
        "test-model", "99 &lt;i&gt;years&lt;/i&gt;", "A number in it stands in no passage it cites.", "ab" * 32,
        "about 100 tokens", "No longer citable", "steered", "understand 0.1 ms, search 20 ms, write 60 ms",
    ):  # fmt: skip
        assert told in page, told
    assert "<i>years" not in page
    assert "<b>years" not in page
    assert actions(bot)[-1] == "conversation.opened"


@pytest.mark.parametrize("page", ["privacy", "conversations", "conversations/{conversation}"])
def test_the_pages_run_nothing_inline_and_load_nothing_from_elsewhere(
    alice: Person, bot: Chatbot, source: Source, conversation: Conversation, page: str
) -> None:
    response = alice.client.get(base(bot) + page.format(conversation=conversation.pk))
    assert "script-src 'self'; style-src 'self'" in response["Content-Security-Policy"]
    assert response["Cache-Control"] == "no-store"
    assert not INLINE.search(response.content.decode())


def test_an_alarm_leads_to_the_conversation_it_was_raised_in(
    alice: Person, bot: Chatbot, conversation: Conversation
) -> None:
    assert "None. There would be one here" in alice.see(f"{base(bot)}privacy")
    answer = conversation.messages.get(author=Author.BOT)
    hit = {"rule": "term", "digest": "ab12", "view": "reversed", "position": 17}
    PrivacyAlarm.objects.create(chatbot=bot, message_id=answer.pk, mode="inform", stopped=True, hits=[hit, hit])
    page = alice.see(f"{base(bot)}privacy")
    assert "Stopped before it was sent" in page
    assert "a name or number of it" in page
    assert f'href="{base(bot)}conversations/{conversation.pk}"' in page
    assert "answered again from citable passages alone" in alice.see(f"{base(bot)}conversations/{conversation.pk}")


def test_another_bots_alarms_are_not_shown(mallory: Person, bot: Chatbot) -> None:
    hers = Chatbot.objects.get(name="Mallory's bot")
    PrivacyAlarm.objects.create(chatbot=bot, mode="inform", stopped=False, hits=[{"rule": "run"}])
    assert "a run of its letters" not in mallory.see(f"{base(hers)}privacy")
