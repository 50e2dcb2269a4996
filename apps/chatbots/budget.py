"""The budget of a chatbot's language model: what was used up this month, what is reserved, and whether more may be.

reserve (before a call, where there is a budget) → settle (after every call) → the ledger
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, Sum
from django.utils import timezone

from apps.chatbots.models import Chatbot, ModelUsage, ReservedUsage
from apps.chatbots.tokens import Tokens
from apps.core.error_handling import BudgetError

NEARLY = 0.8
BUDGET_LOCK = 7264_012  # any number that means the same to all of our processes
LAPSED = timedelta(minutes=15)  # no call takes so long: its process is gone
NOTHING = Decimal(0)

# A chatbot that was deleted meanwhile has no ledger any more.
BOOK = """
INSERT INTO model_usage AS kept (chatbot_id, day, answers, input_tokens, output_tokens, cost)
SELECT id, %s, %s, %s, %s, %s FROM chatbots_chatbot WHERE id = %s
ON CONFLICT (chatbot_id, day) DO UPDATE SET
    answers = kept.answers + EXCLUDED.answers,
    input_tokens = kept.input_tokens + EXCLUDED.input_tokens,
    output_tokens = kept.output_tokens + EXCLUDED.output_tokens,
    cost = kept.cost + EXCLUDED.cost
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class DayUsage:
    """What was used up on one day."""

    day: date
    answers: int
    input_tokens: int
    output_tokens: int
    cost: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class MonthUsage:
    """What was used up this month, and of how much; `reserved` is what answers under way may still use up."""

    month: date
    answers: int
    input_tokens: int
    output_tokens: int
    cost: Decimal
    reserved_tokens: int
    reserved_cost: Decimal
    budget_tokens: int | None
    budget_cost: Decimal | None
    price_known: bool

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    @property
    def share(self) -> float | None:
        """How much of the budget is used up, 1.0 for all of it; of two budgets the one that is further gone."""
        return further_gone((self.tokens, self.cost), (self.budget_tokens, self.budget_cost))

    @property
    def nearly(self) -> bool:
        """Whether most of the budget is used up."""
        return (self.share or 0.0) >= NEARLY

    @property
    def exhausted(self) -> bool:
        """Whether answers come by extraction: all is used up, or may be when what is under way is over."""
        tokens = self.budget_tokens is not None and self.tokens + self.reserved_tokens >= self.budget_tokens
        return tokens or (self.budget_cost is not None and self.cost + self.reserved_cost >= self.budget_cost)

    @property
    def cost_can_not_be_kept(self) -> bool:
        """Whether there is a budget of money, and nobody said what a token costs."""
        return self.budget_cost is not None and not self.price_known


