"""Alice owns the shop's bot, Bob edits, Victor looks on, and Mallory has a shop of her own."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Member, Role, User
from apps.accounts.services import UserService
from apps.chatbots.models import Chatbot
from apps.chatbots.services import ChatbotService
from apps.knowledge.models import Source
from apps.knowledge.services import KnowledgeSourceService


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who is signed in on a browser."""

    member: Member
    client: Client

    def see(self, path: str, status: int = 200) -> str:
        return self._told(self.client.get(path), status)

    def press(self, path: str, status: int = 302, **fields: Any) -> str:
        """Send a form; return where it leads, or the page."""
        response = self.client.post(path, fields)
        told = self._told(response, status)
        return str(response["Location"]) if status == 302 else told

    @staticmethod
    def _told(response: Any, status: int) -> str:
        assert response.status_code == status, (response.status_code, response.content[:400])
        return b"".join(response).decode()


def person(member: Member) -> Person:
    client = Client()
    client.force_login(member.user)
    return Person(member=member, client=client)


def colleague(member: Member, email: str, role: Role) -> Person:
    user = User.objects.create_user(email)
    return person(Member.objects.create(organization=member.organization, user=user, role=role))


@pytest.fixture
def alice(db: None) -> Person:
    return person(UserService().ensure_owner(email="alice@example.org", organization_name="Alice's shop"))


@pytest.fixture
def bob(alice: Person) -> Person:
    return colleague(alice.member, "bob@example.org", Role.EDITOR)


@pytest.fixture
def victor(alice: Person) -> Person:
    return colleague(alice.member, "victor@example.org", Role.VIEWER)


@pytest.fixture
def mallory(alice: Person) -> Person:
    member = UserService().ensure_owner(email="mallory@example.org")
    ChatbotService().create(organization=member.organization, name="Mallory's bot")
    return person(member)


@pytest.fixture
def bot(alice: Person) -> Chatbot:
    return ChatbotService().create(organization=alice.member.organization, name="Handbook")


@pytest.fixture
def source(bot: Chatbot) -> Source:
    service = KnowledgeSourceService()
    return service.add_text(
        chatbot=bot, text="The margin is 37 per cent.", title="<Margins>", disclosure="learn_only"
    ).source
