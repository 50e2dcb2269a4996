"""A conversation that is deleted while its answer is being made gets no further word."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from apps.accounts.models import Organization
from apps.chatbots.models import Chatbot
from apps.conversations import running
from apps.conversations.erasure import ErasureService
from apps.conversations.running import Broken, start
from apps.conversations.services import ChatService, Exchange, Started
from apps.conversations.tests.test_running import run
from apps.core.database.threads import in_database
from apps.rag.events import Delta

pytestmark = pytest.mark.django_db(transaction=True)


async def endless(exchange: Exchange) -> AsyncIterator[Any]:
    """Say a word now and then, for ever."""
    while True:
        yield Delta(text="more ")
        await asyncio.sleep(0.01)


async def told_until_deleted(exchange: Exchange) -> list[Any]:
    """Read an answer, have its conversation deleted by its owner after some words, and return all that was told."""
    deleted: list[bool] = []
    begun = Started(message_id=exchange.answer.pk, conversation_token=exchange.token)
    answer = start(exchange.answer.conversation.chatbot_id, begun, endless(exchange))
    told: list[Any] = []
    async for batch in answer.read():
        told += [one.event for one in batch]
        if len(told) >= 5 and not deleted:
            deleted.append(True)
            await in_database(ErasureService().delete_conversation, exchange.answer.conversation)
    return told


def test_the_visitor_of_a_deleted_conversation_gets_no_further_word() -> None:
    chatbot = Chatbot.objects.create(organization=Organization.objects.create(name="Shop"), name="Shop")
    exchange = ChatService().ask(chatbot, "Is there a warranty?", None)

    async def whole() -> list[Any]:
        async with asyncio.timeout(10):
            return await told_until_deleted(exchange)

    told = run(whole)
    assert isinstance(told[-1], Broken)
    assert len(told) < 50, "it would have gone on"
    assert running.running(exchange.answer.pk) is None
