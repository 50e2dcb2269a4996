"""What a chatbot's model uses up is written down to the token, and a budget holds however many ask at once."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from pytest_django import Settings

from apps.accounts.models import Organization
from apps.chatbots.budget import LAPSED, BudgetService
from apps.chatbots.models import Chatbot, ModelUsage, ReservedUsage
from apps.chatbots.tokens import Tokens
from apps.core.error_handling import BudgetError

pytestmark = pytest.mark.django_db
CALL = Tokens(input=900, output=100)


@pytest.fixture(autouse=True)
def prices(settings: Settings) -> None:
    settings.LLM_INPUT_PRICE, settings.LLM_OUTPUT_PRICE = 2.0, 10.0


@pytest.fixture
def service() -> BudgetService:
    return BudgetService()


def make_bot(**budget: Any) -> Chatbot:
    organization = Organization.objects.create(name="Alice & Co")
    return Chatbot.objects.create(organization=organization, name="Handbook", **budget)


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Set the day."""

    def set_day(year: int, month: int, day: int, hour: int = 12) -> None:
        moment = datetime(year, month, day, hour, tzinfo=UTC)
        monkeypatch.setattr(timezone, "now", lambda: moment)

    return set_day


def test_calls_add_up_by_day_and_month_and_cost_what_the_settings_say(service: BudgetService, on: Any) -> None:
    bot, other = make_bot(), make_bot()
    on(2026, 2, 28, 23)
    service.settle(bot.pk, Tokens(input=5, output=5))
    on(2026, 3, 1, 0)
    service.settle(bot.pk, Tokens(input=1_000, output=50))
    service.settle(bot.pk, Tokens(input=200, output=10), begins=False)
    on(2026, 3, 9)
    service.settle(bot.pk, Tokens(input=1, output=0))
    service.settle(other.pk, Tokens(input=7, output=7))

    used = service.this_month(bot)
    assert (used.month, used.answers) == (date(2026, 3, 1), 2)
    assert (used.input_tokens, used.output_tokens, used.tokens) == (1_201, 60, 1_261)
    assert used.cost == Decimal("0.003002")  # 1,201 × 2 and 60 × 10, by the million
    assert (used.share, used.exhausted, used.price_known) == (None, False, True)
    assert [(one.day.day, one.answers, one.input_tokens) for one in service.days(bot)] == [(1, 1, 1200), (9, 1, 1)]


def test_a_budget_of_tokens_is_used_up_by_what_is_reserved_too(service: BudgetService) -> None:
    bot = make_bot(monthly_tokens=2_000)
    first = service.reserve(bot.pk, CALL)
    assert first is not None
    second = service.reserve(bot.pk, CALL)
    with pytest.raises(BudgetError, match="budget of this month"):
        service.reserve(bot.pk, CALL)
    assert service.reserve(bot.pk, CALL, begins=False), "a question that was begun with the model goes on with it"
    ReservedUsage.objects.exclude(pk__in=[first, second]).delete()

    service.settle(bot.pk, Tokens(input=300, output=10), reservation=first)  # far less than was put aside
    assert service.reserve(bot.pk, CALL)
    service.settle(bot.pk, Tokens(input=1_690, output=0), reservation=second)
    used = service.this_month(bot)
    assert (used.tokens, used.reserved_tokens, used.exhausted) == (2_000, 1_000, True)


def test_a_budget_of_money_ends_with_the_month(service: BudgetService, on: Any) -> None:
    bot = make_bot(monthly_cost=Decimal("0.01"))
    on(2026, 3, 31, 23)
    service.settle(bot.pk, Tokens(input=4_000, output=0))
    assert (service.this_month(bot).share, service.this_month(bot).nearly) == (0.8, True)
    assert not service.this_month(bot).exhausted
    service.settle(bot.pk, Tokens(input=0, output=200))
    assert service.this_month(bot).exhausted
    with pytest.raises(BudgetError):
        service.reserve(bot.pk, CALL)
    on(2026, 4, 1, 0)
    assert service.reserve(bot.pk, CALL)
    assert service.this_month(bot).share == 0


def test_without_a_price_money_can_not_be_kept_and_that_is_told(service: BudgetService, settings: Settings) -> None:
    settings.LLM_INPUT_PRICE = settings.LLM_OUTPUT_PRICE = 0.0
    bot = make_bot(monthly_cost=Decimal("0.01"), monthly_tokens=10_000)
    service.settle(bot.pk, Tokens(input=5_000, output=0))
    used = service.this_month(bot)
    assert (used.cost, used.price_known, used.cost_can_not_be_kept) == (Decimal(0), False, True)
    assert used.share == 0.5, "that of the tokens is kept"


def test_a_budget_of_nothing_lets_the_model_say_nothing(service: BudgetService) -> None:
    bot = make_bot(monthly_tokens=0)
    with pytest.raises(BudgetError):
        service.reserve(bot.pk, CALL)
    assert service.shares()[bot.pk] == 1.0


def test_without_a_budget_nothing_is_reserved(service: BudgetService) -> None:
    assert service.reserve(make_bot().pk, CALL) is None
    assert service.reserve(uuid.uuid4(), CALL) is None
    assert not ReservedUsage.objects.exists()


def test_what_was_spent_for_a_chatbot_that_is_gone_breaks_nothing(service: BudgetService) -> None:
    service.settle(uuid.uuid4(), CALL)
    assert not ModelUsage.objects.exists()


def test_what_a_killed_process_left_open_is_booked_once(service: BudgetService) -> None:
    bot = make_bot(monthly_tokens=1_000_000)
    left, alive = service.reserve(bot.pk, CALL), service.reserve(bot.pk, CALL)
    long_ago = timezone.now() - LAPSED - timedelta(seconds=1)
    assert left is not None
    ReservedUsage.objects.filter(pk=left).update(reserved_at=long_ago)

    assert service.book_lapsed() == 1
    assert service.book_lapsed() == 0
    service.settle(bot.pk, CALL, reservation=left)  # so it lived after all, and comes too late
    assert sum(row.input_tokens for row in ModelUsage.objects.filter(chatbot=bot)) == 900
    assert ReservedUsage.objects.get().pk == alive


def test_each_chatbot_s_share_is_that_of_the_budget_that_is_further_gone(service: BudgetService) -> None:
    bot = make_bot(monthly_tokens=10_000, monthly_cost=Decimal("0.01"))
    unbounded, untouched = make_bot(), make_bot(monthly_tokens=5)
    service.settle(bot.pk, Tokens(input=2_500, output=0))
    service.settle(unbounded.pk, CALL)
    assert service.shares() == {bot.pk: 0.5, untouched.pk: 0.0}


@pytest.mark.django_db(transaction=True)
def test_of_many_questions_at_once_no_more_begin_than_the_budget_has_room_for(service: BudgetService) -> None:
    bot = make_bot(monthly_tokens=3_000)
    together = threading.Barrier(8)

    def attempt(_: int) -> bool:
        try:
            together.wait(10)
            return service.reserve(bot.pk, CALL) is not None
        except BudgetError:
            return False
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as everybody:
        assert sum(everybody.map(attempt, range(8))) == 3


@pytest.mark.django_db(transaction=True)
def test_answers_that_end_at_the_same_moment_are_all_in_the_ledger(service: BudgetService) -> None:
    bot = make_bot()

    def end(_: int) -> None:
        try:
            service.settle(bot.pk, Tokens(input=10, output=1))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as everybody:
        list(everybody.map(end, range(40)))
    used = service.this_month(bot)
    assert (used.answers, used.tokens) == (40, 440)