class BudgetService:
    """The ledger of all chatbots. Months and days are those of UTC."""

    def this_month(self, chatbot: Chatbot) -> MonthUsage:
        """Return what a chatbot has used up since the month began."""
        month = first_of_month(timezone.now())
        used = ModelUsage.objects.filter(chatbot=chatbot, day__gte=month).aggregate(
            answers=Sum("answers"), input=Sum("input_tokens"), output=Sum("output_tokens"), cost=Sum("cost")
        )
        reserved = ReservedUsage.objects.filter(chatbot=chatbot, reserved_at__date__gte=month).aggregate(
            input=Sum("input_tokens"), output=Sum("output_tokens"), cost=Sum("cost")
        )
        return MonthUsage(
            month=month,
            answers=used["answers"] or 0,
            input_tokens=int(used["input"] or 0),
            output_tokens=int(used["output"] or 0),
            cost=used["cost"] or NOTHING,
            reserved_tokens=int((reserved["input"] or 0) + (reserved["output"] or 0)),
            reserved_cost=reserved["cost"] or NOTHING,
            budget_tokens=chatbot.monthly_tokens,
            budget_cost=chatbot.monthly_cost,
            price_known=bool(settings.LLM_INPUT_PRICE or settings.LLM_OUTPUT_PRICE),
        )

    def days(self, chatbot: Chatbot) -> list[DayUsage]:
        """Return what was used up on each day of this month on which anything was."""
        rows = ModelUsage.objects.filter(chatbot=chatbot, day__gte=first_of_month(timezone.now())).order_by("day")
        return [
            DayUsage(
                day=row.day, answers=row.answers, input_tokens=row.input_tokens, output_tokens=row.output_tokens,
                cost=row.cost,
            )
            for row in rows
        ]  # fmt: skip

    @transaction.atomic
    def reserve(self, chatbot_id: uuid.UUID, tokens: Tokens, *, begins: bool = True) -> uuid.UUID | None:
        """Put aside what a call may use up, and return what `settle` needs; None for a chatbot without a budget.

        Raises BudgetError when the budget is used up. A question that was begun with the model goes on with it: its
        later calls aren't those that begin one. Calls of one chatbot reserve one after another.
        """
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")  # what is reserved outlives no crash anyway
            cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [BUDGET_LOCK, str(chatbot_id)])
        chatbot = Chatbot.objects.filter(pk=chatbot_id).first()
        if chatbot is None or not has_budget(chatbot):
            return None
        if begins and self.this_month(chatbot).exhausted:
            raise BudgetError
        made = ReservedUsage.objects.create(
            chatbot=chatbot, input_tokens=tokens.input, output_tokens=tokens.output, cost=tokens.cost
        )
        return made.pk

    @transaction.atomic
    def settle(
        self, chatbot_id: uuid.UUID, tokens: Tokens, *, reservation: uuid.UUID | None = None, begins: bool = True
    ) -> None:
        """Write down what a call has used up, and give back what was put aside for it."""
        if reservation is not None:
            gone, _ = ReservedUsage.objects.filter(pk=reservation).delete()
            if not gone:  # booked by its estimate already, since it took so long
                return
        book(chatbot_id, timezone.now(), tokens, tokens.cost, answers=int(begins))

    @transaction.atomic
    def book_lapsed(self) -> int:
        """Book what was reserved by processes that are gone, by its estimate; return how many calls those were."""
        lapsed = ReservedUsage.objects.select_for_update(skip_locked=True).filter(
            reserved_at__lt=timezone.now() - LAPSED
        )
        rows = list(lapsed)
        for row in rows:
            tokens = Tokens(input=row.input_tokens, output=row.output_tokens)
            book(row.chatbot_id, row.reserved_at, tokens, row.cost, answers=0)
        ReservedUsage.objects.filter(pk__in=[row.pk for row in rows]).delete()
        return len(rows)

    def shares(self) -> Mapping[uuid.UUID, float]:
        """Return, by chatbot, how much of its budget is used up; of those that have one."""
        month = first_of_month(timezone.now())
        sums = ModelUsage.objects.filter(day__gte=month).values("chatbot").order_by("chatbot")
        used = {
            row["chatbot"]: (row["tokens"], row["cost"])
            for row in sums.annotate(tokens=Sum(F("input_tokens") + F("output_tokens")), cost=Sum("cost"))
        }
        budgets = Chatbot.objects.filter(Q(monthly_tokens__isnull=False) | Q(monthly_cost__isnull=False))
        return {
            pk: further_gone(used.get(pk, (0, NOTHING)), (tokens, cost)) or 0.0
            for pk, tokens, cost in budgets.filter(deleted_at=None).values_list("pk", "monthly_tokens", "monthly_cost")
        }


def book(chatbot_id: uuid.UUID, at: datetime, tokens: Tokens, cost: Decimal, *, answers: int) -> None:
    with connection.cursor() as cursor:
        # The row is every answer's of the day: nobody holds it while a disk turns. A crash may take half a second.
        cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute(BOOK, [at.astimezone(UTC).date(), answers, tokens.input, tokens.output, cost, chatbot_id])


def has_budget(chatbot: Chatbot) -> bool:
    return chatbot.monthly_tokens is not None or chatbot.monthly_cost is not None


def further_gone(used: tuple[int, Decimal], budgets: tuple[int | None, Decimal | None]) -> float | None:
    """Return how much of the budget is used up that is further gone, of those there are."""
    spent = [Decimal(one) for one in used]
    both = [(one, Decimal(budget)) for one, budget in zip(spent, budgets, strict=True) if budget is not None]
    return max((float(one / budget) if budget else 1.0 for one, budget in both), default=None)


def first_of_month(now: datetime) -> date:
    return now.astimezone(UTC).date().replace(day=1)
