"""Alice sees what leads where and takes a link away; nobody else's bot is hers to look at."""

import uuid
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import AuditEntry, Member, Organization, Role, User
from apps.accounts.services import UserService
from apps.chatbots.models import Chatbot
from apps.core.error_handling import NotFoundError
from apps.knowledge.links import SteeringLink, SteeringLinkService
from apps.knowledge.models import Source
from apps.retrieval import steering
from apps.retrieval.tests.shelf import Shelf

pytestmark = pytest.mark.django_db

ANSWER = "You can return a coffee machine within thirty days after purchase, with the receipt."
NOTE = "Customer asked whether a coffee machine can be returned after purchase without the receipt; we said no."


@pytest.fixture
def shelf() -> Shelf:
    """A bot with an answer, and a ticket that asks the same."""
    made = Shelf()
    for text, disclosure, title in ((ANSWER, "citable", "Returns"), (NOTE, "learn_only", "Ticket 7")):
        source = Source.objects.create(chatbot=made.chatbot, kind="text", title=title, disclosure=disclosure)
        made.write(made.document(text, source_id=source.pk, title=title), citable=disclosure == "citable")
    steering.relink(made.chatbot.pk)
    return made


@pytest.fixture
def bot(shelf: Shelf) -> Chatbot:
    return shelf.chatbot


def key_in(organization: Organization, role: Role = Role.OWNER) -> str:
    user = User.objects.create_user(f"{uuid.uuid4()}@example.org")
    member = Member.objects.create(organization=organization, user=user, role=role)
    return UserService().create_api_key(member=member).secret


def call(key: str, method: str, path: str) -> Any:
    headers = {"Authorization": f"Bearer {key}"}
    return Client().generic(method, f"/api/v1/chatbots/{path}", content_type="application/json", headers=headers)


def only_link(bot: Chatbot) -> SteeringLink:
    (link,) = SteeringLinkService().read(bot)
    return link


def actions(bot: Chatbot) -> list[str]:
    return list(AuditEntry.objects.filter(chatbot_id=bot.pk).order_by("pk").values_list("action", flat=True))


def test_alice_sees_which_question_leads_where(bot: Chatbot) -> None:
    (told,) = call(key_in(bot.organization), "GET", f"{bot.pk}/links").json()
    assert (told["learn_only"]["text"], told["learn_only"]["source_title"]) == (NOTE, "Ticket 7")
    assert (told["citable"]["text"], told["citable"]["source_title"]) == (ANSWER, "Returns")
    assert 0.3 <= told["weight"] <= 1


def test_to_look_at_links_is_recorded_since_they_quote_learn_only_text(bot: Chatbot) -> None:
    only_link(bot)
    assert actions(bot) == ["steering_links.opened"]


def test_links_come_page_by_page(shelf: Shelf) -> None:
    service = SteeringLinkService()
    shelf.put(NOTE + " Again.", citable=False)
    steering.relink(shelf.chatbot.pk)
    assert service.count(shelf.chatbot) == 2
    pages = [service.read(shelf.chatbot, first=place, most=1) for place in range(3)]
    assert [len(page) for page in pages] == [1, 1, 0]
    assert pages[0][0].id != pages[1][0].id


def test_a_link_that_was_removed_stays_away_until_it_is_brought_back(bot: Chatbot) -> None:
    service = SteeringLinkService()
    service.remove(bot, only_link(bot).id)
    assert (service.count(bot), service.removed(bot)) == (0, 1)
    steering.relink(bot.pk)
    assert service.count(bot) == 0
    service.restore(bot)
    steering.relink(bot.pk)
    assert (service.count(bot), service.removed(bot)) == (1, 0)
    told = AuditEntry.objects.filter(chatbot_id=bot.pk).order_by("pk").values_list("action", "details")
    assert list(told)[1:] == [
        ("steering_link.removed", {"learn_only_source": "Ticket 7", "citable_source": "Returns"}),
        ("steering_link.restored", {"links": 1}),
    ]


def test_no_words_of_a_passage_reach_the_audit_trail(bot: Chatbot) -> None:
    SteeringLinkService().remove(bot, only_link(bot).id)
    assert "receipt" not in str(list(AuditEntry.objects.values()))


def test_the_api_removes_and_restores(bot: Chatbot) -> None:
    key = key_in(bot.organization)
    path = f"{bot.pk}/links/{only_link(bot).id}"
    assert call(key, "DELETE", path).status_code == 204
    assert call(key, "DELETE", path).status_code == 404
    assert call(key, "GET", f"{bot.pk}/links").json() == []
    assert call(key, "POST", f"{bot.pk}/links/restore").status_code == 202


def test_victor_the_viewer_sees_links_and_cannot_remove_one(bot: Chatbot) -> None:
    key = key_in(bot.organization, Role.VIEWER)
    link = only_link(bot).id
    assert len(call(key, "GET", f"{bot.pk}/links").json()) == 1
    assert call(key, "DELETE", f"{bot.pk}/links/{link}").status_code == 403
    assert call(key, "POST", f"{bot.pk}/links/restore").status_code == 403
    assert only_link(bot).id == link


def test_mallory_reaches_alices_links_by_no_way(bot: Chatbot) -> None:
    hers = Chatbot.objects.create(organization=Organization.objects.create(name="Mallory's"), name="Hers")
    key, link = key_in(hers.organization), only_link(bot).id
    assert call(key, "GET", f"{hers.pk}/links").json() == []
    for method, path in (
        ("GET", f"{bot.pk}/links"),
        ("DELETE", f"{bot.pk}/links/{link}"),
        ("DELETE", f"{hers.pk}/links/{link}"),
        ("POST", f"{bot.pk}/links/restore"),
    ):
        assert call(key, method, path).status_code == 404, (method, path)
    with pytest.raises(NotFoundError):
        SteeringLinkService().remove(hers, link)
    assert only_link(bot).id == link
