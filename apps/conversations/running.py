"""Running answers: each is made in a task of its own, so that it outlives a broken connection and can be read again.

start → (the chat's events, numbered) → read by whoever comes, from the event that they had last

All of this is one process's and lives in its event loop; what another process runs is read from the database.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseFailure

from apps.conversations.services import Started, stop_is_asked_for
from apps.conversations.standing import WithdrawnError, check
from apps.core.database.threads import in_database
from apps.core.error_handling import AnswerBrokenOffError, RateLimitError, TacitError
from apps.core.problems import as_tacit_error
from apps.rag.events import Finished, Grounded

MOST_RUNNING = 2_000  # in one process: each holds an answer, and a request to the model
MOST_UNREAD = 200  # of them without a reader; beyond it the one that was left first is stopped
MOST_READERS = 4  # of one answer: a visitor's pages, and lines that are dead without our knowing
HEARTBEAT_SECONDS = 15.0  # without news; tells proxies and readers that the line is alive, and us when it is not
FIRST_READER_SECONDS = 10.0  # until the response has begun that the answer was asked for by
LOOK_SECONDS = 1.0  # between looks whether an answer without a reader was stopped by way of another process
STOP_SECONDS = 5.0  # at most, until a stopped answer is kept

_running: dict[UUID, "RunningAnswer"] = {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Broken:
    """The end of an answer that did not become whole."""

    error: TacitError


@dataclass(frozen=True, kw_only=True, slots=True)
class Numbered:
    """An event of an answer under the number by which a reader says how far it came."""

    number: int
    event: Any = field(repr=False)

    @property
    def is_last(self) -> bool:
        return isinstance(self.event, Finished | Broken)


class RunningAnswer:
    """One answer while it is made: what was said of it, what that was made from, and who reads it.

    What is held is bounded by what a model may send; a new attempt at the answer takes the place of the one before.
    """

    def __init__(self, chatbot_id: UUID, started: Started) -> None:
        self.chatbot_id = chatbot_id
        self.started = started
        self.is_over = False
        self._said: list[Numbered] = []
        self._count = 0
        self._ground: frozenset[UUID] = frozenset()
        self._news = asyncio.Event()
        self._readers: list[object] = []
        self._task: asyncio.Task[None] | None = None
        self._patience: asyncio.Task[None] | None = None
        self._take(started)

    # ---- how it is made

    def run(self, events: AsyncIterator[Any]) -> None:
        """Begin to make the answer; nobody has to read it, but for a while only."""
        self._task = asyncio.create_task(self._make(events))
        self._task.add_done_callback(self._ended)
        self._wait_for_readers(FIRST_READER_SECONDS)

    async def stop(self) -> None:
        """Stop the model, and return once what was said is kept."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task], timeout=STOP_SECONDS)

    async def until_over(self) -> None:
        """Return once the answer is over, however it ends."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _make(self, events: AsyncIterator[Any]) -> None:
        async with aclosing(events):  # type: ignore[type-var]
            async for event in events:
                self._take(event)

    def _take(self, event: Any) -> None:
        if isinstance(event, Grounded):
            self._ground = frozenset(event.passage_ids)
            return
        if isinstance(event, Started):
            self._said, self._ground = [], frozenset()
        self._count += 1
        self._said.append(Numbered(number=self._count, event=event))
        self._tell()

    def _ended(self, task: "asyncio.Task[None]") -> None:
        _running.pop(self.started.message_id, None)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._take(Broken(error=as_tacit_error(error)))
        elif not self._said[-1].is_last:
            self._take(Broken(error=AnswerBrokenOffError()))
        self.is_over = True
        if self._patience:
            self._patience.cancel()
        self._tell()

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    # ---- how it is read

    async def read(self, after: int = 0) -> AsyncGenerator[list[Numbered], None]:
        """Yield what was said after the event `after` and then what comes; nothing, now and then, in a silence.

        It ends after the last event. It ends without one where the answer has to be read from the database: when what
        was said may not be shown any more, and no new attempt was made. What the reader has is then void: it gets
        another `Started`. Raises NotFoundError when the chatbot was taken offline.
        """
        me = self._join()
        place = after if self._said[0].number <= after <= self._count else 0
        try:
            while me in self._readers and not (self.is_over and place == self._count):
                attempt, is_new = self._said[0].number, place == self._count
                if is_new and not await self._news_came():
                    yield []
                    continue
                batch = [one for one in self._said if one.number > place]
                if not batch:
                    continue  # woken to leave, or because it is over
                # What has just come was looked at when it came; what waited, or is told once more, is looked at now.
                if not is_new and not await self._stands(batch):
                    yield [Numbered(number=place, event=self.started)]
                    async for _ in self._until_made_anew(attempt):
                        yield []
                    if self._said[0].number == attempt:
                        return
                    place = 0
                    continue
                place = batch[-1].number
                yield batch
                if batch[-1].is_last:
                    return
        finally:
            self._leave(me)

    async def _news_came(self) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(HEARTBEAT_SECONDS):
                return await self._news.wait()
        return False

    async def _stands(self, batch: list[Numbered]) -> bool:
        """Tell whether what these events say may still be shown; a beginning or a failure says nothing."""
        if all(isinstance(one.event, Started | Broken) for one in batch):
            return True
        try:
            await check(self.chatbot_id, self._ground)
        except WithdrawnError:
            return False
        return True

    async def _until_made_anew(self, attempt: int) -> AsyncGenerator[None, None]:
        while self._said[0].number == attempt and not self.is_over:
            if not await self._news_came():
                yield

    # ---- who reads it

    def _join(self) -> object:
        me = object()
        self._readers = [*self._readers, me][-MOST_READERS:]
        if self._patience:
            self._patience.cancel()
        self._tell()  # whoever had to make room leaves
        return me

    def _leave(self, me: object) -> None:
        self._readers = [one for one in self._readers if one is not me]
        if not self._readers and not self.is_over:
            self._wait_for_readers(settings.ANSWER_GRACE_SECONDS)

    @property
    def is_read(self) -> bool:
        return bool(self._readers)

    def _wait_for_readers(self, seconds: float) -> None:
        # Placed anew, so that those without a reader stand in the order in which they were left.
        _running[self.started.message_id] = _running.pop(self.started.message_id, self)
        self._patience = asyncio.create_task(self._wait(seconds))
        unread = [one for one in _running.values() if not one.is_read]
        for answer in unread[:-MOST_UNREAD]:
            answer.give_up()

    async def _wait(self, seconds: float) -> None:
        """Stop the answer when nobody comes to read it, or its visitor has stopped it by way of another process."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            await asyncio.sleep(min(LOOK_SECONDS, left))
            with suppress(DatabaseFailure):
                if await in_database(stop_is_asked_for, self.started.message_id):
                    break
        self.give_up()

    def give_up(self) -> None:
        """Stop the model without waiting for it."""
        if self._task is not None:
            self._task.cancel()

    def give_up_soon(self) -> None:
        """Stop the model, from another thread than the one that it runs in."""
        if self._task is not None:
            self._task.get_loop().call_soon_threadsafe(self.give_up)


def check_room() -> None:
    """Raise RateLimitError when this process makes as many answers as it can."""
    if len(_running) >= MOST_RUNNING:
        raise RateLimitError("Very many people are asking at this moment. Try again in 5 seconds.", retry_after=5)


def start(chatbot_id: UUID, started: Started, events: AsyncIterator[Any]) -> RunningAnswer:
    """Go on with an answer whose first event has come, in a task of its own."""
    answer = RunningAnswer(chatbot_id, started)
    answer.run(events)
    return answer


def running(message_id: UUID) -> RunningAnswer | None:
    """Return an answer that this process is making."""
    return _running.get(message_id)


async def stop_all() -> None:
    """Stop every answer of this event loop, and return once they are kept."""
    await asyncio.gather(*(answer.stop() for answer in list(_running.values())))
