"""Alice sees on a page what leads where, and takes links away; Victor looks; Mallory finds no page."""

import uuid

import pytest

from apps.accounts.models import AuditEntry
from apps.chatbots.models import Chatbot
from apps.dashboard.tests.conftest import Person
from apps.dashboard.tests.test_privacy_page import INLINE, base
from apps.knowledge.models import Source
from apps.retrieval import steering
from apps.retrieval.models import SteeringHint
from apps.retrieval.tests.shelf import Shelf

ANSWER = "You can return a coffee machine within thirty days after purchase, with the receipt."
NOTE = "Customer <7> asked whether a coffee machine can be returned after purchase without the receipt."


@pytest.fixture
def linked(alice: Person, db: None) -> Chatbot:
    """A bot of Alice's with an answer, and a ticket that asks the same."""
    shelf = Shelf()
    Chatbot.objects.filter(pk=shelf.chatbot.pk).update(organization=alice.member.organization)
    for text, disclosure, title in ((ANSWER, "citable", "Returns"), (NOTE, "learn_only", "Ticket 7")):
        source = Source.objects.create(chatbot=shelf.chatbot, kind="text", title=title, disclosure=disclosure)
        shelf.write(shelf.document(text, source_id=source.pk, title=title), citable=disclosure == "citable")
    steering.relink(shelf.chatbot.pk)
    return shelf.chatbot


def remove(bot: Chatbot) -> str:
    return f"{base(bot)}links/{SteeringHint.objects.get(chatbot=bot).pk}/remove"


def test_alice_sees_both_ends_of_a_link(alice: Person, linked: Chatbot) -> None:
    assert "1 learn-only passage leads visitors" in alice.see(f"{base(linked)}privacy")
    page = alice.see(f"{base(linked)}links")
    for told in ("Ticket 7", "Customer &lt;7&gt; asked", "Returns", ANSWER):
        assert told in page, told
    assert not INLINE.search(page)
    assert AuditEntry.objects.latest("pk").action == "steering_links.opened"


def test_the_privacy_page_itself_quotes_no_learn_only_text(alice: Person, linked: Chatbot) -> None:
    assert "without the receipt" in alice.see(f"{base(linked)}links")
    assert "without the receipt" not in alice.see(f"{base(linked)}privacy")


def test_alice_removes_a_link_and_brings_it_back(alice: Person, linked: Chatbot) -> None:
    path = remove(linked)
    assert "Remove this link" in alice.see(f"{base(linked)}links")
    alice.press(path)
    alice.press(path)  # a second press finds it gone, which is no mistake
    page = alice.see(f"{base(linked)}links")
    assert "1 link removed" in page
    assert "Remove this link" not in page
    alice.press(f"{base(linked)}links/restore")
    steering.relink(linked.pk)
    assert "Remove this link" in alice.see(f"{base(linked)}links")


def test_victor_looks_and_cannot_remove(victor: Person, bob: Person, linked: Chatbot) -> None:
    path = remove(linked)
    assert "Remove this link" not in victor.see(f"{base(linked)}links")
    victor.press(path, status=403)
    victor.press(f"{base(linked)}links/restore", status=403)
    bob.press(path)
    assert not SteeringHint.objects.exists()


def test_mallory_finds_no_links(mallory: Person, linked: Chatbot) -> None:
    path = remove(linked)
    mallory.see(f"{base(linked)}links", status=404)
    mallory.press(path, status=404)
    mallory.press(f"{base(linked)}links/restore", status=404)
    hers = Chatbot.objects.get(name="Mallory's bot")
    mallory.press(path.replace(str(linked.pk), str(hers.pk)))
    mallory.press(f"{base(hers)}links/{uuid.uuid4()}/remove")
    assert SteeringHint.objects.filter(chatbot=linked).exists()
