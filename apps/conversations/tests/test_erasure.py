"""What Alice deletes is gone, what she keeps is still there, and what she exports is all of it."""

import io
import json
import zipfile
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import AuditEntry, Member, Organization, User
from apps.accounts.services import UserService
from apps.chatbots.models import Chatbot
from apps.chatbots.services import ChatbotService
from apps.conversations import export
from apps.conversations.contact_form import email_key, phone_key
from apps.conversations.contact_models import Contact, ContactMessage
from apps.conversations.erasure import ErasureService
from apps.conversations.models import Author, Citation, Conversation, Message
from apps.conversations.services import ChatService, keep, keep_partly
from apps.core.error_handling import NotFoundError, ValidationError
from apps.knowledge.services import KnowledgeSourceService
from apps.rag.events import Finished
from apps.rag.trace import Trace

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice() -> Member:
    return UserService().ensure_owner(email="alice@example.org", organization_name="Alice's shop")


@pytest.fixture
def mallory(alice: Member) -> Member:
    return UserService().ensure_owner(email="mallory@example.org", organization_name="Mallory's shop")


@pytest.fixture
def shop(alice: Member) -> Chatbot:
    return ChatbotService().create(
        organization=alice.organization,
        name="Shop",
        contact_webhook_url="https://example.org/x",
        contact_webhook_secret="never-in-an-export",
    )


@pytest.fixture
def erasure() -> ErasureService:
    return ErasureService()


def talk(chatbot: Chatbot, question: str = "Is there a warranty?") -> Conversation:
    """Keep a conversation of one question and its cited answer."""
    exchange = ChatService().ask(chatbot, question, None)
    exchange.answer.text, exchange.answer.complete = "Yes, of 24 months.", True
    exchange.answer.save()
    Citation.objects.create(
        message=exchange.answer, n=1, passage_id=exchange.answer.pk, document_id=exchange.answer.pk, quote="24 months"
    )
    return exchange.answer.conversation


def contact(chatbot: Chatbot, *talks: Conversation | None, **fields: str) -> Contact:
    """Let somebody leave word in each of the conversations."""
    made = Contact.objects.create(
        chatbot=chatbot,
        email_key=email_key(fields.get("email", "")),
        phone_key=phone_key(fields.get("phone", "")),
        **fields,
    )
    for number, one in enumerate(talks or (None,), 1):
        ContactMessage.objects.create(contact=made, number=number, fields=fields, conversation=one)
    return made


# One conversation.


def test_a_deleted_conversation_leaves_nothing_but_the_note_that_it_was_deleted(
    shop: Chatbot, erasure: ErasureService
) -> None:
    gone, kept = talk(shop, "What about gout?"), talk(shop)
    gone_id = gone.pk
    erasure.delete_conversation(gone)
    assert list(Conversation.objects.all()) == [kept]
    assert set(Message.objects.values_list("conversation", flat=True)) == {kept.pk}
    assert Citation.objects.count() == 1
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.object_id) == ("conversation.deleted", str(gone_id))
    assert "gout" not in json.dumps([entry.details, entry.object_name])


def test_a_contact_outlives_its_conversation(shop: Chatbot, erasure: ErasureService) -> None:
    said = talk(shop)
    left = contact(shop, said, email="vera@example.org")
    erasure.delete_conversation(said)
    assert list(Contact.objects.all()) == [left]


# One visitor.


def test_everything_of_vera_is_found_by_her_address(shop: Chatbot, erasure: ErasureService) -> None:
    monday, tuesday, anonymous = (talk(shop) for _ in range(3))
    first = contact(shop, monday, name="Vera", email="Vera@Example.org")
    second = contact(shop, tuesday, email="vera@example.org", phone="+49 555 0100")
    others = contact(shop, talk(shop), email="walter@example.org")
    for traces in (erasure.traces_of(monday), erasure.traces_by_email(shop, " VERA@example.ORG ")):
        assert traces.conversation_ids == {monday.pk, tuesday.pk}
        assert traces.contact_ids == {first.pk, second.pk}
        assert "Vera" in traces.names
    erasure.delete_visitor(shop, erasure.traces_of(monday))
    assert list(Contact.objects.all()) == [others]
    assert Conversation.objects.filter(pk=anonymous.pk).exists()
    assert Conversation.objects.count() == 2
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.details) == ("visitor.deleted", {"conversations": 2, "contacts": 2})


