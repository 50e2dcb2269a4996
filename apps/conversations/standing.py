"""Whether what an answer is made from may still be shown: the bot is published, and its passages are citable.

It is asked as the visitor login before each event of an answer goes out. Answers of one chatbot share statements: while
one is out, who asks waits and goes with the next, so a thousand open streams cost no more than a few statements at a
time, and no look is older than the event it is for.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Collection
from dataclasses import dataclass, field
from uuid import UUID
from weakref import WeakKeyDictionary, WeakValueDictionary

from apps.chatbots.services import NO_SUCH_CHATBOT
from apps.core.database.visitor import visiting
from apps.core.error_handling import DatabaseError, NotFoundError
from apps.rag.events import Event, Grounded

LOOK = """
SELECT EXISTS (SELECT FROM chatbots_chatbot WHERE id = %(chatbot)s AND is_published),
       ARRAY(SELECT id FROM citable_passage WHERE chatbot_id = %(chatbot)s AND id = ANY(%(passages)s))
"""


class WithdrawnError(Exception):
    """Something that the answer is made from may not be shown any more; it has to be answered anew."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What visitors may see at one moment: of the chatbot, and of the passages that were asked about."""

    published: bool
    citable: frozenset[UUID] = field(repr=False)


@dataclass(slots=True, eq=False)
class _Batch:
    """Those who go with one statement."""

    passages: set[UUID] = field(default_factory=set)
    found: Standing | DatabaseError | None = None


@dataclass(slots=True, eq=False, weakref_slot=True)
class _Desk:
    """Who waits for a look, and whose turn it is, by chatbot; one desk for each event loop."""

    waiting: dict[UUID, _Batch] = field(default_factory=dict)
    turns: WeakValueDictionary[UUID, asyncio.Lock] = field(default_factory=WeakValueDictionary)


_desks: WeakKeyDictionary[asyncio.AbstractEventLoop, _Desk] = WeakKeyDictionary()


async def while_standing(chatbot_id: UUID, events: AsyncIterator[Event]) -> AsyncGenerator[Event, None]:
    """Yield an answer's events as long as what it is made from may be shown.

    Raises WithdrawnError when a source was taken away meanwhile, NotFoundError when the chatbot was.
    """
    ground: frozenset[UUID] = frozenset()
    async for event in events:
        if isinstance(event, Grounded):
            ground = frozenset(event.passage_ids)
        else:
            await check(chatbot_id, ground)
        yield event


async def check(chatbot_id: UUID, ground: Collection[UUID]) -> None:
    """Raise WithdrawnError or NotFoundError unless the chatbot is published and all these passages are citable."""
    standing = await standing_of(chatbot_id, ground)
    if not standing.published:
        raise NotFoundError(NO_SUCH_CHATBOT)
    if not standing.citable.issuperset(ground):
        raise WithdrawnError


async def standing_of(chatbot_id: UUID, passages: Collection[UUID]) -> Standing:
    """Return how things stand now, by a statement that begins after this call. Raises DatabaseError."""
    desk = _desks.setdefault(asyncio.get_running_loop(), _Desk())
    batch = desk.waiting.setdefault(chatbot_id, _Batch())
    batch.passages.update(passages)
    turn = desk.turns.setdefault(chatbot_id, asyncio.Lock())
    async with turn:
        if desk.waiting.get(chatbot_id) is batch:
            del desk.waiting[chatbot_id]  # who asks from now on needs a later look
        if batch.found is None:
            batch.found = await _look(chatbot_id, batch.passages)
    if isinstance(batch.found, DatabaseError):
        raise batch.found
    return batch.found


async def _look(chatbot_id: UUID, passages: Collection[UUID]) -> Standing | DatabaseError:
    try:
        async with visiting(chatbot_id) as connection:
            cursor = await connection.execute(LOOK, {"chatbot": chatbot_id, "passages": list(passages)})
            row = await cursor.fetchone()
    except DatabaseError as error:  # for all who wait, or each would wait as long for the same again
        return error
    published, citable = row or (False, ())
    return Standing(published=published, citable=frozenset(citable))
