"""Alice's chatbots come and go: copied, archived, deleted, taken back, and gone for good after a week."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts.models import AuditEntry, Organization
from apps.chatbots.lifecycle import KEPT_DELETED, ChatbotLifecycle
from apps.chatbots.models import Chatbot
from apps.chatbots.services import ChatbotService, find_chatbot, published_chatbot
from apps.chatbots.tasks import purge_deleted_chatbots
from apps.core.error_handling import ConflictError, NotFoundError

pytestmark = pytest.mark.django_db


@pytest.fixture
def lifecycle() -> ChatbotLifecycle:
    return ChatbotLifecycle()


@pytest.fixture
def alices() -> Organization:
    return Organization.objects.create(name="Alice's shop")


@pytest.fixture
def bot(alices: Organization) -> Chatbot:
    return ChatbotService().create(organization=alices, name="Handbook", instructions="Be brief.")


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


def test_an_archived_bot_is_offline_and_comes_back_as_it_was(lifecycle: ChatbotLifecycle, bot: Chatbot) -> None:
    lifecycle.archive(bot)
    with pytest.raises(NotFoundError):
        published_chatbot(bot.public_id)
    assert find_chatbot("Handbook").archived_at is not None
    lifecycle.unarchive(bot)
    assert published_chatbot(bot.public_id) == bot
    assert actions()[-2:] == ["chatbot.archived", "chatbot.unarchived"]


def test_one_that_was_offline_stays_offline_after_the_archive(lifecycle: ChatbotLifecycle, bot: Chatbot) -> None:
    ChatbotService().update(bot, is_published=False)
    lifecycle.archive(bot)
    lifecycle.archive(bot)  # twice is no more than once
    assert lifecycle.unarchive(bot).is_published is False


def test_an_archived_bot_cannot_be_put_online_by_a_setting(lifecycle: ChatbotLifecycle, bot: Chatbot) -> None:
    lifecycle.archive(bot)
    with pytest.raises(ConflictError, match="archive"):
        ChatbotService().update(bot, is_published=True)
    assert Chatbot.objects.get().is_published is False


def test_the_database_lets_nothing_put_away_be_online(lifecycle: ChatbotLifecycle, bot: Chatbot) -> None:
    lifecycle.remove(bot)
    with pytest.raises(IntegrityError, match="put_away_is_offline"), transaction.atomic():
        Chatbot.objects.update(is_published=True)


def test_a_deleted_bot_is_gone_for_everybody_but_the_list_of_deleted_ones(
    lifecycle: ChatbotLifecycle, bot: Chatbot, alices: Organization
) -> None:
    chatbots = ChatbotService()
    assert chatbots.get(organization=alices, chatbot_id=bot.pk) == bot
    lifecycle.remove(bot)
    with pytest.raises(NotFoundError):
        published_chatbot(bot.public_id)
    with pytest.raises(NotFoundError):
        find_chatbot("Handbook")
    with pytest.raises(NotFoundError):
        chatbots.get(organization=alices, chatbot_id=bot.pk)
    with pytest.raises(NotFoundError):
        chatbots.update(bot, instructions="Be long.")
    assert list(lifecycle.removed(alices)) == [bot]


def test_a_deletion_is_taken_back_with_what_the_bot_was(lifecycle: ChatbotLifecycle, bot: Chatbot) -> None:
    lifecycle.remove(bot)
    lifecycle.restore(bot)
    assert published_chatbot(bot.public_id).instructions == "Be brief."
    assert actions()[-2:] == ["chatbot.removed", "chatbot.restored"]


def test_an_archived_bot_comes_back_from_deletion_archived(lifecycle: ChatbotLifecycle, bot: Chatbot) -> None:
    lifecycle.archive(bot)
    lifecycle.remove(bot)
    restored = lifecycle.restore(bot)
    assert (restored.is_published, restored.archived_at is not None) == (False, True)
    assert lifecycle.unarchive(restored).is_published is True


def test_the_name_of_a_deleted_bot_is_free_and_who_comes_back_gets_another(
    lifecycle: ChatbotLifecycle, bot: Chatbot, alices: Organization
) -> None:
    lifecycle.remove(bot)
    ChatbotService().create(organization=alices, name="Handbook")
    assert lifecycle.restore(bot).name == "Handbook 2"


def test_what_was_deleted_twice_or_never_is_told_apart(lifecycle: ChatbotLifecycle, bot: Chatbot) -> None:
    with pytest.raises(NotFoundError):
        lifecycle.restore(bot)
    lifecycle.remove(bot)
    with pytest.raises(NotFoundError):
        lifecycle.remove(bot)


def test_after_a_week_a_deleted_bot_is_gone_for_good_and_not_before(lifecycle: ChatbotLifecycle, bot: Chatbot) -> None:
    lifecycle.remove(bot)
    purge_deleted_chatbots(timestamp=int((timezone.now() + KEPT_DELETED - timedelta(minutes=1)).timestamp()))
    assert Chatbot.objects.filter(pk=bot.pk).exists()
    purge_deleted_chatbots(timestamp=int((timezone.now() + KEPT_DELETED + timedelta(minutes=1)).timestamp()))
    assert not Chatbot.objects.filter(pk=bot.pk).exists()
    assert actions()[-1] == "chatbot.deleted"


def test_a_living_bot_is_never_purged(lifecycle: ChatbotLifecycle, bot: Chatbot) -> None:
    lifecycle.archive(bot)
    assert lifecycle.purge(timezone.now() + timedelta(days=400)) == 0


def test_a_copy_has_the_settings_and_waits_offline(lifecycle: ChatbotLifecycle, bot: Chatbot) -> None:
    copy = lifecycle.duplicate(bot)
    assert (copy.name, copy.instructions, copy.is_published) == ("Handbook (copy)", "Be brief.", False)
    assert copy.public_id != bot.public_id
    assert lifecycle.duplicate(bot).name == "Handbook (copy) 2"


def test_a_copy_cannot_take_a_name_that_is_there(lifecycle: ChatbotLifecycle, bot: Chatbot) -> None:
    with pytest.raises(ConflictError):
        lifecycle.duplicate(bot, name="Handbook")
    assert Chatbot.objects.count() == 1
