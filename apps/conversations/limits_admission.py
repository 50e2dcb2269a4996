"""Lets a question in: counted, slowed down where it has to be, and with a place that is given back however it ends.

chatbot, place = await in_database(let_in, request, public_id)
events = place.holding(chat.answer(…))
"""

import asyncio
import logging
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TypeVar
from weakref import WeakKeyDictionary

from django.db import Error as AnyDatabaseError
from django.http import HttpRequest

from apps.chatbots.models import Chatbot
from apps.chatbots.services import published_chatbot
from apps.conversations.guard import check_origin, counted_as
from apps.conversations.limits import delay_before, limits_of
from apps.conversations.limits_counting import HELD_SECONDS, Kind, give_back, hold_on, take_turn
from apps.core.client_address import is_ours, visitor_address
from apps.core.database.threads import in_background, in_database

logger = logging.getLogger(__name__)

Event = TypeVar("Event")


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """What an answer takes up while it is open; one without an id, of this machine itself, takes up nothing."""

    id: uuid.UUID | None = None
    delay: float = 0.0  # seconds before it begins

    async def holding(self, events: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
        """Yield the events of an answer after the delay, and give the place back when they end or nobody wants more."""
        if self.id is not None:
            keeper().begin(self.id)
        try:
            await asyncio.sleep(self.delay)
            async with aclosing(events):
                async for event in events:
                    yield event
        finally:
            if self.id is not None:
                keeper().end(self.id)


def let_in(request: HttpRequest, public_id: str) -> tuple[Chatbot, Place]:
    """Return the chatbot that is asked and the place of the answer.

    Raises NotFoundError, PermissionDeniedError for a site that may not ask, and RateLimitError.
    """
    chatbot = published_chatbot(public_id)
    check_origin(request, chatbot)
    return chatbot, place_for(request, chatbot)


def place_for(request: HttpRequest, chatbot: Chatbot) -> Place:
    """Count a question and take its place. Raises RateLimitError; the machine's own requests are not counted."""
    address = visitor_address(request)
    if is_ours(address):
        return Place()
    limits, place = limits_of(chatbot), uuid.uuid4()
    asked = take_turn(
        chatbot_id=chatbot.pk, visitor=counted_as(address), kind=Kind.QUESTION, limits=limits, place=place
    )
    return Place(id=place, delay=delay_before(asked, limits.per_minute))


@dataclass(slots=True, eq=False, weakref_slot=True)
class Keeper:
    """Holds on to the places of one event loop, by one statement for all of them, again and again.

    A process that is killed says nothing more, and its places are free a little later.
    """

    held: set[uuid.UUID] = field(default_factory=set)
    task: "asyncio.Task[None] | None" = None

    def begin(self, place: uuid.UUID) -> None:
        self.held.add(place)
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._hold_on())

    def end(self, place: uuid.UUID) -> None:
        """Give a place back, without making anybody wait for that."""
        self.held.discard(place)
        in_background(give_back, place)

    async def _hold_on(self) -> None:
        while self.held:
            await asyncio.sleep(HELD_SECONDS / 4)
            if not self.held:
                break
            try:
                await in_database(hold_on, list(self.held))
            except AnyDatabaseError as error:  # the places may be taken twice meanwhile; nobody loses an answer
                logger.warning("Open answers can't be told at the moment: %s", type(error).__name__)


_keepers: WeakKeyDictionary[asyncio.AbstractEventLoop, Keeper] = WeakKeyDictionary()


def keeper() -> Keeper:
    """Return the keeper of the running event loop."""
    return _keepers.setdefault(asyncio.get_running_loop(), Keeper())
