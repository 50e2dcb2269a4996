"""Alice keeps conversations for thirty days; what is older goes, and nothing else does."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from apps.accounts.models import AuditEntry, Member, Organization, Role, User
from apps.accounts.services import UserService
from apps.chatbots.models import Chatbot
from apps.conversations import retention as retention_module
from apps.conversations.contact_models import Contact
from apps.conversations.models import Conversation, Message
from apps.conversations.retention import RetentionService
from apps.conversations.retention_tasks import forget_old_conversations
from apps.conversations.services import ChatService
from apps.core.error_handling import ValidationError

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Chatbot:
    return Chatbot.objects.create(organization=Organization.objects.create(name="Alice's shop"), name="Shop")


@pytest.fixture
def retention() -> RetentionService:
    return RetentionService()


def talk(chatbot: Chatbot, *, days_ago: float) -> Conversation:
    made = ChatService().ask(chatbot, "Is there a warranty?", None).answer.conversation
    Conversation.objects.filter(pk=made.pk).update(last_message_at=timezone.now() - timedelta(days=days_ago))
    return made


def test_what_is_older_goes_with_the_hour_and_the_rest_stays(shop: Chatbot, retention: RetentionService) -> None:
    other = Chatbot.objects.create(organization=shop.organization, name="Other")
    kept = {talk(shop, days_ago=29.9).pk, talk(other, days_ago=400).pk}
    for days in (30.1, 31, 400):
        talk(shop, days_ago=days)
    contact = Contact.objects.create(chatbot=shop, email="vera@example.org")
    forget_old_conversations(int(timezone.now().timestamp()))
    assert Conversation.objects.count() == 5, "nobody has chosen anything yet"
    retention.keep_for(shop, 30)
    assert retention.older(shop, 30).count() == 3
    forget_old_conversations(int(timezone.now().timestamp()))
    assert set(Conversation.objects.values_list("pk", flat=True)) == kept
    assert set(Message.objects.values_list("conversation", flat=True)) == kept
    assert list(Contact.objects.all()) == [contact]
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.details) == ("conversations.expired", {"conversations": 3, "days": 30})


def test_what_went_is_in_the_audit_trail_even_if_the_rest_could_not_go(
    shop: Chatbot, retention: RetentionService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention_module, "AT_ONCE", 2)
    for days in (31, 32, 33):
        talk(shop, days_ago=days)
    deleted: list[str] = []

    def breaks_off(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith('DELETE FROM "conversations_conversation"'):
            deleted.append(sql)
            if len(deleted) == 2:
                raise OperationalError("the server goes down")
        return execute(sql, *rest)

    with connection.execute_wrapper(breaks_off), pytest.raises(OperationalError):
        retention.forget_of(shop, 30, timezone.now())
    assert Conversation.objects.count() == 1
    expired = AuditEntry.objects.filter(action="conversations.expired").order_by("pk")
    assert [entry.details for entry in expired] == [{"conversations": 2, "days": 30}]
    assert retention.forget_of(shop, 30, timezone.now()) == 1
    assert [entry.details["conversations"] for entry in expired.all()] == [2, 1]


def test_a_choice_is_kept_changed_and_taken_back(shop: Chatbot, retention: RetentionService) -> None:
    for days in (30, 7, None, None):
        retention.keep_for(shop, days)
        assert retention.days(shop) == days
    changed = AuditEntry.objects.filter(action="chatbot.retention_changed").order_by("pk")
    assert [entry.details["after"] for entry in changed] == ["30 days", "7 days", "until they are deleted"]


def test_the_api_tells_and_changes_it_for_who_may_and_says_how_many_go(shop: Chatbot) -> None:
    users = UserService()
    user = User.objects.create_user("alice@example.org")
    alice = Member.objects.create(organization=shop.organization, user=user, role=Role.OWNER)
    mallory = users.ensure_owner(email="mallory@example.org", organization_name="Mallory's shop")
    full, reading, stranger = (
        {"Authorization": f"Bearer {users.create_api_key(member=member, scopes=scopes).secret}"}
        for member, scopes in ((alice, ()), (alice, ("read",)), (mallory, ()))
    )
    path = f"/api/v1/chatbots/{shop.pk}/retention"
    talk(shop, days_ago=31)

    def put(days: Any, headers: dict[str, str] = full) -> Any:
        return Client().put(path, {"days": days}, content_type="application/json", headers=headers)

    assert Client().get(path, headers=reading).json() == {"days": None, "older": 0}
    assert put(30).json() == {"days": 30, "older": 1}
    assert [put(7, headers).status_code for headers in (reading, stranger, {})] == [403, 404, 401]
    refused = put(0)
    assert (refused.status_code, "from 1 to 3,650" in refused.json()["detail"]) == (400, True)
    assert Client().get(path, headers=reading).json()["days"] == 30
    assert put(None).json() == {"days": None, "older": 0}


def test_days_that_cannot_be_are_told(shop: Chatbot, retention: RetentionService) -> None:
    retention.keep_for(shop, 30)
    for days in (0, -1, 3651):
        with pytest.raises(ValidationError, match="from 1 to 3,650"):
            retention.keep_for(shop, days)
    assert retention.days(shop) == 30
