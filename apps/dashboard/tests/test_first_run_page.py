"""Alice's first minutes: from the one-time link to a chatbot that is reading what she gave it."""

from typing import Any

import pytest
from django.test import Client

from apps.accounts.services import UserService
from apps.chatbots.models import Chatbot
from apps.chatbots.services import ChatbotService
from apps.dashboard.first_run_views import LANGUAGES
from apps.dashboard.tests.conftest import Person
from apps.knowledge.models import Source, SourceStatus

pytestmark = pytest.mark.django_db


def page(bot: Chatbot, name: str) -> str:
    return f"/dashboard/bots/{bot.pk}/{name}"


def arrives_at(person: Person) -> str:
    token = UserService().create_sign_in_link(user=person.member.user)
    return str(Client().post(f"/sign-in/{token}")["Location"])


def test_the_link_leads_to_the_welcome_until_there_is_a_bot_of_her_own(alice: Person) -> None:
    demo = ChatbotService().create(organization=alice.member.organization, name="Demo")
    Chatbot.objects.filter(pk=demo.pk).update(is_demo=True)
    assert arrives_at(alice) == "/welcome"
    assert "Try the demo" in alice.see("/welcome")
    assert "Make your first chatbot" in alice.see("/")
    ChatbotService().create(organization=alice.member.organization, name="Shop")
    assert arrives_at(alice) == "/"
    assert "Make your first chatbot" not in alice.see("/")


def test_who_may_only_look_is_not_asked_to_make_one(alice: Person, victor: Person) -> None:
    assert arrives_at(victor) == "/"
    assert 'action="/welcome/create"' in alice.see("/welcome")
    assert 'action="/welcome/create"' not in victor.see("/welcome")


def test_alice_names_her_bot_and_goes_on_to_its_sources(alice: Person) -> None:
    led_to = alice.press("/welcome/create", name=" Shop ", description="Answers about orders.", language="de")
    made = Chatbot.objects.get()
    assert (made.name, made.description, made.language) == ("Shop", "Answers about orders.", "de")
    assert led_to == page(made, "welcome/sources")
    assert "Choose files" in alice.see(led_to)


def test_a_name_that_is_taken_is_told_and_nothing_typed_is_lost(alice: Person, bot: Chatbot) -> None:
    told = alice.press("/welcome/create", 400, name="Handbook", description="About <orders>", language="fr")
    assert "exists already" in told
    assert "About &lt;orders&gt;" in told
    assert '<option value="fr" selected>' in told
    assert Chatbot.objects.count() == 1


def test_no_other_language_gets_in_than_those_offered(alice: Person) -> None:
    alice.press("/welcome/create", name="Shop", language="<b>")
    assert Chatbot.objects.get().language == ""
    assert "<b>" not in LANGUAGES


def test_the_way_on_opens_when_something_is_ready(alice: Person, bot: Chatbot, source: Source) -> None:
    way_on = page(bot, "try") + "?welcome"
    waiting = alice.see(page(bot, "welcome/sources/state"))
    assert "load delay:1s" in waiting
    assert way_on not in waiting
    Source.objects.update(status=SourceStatus.FAILED, error_message="The file is damaged. Save it again.")
    failed = alice.see(page(bot, "welcome/sources/state"))
    assert "load delay:1s" not in failed
    assert "Save it again" in failed
    Source.objects.update(status=SourceStatus.READY)
    assert way_on in alice.see(page(bot, "welcome/sources/state"))


def test_what_is_added_in_the_second_step_leads_back_to_it(alice: Person, bot: Chatbot) -> None:
    here = page(bot, "welcome/sources")
    shown = alice.see(here)
    assert f'name="next" value="{here}"' in shown
    added: dict[str, Any] = {
        "title": "Returns",
        "text": "Thirty days.",
        "disclosure": "citable",
        "only": "text",
        "next": here,
    }
    assert alice.press(page(bot, "sources/add"), **added).startswith(here)
    assert "Returns" in alice.see(page(bot, "welcome/sources/state"))
