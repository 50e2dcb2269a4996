"""Answers go on without a reader: they are read on where the line broke, never once they may not be, never for ever."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, TypeVar

import pytest
from pytest_django import Settings

from apps.accounts.services import digest
from apps.chatbots.models import Chatbot
from apps.conversations import running
from apps.conversations.api_views import spoken_now
from apps.conversations.models import Author, Conversation, Message
from apps.conversations.running import Broken, Numbered, RunningAnswer, check_room, start
from apps.conversations.services import WITHDRAWN, Started, ask_to_stop
from apps.core.database.threads import in_database
from apps.core.database.visitor import close_visitor_pool
from apps.core.error_handling import AnswerBrokenOffError, NotFoundError, ProviderUnavailableError, RateLimitError
from apps.rag.events import Delta, Finished, Grounded
from apps.rag.trace import Trace
from apps.retrieval.models import CitablePassage
from apps.retrieval.tests.shelf import Shelf

pytestmark = pytest.mark.django_db(transaction=True)
Result = TypeVar("Result")


def run(work: Callable[[], Awaitable[Result]]) -> Result:
    async def whole() -> Result:
        try:
            return await work()
        finally:
            await running.stop_all()
            await close_visitor_pool()

    return asyncio.run(whole())


@pytest.fixture
def bot(transactional_db: None) -> Chatbot:
    shelf = Shelf()
    shelf.put("The warranty lasts 24 months.")
    return shelf.chatbot


@pytest.fixture(autouse=True)
def short_grace(settings: Settings) -> Iterator[None]:
    settings.ANSWER_GRACE_SECONDS = 0.2
    yield
    assert running._running == {}


class Model:
    """Says a word for each time it is told to, and knows whether it was stopped."""

    def __init__(self, bot: Chatbot, *words: Any) -> None:
        self.bot = bot
        self.words = words or ("The", "warranty", "lasts")
        self.message_id = uuid.uuid4()
        self.was_stopped = False
        self.go_on = asyncio.Semaphore(0)

    def started(self) -> Started:
        return Started(message_id=self.message_id, conversation_token="a token")

    def begin(self) -> RunningAnswer:
        return start(self.bot.pk, self.started(), self.events())

    async def events(self) -> AsyncIterator[Any]:
        passages = await in_database(lambda: list(CitablePassage.objects.all()))
        yield Grounded(
            passage_ids=tuple(one.pk for one in passages),
            document_ids=frozenset(one.document_id for one in passages),
        )
        try:
            for word in self.words:
                await self.go_on.acquire()
                if isinstance(word, Exception):
                    raise word
                yield word if isinstance(word, Started) else Delta(text=word)
        except asyncio.CancelledError:
            self.was_stopped = True
            raise
        yield Finished(text="", citations=(), answered=True, trace=Trace(query="", language="en"))

    def say(self, count: int = 1) -> None:
        for _ in range(count):
            self.go_on.release()


async def heard(answer: RunningAnswer, after: int = 0, *, until: int | None = None) -> list[Numbered]:
    """Read an answer to its end, or until that many events have come."""
    found: list[Numbered] = []
    reading = answer.read(after)
    async for batch in reading:
        found += batch
        if until is not None and len(found) >= until:
            break
    await reading.aclose()
    return found


def told(events: list[Numbered]) -> list[str]:
    return [one.event.text if isinstance(one.event, Delta) else type(one.event).__name__ for one in events]


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.01)


def test_an_answer_goes_on_when_its_reader_leaves_and_is_read_on_where_he_left(bot: Chatbot) -> None:
    async def work() -> tuple[list[Numbered], list[Numbered]]:
        model = Model(bot)
        answer = model.begin()
        model.say()
        before = await heard(answer, until=2)
        model.say(1)
        await until(lambda: answer._count == 3)
        model.say(1)
        return before, await heard(answer, before[-1].number)

    before, after = run(work)
    assert told(before) == ["Started", "The"]
    assert told(after) == ["warranty", "lasts", "Finished"]
    assert [one.number for one in before + after] == [1, 2, 3, 4, 5]


def test_two_pages_of_one_visitor_read_the_same(bot: Chatbot) -> None:
    async def work() -> list[list[Numbered]]:
        model = Model(bot)
        answer = model.begin()
        reading = asyncio.gather(heard(answer), heard(answer))
        model.say(3)
        return list(await reading)

    first, second = run(work)
    assert told(first) == told(second) == ["Started", "The", "warranty", "lasts", "Finished"]


@pytest.mark.parametrize("after", [99, -1])
def test_a_number_that_never_was_is_the_beginning(bot: Chatbot, after: int) -> None:
    async def work() -> list[Numbered]:
        model = Model(bot)
        answer = model.begin()
        model.say(3)
        return await heard(answer, after)

    assert told(run(work))[:2] == ["Started", "The"]


def test_an_answer_that_nobody_comes_back_for_is_stopped(bot: Chatbot) -> None:
    async def work() -> tuple[bool, bool]:
        model = Model(bot)
        answer = model.begin()
        model.say()
        await heard(answer, until=2)
        early = model.was_stopped
        await until(lambda: answer.is_over)
        return early, model.was_stopped

    assert run(work) == (False, True)


def test_an_answer_that_is_read_is_not_stopped_however_slow_the_model_is(bot: Chatbot) -> None:
    async def work() -> list[Numbered]:
        model = Model(bot)
        answer = model.begin()
        reading = asyncio.ensure_future(heard(answer))
        await asyncio.sleep(0.5)
        model.say(3)
        return await reading

    assert told(run(work))[-1] == "Finished"


def test_what_was_withdrawn_meanwhile_is_not_told_again(bot: Chatbot) -> None:
    async def work() -> tuple[list[Numbered], list[Numbered]]:
        model = Model(bot)
        answer = model.begin()
        model.say(2)
        before = await heard(answer, until=3)
        await in_database(lambda: CitablePassage.objects.all().delete())
        reading = asyncio.ensure_future(heard(answer))
        await asyncio.sleep(0.1)
        await answer.stop()
        return before, await reading

    before, again = run(work)
    assert told(before) == ["Started", "The", "warranty"]
    # Another beginning voids what the page has; the end is to be read from the database, which looks as well.
    assert told(again) == ["Started"]


def test_a_reader_of_what_was_withdrawn_gets_the_new_attempt(bot: Chatbot) -> None:
    async def work() -> list[str]:
        model = Model(bot, "Old", "new")
        model.words = ("Old", model.started(), "new")
        answer = model.begin()
        model.say(1)
        await heard(answer, until=2)
        await in_database(lambda: CitablePassage.objects.all().delete())
        reading = asyncio.ensure_future(heard(answer))
        await asyncio.sleep(0.1)
        answer._ground = frozenset()
        model.say(2)
        return told(await reading)

    assert run(work) == ["Started", "Started", "new", "Finished"]


def test_a_part_that_was_stopped_before_it_could_cite_is_withdrawn_with_what_it_drew_on(bot: Chatbot) -> None:
    conversation = Conversation.objects.create(chatbot=bot, token_hash=digest("a token"))
    (passage,) = CitablePassage.objects.all()
    part = Message.objects.create(
        conversation=conversation, author=Author.BOT, text="It lasts 24 months [1].", complete=False,
        context=[passage.document_id], trace={"broken_off": True},
    )  # fmt: skip

    async def work() -> list[str]:
        before = await spoken_now(bot.pk, part.pk)
        await in_database(lambda: CitablePassage.objects.all().delete())
        return [before.text, (await spoken_now(bot.pk, part.pk)).text]

    assert run(work) == ["It lasts 24 months [1].", WITHDRAWN]


def test_a_bot_taken_offline_tells_nothing_again(bot: Chatbot) -> None:
    async def work() -> None:
        model = Model(bot)
        answer = model.begin()
        model.say(2)
        await heard(answer, until=3)
        await in_database(lambda: Chatbot.objects.filter(pk=bot.pk).update(is_published=False))
        with pytest.raises(NotFoundError):
            await heard(answer)

    run(work)


def test_stopping_stops_the_model_and_tells_every_reader(bot: Chatbot) -> None:
    async def work() -> tuple[Model, list[Numbered]]:
        model = Model(bot)
        answer = model.begin()
        reading = asyncio.ensure_future(heard(answer))
        model.say()
        await until(lambda: answer._count == 2)
        await answer.stop()
        return model, await reading

    model, events = run(work)
    assert model.was_stopped
    assert told(events) == ["Started", "The", "Broken"]
    assert isinstance(events[-1].event.error, AnswerBrokenOffError)


def test_a_model_that_fails_is_told_and_leaves_no_task_behind(bot: Chatbot) -> None:
    async def work() -> list[Numbered]:
        model = Model(bot, "The", ProviderUnavailableError())
        answer = model.begin()
        model.say(2)
        return await heard(answer)

    events = run(work)
    assert told(events) == ["Started", "The", "Broken"]
    assert isinstance(events[-1].event, Broken)
    assert isinstance(events[-1].event.error, ProviderUnavailableError)


def test_who_has_all_of_an_answer_that_just_ended_does_not_wait(bot: Chatbot) -> None:
    async def work() -> list[Numbered]:
        model = Model(bot)
        answer = model.begin()
        model.say(3)
        await answer.until_over()
        return await asyncio.wait_for(heard(answer, answer._count), 20)

    assert run(work) == []


def test_a_line_too_many_takes_the_place_of_the_oldest(bot: Chatbot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "MOST_READERS", 2)

    async def work() -> list[list[str]]:
        model = Model(bot)
        answer = model.begin()
        lines = []
        for _ in range(3):
            lines.append(asyncio.ensure_future(heard(answer)))
            await asyncio.sleep(0.05)
        model.say(3)
        return [told(await line) for line in lines]

    oldest, *others = run(work)
    assert oldest == ["Started"]
    assert [line[-1] for line in others] == ["Finished", "Finished"]


def test_only_so_many_answers_go_on_without_a_reader(
    bot: Chatbot, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ANSWER_GRACE_SECONDS = 30
    monkeypatch.setattr(running, "MOST_UNREAD", 2)

    async def work() -> list[bool]:
        models = [Model(bot) for _ in range(3)]
        answers = [model.begin() for model in models]
        for model, answer in zip(models, answers, strict=True):
            model.say()
            await heard(answer, until=2)
        await until(lambda: answers[0].is_over)
        return [answer.is_over for answer in answers]

    assert run(work) == [True, False, False]


def test_a_process_that_makes_as_many_answers_as_it_can_says_so(bot: Chatbot, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        check_room()
        Model(bot).begin()
        monkeypatch.setattr(running, "MOST_RUNNING", 1)
        with pytest.raises(RateLimitError) as refusal:
            check_room()
        assert refusal.value.retry_after == 5

    run(work)


def test_an_answer_is_stopped_by_way_of_another_process_once_its_line_is_left(
    bot: Chatbot, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ANSWER_GRACE_SECONDS = 30
    monkeypatch.setattr(running, "LOOK_SECONDS", 0.05)
    conversation = Conversation.objects.create(chatbot=bot, token_hash=digest("a token"))
    message = Message.objects.create(conversation=conversation, author=Author.BOT, complete=False)

    async def work() -> bool:
        model = Model(bot)
        model.message_id = message.pk
        answer = model.begin()
        model.say()
        await heard(answer, until=2)
        await in_database(ask_to_stop, message.pk)
        await until(lambda: answer.is_over)
        return model.was_stopped

    assert run(work)


def test_an_event_shows_no_text_in_a_log(bot: Chatbot) -> None:
    assert "warranty" not in repr(Numbered(number=1, event=Delta(text="The warranty")))