def test_a_form_with_veras_address_and_walters_number_does_not_tie_walter_to_her(
    shop: Chatbot, erasure: ErasureService
) -> None:
    of_vera, of_walter, of_mallory = (talk(shop) for _ in range(3))
    contact(shop, of_vera, email="vera@example.org")
    walter = contact(shop, of_walter, email="walter@example.org", phone="+49 555 0100")
    contact(shop, of_mallory, email="vera@example.org", phone="+49 555 0100")
    erasure.delete_visitor(shop, erasure.traces_by_email(shop, "vera@example.org"))
    assert list(Contact.objects.all()) == [walter]
    assert list(Conversation.objects.all()) == [of_walter]


def test_a_conversation_in_which_both_addresses_were_left_does_not_tie_walter_to_vera(
    shop: Chatbot, erasure: ErasureService
) -> None:
    of_vera, of_walter, of_mallory = (talk(shop) for _ in range(3))
    contact(shop, of_vera, of_mallory, email="vera@example.org")
    walter = contact(shop, of_walter, of_mallory, email="walter@example.org")
    erasure.delete_visitor(shop, erasure.traces_by_email(shop, "vera@example.org"))
    assert list(Contact.objects.all()) == [walter]
    assert list(Conversation.objects.all()) == [of_walter]


def test_who_left_no_word_has_the_one_conversation(shop: Chatbot, erasure: ErasureService) -> None:
    contact(shop, talk(shop))  # neither address nor number ties it to anything
    contact(shop, talk(shop))
    said = talk(shop)
    traces = erasure.traces_of(said)
    assert (traces.conversation_ids, traces.contact_ids) == ({said.pk}, frozenset())


def test_an_address_that_nobody_left_finds_nobody(shop: Chatbot, erasure: ErasureService) -> None:
    contact(shop, talk(shop), phone="555")
    for email in ("vera@example.org", "", " "):
        with pytest.raises(NotFoundError, match="Nobody left this e-mail address"):
            erasure.traces_by_email(shop, email)


def test_another_bots_visitor_stays(alice: Member, shop: Chatbot, erasure: ErasureService) -> None:
    other = ChatbotService().create(organization=alice.organization, name="Other")
    kept = contact(other, talk(other), email="vera@example.org")
    contact(shop, talk(shop), email="vera@example.org")
    erasure.delete_visitor(shop, erasure.traces_by_email(shop, "vera@example.org"))
    assert list(Contact.objects.all()) == [kept]
    assert Conversation.objects.filter(chatbot=other).count() == 1


# Everything.


def test_an_organization_goes_with_all_it_had_once_its_name_is_typed(
    alice: Member, mallory: Member, shop: Chatbot, erasure: ErasureService
) -> None:
    contact(shop, talk(shop), email="vera@example.org")
    UserService().create_api_key(member=alice)
    Member.objects.create(organization=alice.organization, user=mallory.user)
    for typed in ("", "alice's shop", "Mallory's shop"):
        with pytest.raises(ValidationError, match="This is not its name"):
            erasure.delete_organization(alice.organization, typed_name=typed)
    assert Chatbot.objects.filter(pk=shop.pk).exists()
    erasure.delete_organization(alice.organization, typed_name=" Alice's shop ")
    assert list(Organization.objects.all()) == [mallory.organization]
    assert list(User.objects.all()) == [mallory.user]
    assert not Chatbot.objects.exists()
    assert not Conversation.objects.exists()
    assert not Contact.objects.exists()
    assert set(AuditEntry.objects.values_list("organization", flat=True)) == {mallory.organization_id}


# The export.


def exported(organization: Organization) -> dict[str, str]:
    pieces = list(export.archive(organization))
    assert all(pieces), "an empty piece would end the download"
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as zipped:
        assert zipped.testzip() is None
        return {name: zipped.read(name).decode() for name in zipped.namelist()}


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_the_export_holds_everything_of_hers_and_nothing_of_mallorys(
    alice: Member, mallory: Member, shop: Chatbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "BATCH", 2)  # so that there are several of each
    hers = [talk(shop, f"Question {number}?") for number in range(5)]
    contact(shop, hers[0], name="Vera", email="vera@example.org")
    KnowledgeSourceService().add_text(chatbot=shop, text="Open at nine.", title="Hours", disclosure="citable")
    his = ChatbotService().create(organization=mallory.organization, name="Mallory's bot")
    talk(his, "A question of Mallory's visitor?")
    files = exported(alice.organization)
    talks = rows(files["conversations.jsonl"])
    assert {one["id"] for one in talks} == {str(one.pk) for one in hers}
    said = talks[0]["messages"]
    assert [one["author"] for one in said] == [Author.VISITOR, Author.BOT]
    assert said[1]["citations"][0]["quote"] == "24 months"
    assert [one["name"] for one in rows(files["chatbots.jsonl"])] == ["Shop"]
    assert [one["title"] for one in rows(files["sources.jsonl"])] == ["Hours"]
    assert rows(files["contacts.jsonl"])[0]["messages"][0]["fields"]["email"] == "vera@example.org"
    assert rows(files["members.jsonl"])[0]["email"] == "alice@example.org"
    assert "chatbot.created" in files["audit.csv"]
    assert set(files) >= {"README.txt", "organization.json"}
    assert "allory" not in "".join(files.values())
    assert "never-in-an-export" not in "".join(files.values())


def test_the_originals_come_along_if_asked_for_under_names_that_no_program_writes_elsewhere(
    alice: Member, mallory: Member, shop: Chatbot
) -> None:
    service = KnowledgeSourceService()
    other = ChatbotService().create(organization=mallory.organization, name="Mallory's bot")
    for bot, name, text in ((shop, "a/../..:evil?.txt", b"Open at nine."), (other, "theirs.txt", b"Not hers.")):
        service.add_file(chatbot=bot, file_name=name, content=io.BytesIO(text), disclosure="learn_only")
    source = service.of(shop).get()
    pieces = b"".join(export.archive(alice.organization, with_originals=True))
    with zipfile.ZipFile(io.BytesIO(pieces)) as zipped:
        (name,) = [one for one in zipped.namelist() if one.startswith("originals/")]
        assert name == f"originals/{shop.pk}/{source.pk}/_evil_.txt"
        assert zipped.read(name) == b"Open at nine."
    assert not [name for name in exported(alice.organization) if name.startswith("originals/")]


def test_an_export_is_sent_in_pieces(alice: Member, shop: Chatbot, monkeypatch: pytest.MonkeyPatch) -> None:
    talk(shop)
    monkeypatch.setattr(export, "PIECE", 100)
    assert len(list(export.archive(alice.organization))) > 3


def test_an_answer_that_is_being_made_is_not_kept_once_its_conversation_is_deleted(
    shop: Chatbot, erasure: ErasureService
) -> None:
    exchange = ChatService().ask(shop, "Is there a warranty?", None)
    erasure.delete_conversation(exchange.answer.conversation)
    finished = Finished(text="Yes.", citations=(), answered=True, trace=Trace())
    with pytest.raises(NotFoundError, match="was deleted"):
        keep(exchange.answer, finished, exchange.said)
    keep_partly(exchange.answer, exchange.said)
    assert not Message.objects.exists()


def test_the_api_deletes_a_conversation_and_nobody_elses(alice: Member, mallory: Member, shop: Chatbot) -> None:
    said = talk(shop)
    path = f"/api/v1/chatbots/{shop.pk}/conversations/{said.pk}"

    def delete(member: Member, *scopes: str) -> int:
        secret = UserService().create_api_key(member=member, scopes=scopes).secret
        return Client().delete(path, headers={"Authorization": f"Bearer {secret}"}).status_code

    assert (delete(mallory), delete(alice, "read")) == (404, 403)
    assert Conversation.objects.exists()
    assert delete(alice) == 204
    assert not Conversation.objects.exists()
    assert delete(alice) == 404
