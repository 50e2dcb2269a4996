"""What a chatbot's conversations tell its owner: how much was asked and answered, from which sources, and how fast.

Everything is counted by the database, over answers to visitors within some days; days are those of UTC. A greeting is
no question, and neither trials nor leak tests count.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from django.db.models import Aggregate, Count, Expression, FloatField, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast, TruncDate
from django.utils import timezone

from apps.chatbots.models import Chatbot
from apps.conversations.models import Author, Citation, FeedbackValue, Message
from apps.conversations.question_groups import QuestionGrouping, QuestionGroups
from apps.conversations.services import chat
from apps.core.services import ServiceRegistry
from apps.knowledge.models import Disclosure, Document, Source
from apps.knowledge.services import knowledge_sources

STAGES = ("first_token", "total", "condense", "search", "read", "context", "generate")
SMALL_TALK = Q(answered=True, trace__provider="none")
COMMENTS_SHOWN = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """Whole days, one after another: from the beginning of `first` on, `days` of them."""

    first: dt.date
    days: int

    @classmethod
    def until_today(cls, days: int) -> "Period":
        return cls(first=timezone.now().date() - dt.timedelta(days=days - 1), days=days)

    @property
    def last(self) -> dt.date:
        return self.first + dt.timedelta(days=self.days - 1)

    @property
    def since(self) -> dt.datetime:
        return dt.datetime.combine(self.first, dt.time(), dt.UTC)

    @property
    def until(self) -> dt.datetime:
        return self.since + dt.timedelta(days=self.days)

    def before(self) -> "Period":
        """Return as many days before these."""
        return Period(first=self.first - dt.timedelta(days=self.days), days=self.days)

    def dates(self) -> Sequence[dt.date]:
        return [self.first + dt.timedelta(days=number) for number in range(self.days)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """How questions ended, and what visitors thought of it. Broken off: the visitor left, or it went wrong."""

    answered: int = 0
    unanswered: int = 0
    broken_off: int = 0
    helpful: int = 0
    unhelpful: int = 0

    @property
    def questions(self) -> int:
        return self.answered + self.unanswered + self.broken_off

    @property
    def share(self) -> float | None:
        """The answered share of the questions that got an answer or a refusal; None without any."""
        ended = self.answered + self.unanswered
        return self.answered / ended if ended else None

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            answered=self.answered + other.answered,
            unanswered=self.unanswered + other.unanswered,
            broken_off=self.broken_off + other.broken_off,
            helpful=self.helpful + other.helpful,
            unhelpful=self.unhelpful + other.unhelpful,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Times:
    """Within how many milliseconds half of the answers came, and 95 of 100; None where none did."""

    half: float | None = None
    most: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """What a day brought; `times` are those of whole answers."""

    date: dt.date
    tally: Tally = field(default_factory=Tally)
    times: Times = field(default_factory=Times)


@dataclass(frozen=True, kw_only=True, slots=True)
class CitedSource:
    """In how many answers a source was proof, and when last."""

    source: Source
    answers: int
    last_cited: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class SourcesUsed:
    """The sources that answers cited, the most cited first; citable ones that none did; and answers that cite what is
    no longer there. `cited_answers` are the answers with any proof at all.
    """

    cited: tuple[CitedSource, ...]
    uncited: tuple[Source, ...]
    withdrawn: int
    cited_answers: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Comment:
    """What a visitor wrote about an answer."""

    conversation_id: uuid.UUID
    at: dt.datetime
    helpful: bool
    text: str = field(repr=False)


class InsightsService:
    """Figures of a chatbot for its owner."""

    def __init__(self) -> None:
        self._groups = QuestionGroups()

    def days(self, chatbot: Chatbot, period: Period) -> list[Day]:
        """Return every day of the period, those on which nothing was asked too."""
        dated = questions(chatbot, period).annotate(date=TruncDate("created_at", tzinfo=dt.UTC)).values("date")
        rows: QuerySet[Any] = dated.annotate(**TALLY, **times_of("total")).order_by()
        found: dict[dt.date, dict[str, Any]] = {row["date"]: row for row in rows}
        return [day(date, found.get(date)) for date in period.dates()]

    def tally(self, chatbot: Chatbot, period: Period) -> Tally:
        return tally_in(questions(chatbot, period).aggregate(**TALLY))

    def times(self, chatbot: Chatbot, period: Period, stages: Sequence[str] = STAGES) -> dict[str, Times]:
        """Return how long stages of the answers took, and `first_token` and `total` from the question on."""
        wanted = {name: part for stage in stages for name, part in times_of(stage).items()}
        row = questions(chatbot, period).aggregate(**wanted)
        found = {stage: Times(half=row[f"half_{stage}"], most=row[f"most_{stage}"]) for stage in stages}
        return {stage: times for stage, times in found.items() if times.half is not None}

    def sources(self, chatbot: Chatbot, period: Period) -> SourcesUsed:
        answers = questions(chatbot, period)
        rows = citations_by_source(answers)
        counted = {row["source"]: row for row in rows if row["source"]}
        sources = knowledge_sources().of(chatbot)
        cited = [
            CitedSource(source=one, answers=counted[one.pk]["answers"], last_cited=counted[one.pk]["last_cited"])
            for one in sources.filter(pk__in=counted)
        ]
        citable = sources.filter(disclosure=Disclosure.CITABLE, passage_count__gt=0, created_at__lt=period.until)
        return SourcesUsed(
            cited=tuple(sorted(cited, key=lambda one: (-one.answers, one.source.title))),
            uncited=tuple(citable.exclude(pk__in=counted)),
            withdrawn=sum(row["answers"] for row in rows if not row["source"]),
            cited_answers=answers.filter(citations__isnull=False).distinct().count(),
        )

    def unanswered(self, chatbot: Chatbot, period: Period) -> QuestionGrouping:
        """Return the unanswered questions, near-equal ones together, the most frequent first."""
        return self._groups.of(questions(chatbot, period).filter(answered=False))

    def comments(self, chatbot: Chatbot, period: Period) -> list[Comment]:
        """Return what visitors wrote about answers, the latest first."""
        said = questions(chatbot, period).exclude(feedback_comment="").order_by("-created_at")[:COMMENTS_SHOWN]
        return [
            Comment(
                conversation_id=one.conversation_id, at=one.created_at, text=one.feedback_comment,
                helpful=one.feedback == FeedbackValue.UP,
            )
            for one in said.only("conversation_id", "created_at", "feedback", "feedback_comment")
        ]  # fmt: skip


def questions(chatbot: Chatbot, period: Period) -> QuerySet[Message]:
    """Return the answers to visitors' questions within the period: each is what became of one question."""
    conversations = chat().of(chatbot).filter(last_message_at__gte=period.since)
    return Message.objects.filter(
        conversation__in=conversations.order_by().values("pk"),
        author=Author.BOT,
        created_at__gte=period.since,
        created_at__lt=period.until,
    ).exclude(SMALL_TALK)


class Percentile(Aggregate):
    """The value that a share of all values is not above; PostgreSQL's percentile_cont."""

    function = "percentile_cont"
    name = "Percentile"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


def took(stage: str) -> Expression:
    return Cast(KeyTextTransform(stage, KeyTransform("timings_ms", "trace")), FloatField())


def times_of(stage: str) -> dict[str, Percentile]:
    return {f"half_{stage}": Percentile(took(stage), share=0.5), f"most_{stage}": Percentile(took(stage), share=0.95)}


# Under names of their own, since a message has a field `answered`.
TALLY = {
    "count_answered": Count("pk", filter=Q(answered=True)),
    "count_unanswered": Count("pk", filter=Q(answered=False)),
    "count_broken_off": Count("pk", filter=Q(answered=None)),
    "count_helpful": Count("pk", filter=Q(feedback=FeedbackValue.UP)),
    "count_unhelpful": Count("pk", filter=Q(feedback=FeedbackValue.DOWN)),
}


def day(date: dt.date, row: dict[str, Any] | None) -> Day:
    if row is None:
        return Day(date=date)
    times = Times(half=row["half_total"], most=row["most_total"])
    return Day(date=date, tally=tally_in(row), times=times)


def tally_in(row: dict[str, Any]) -> Tally:
    return Tally(**{name.removeprefix("count_"): row[name] for name in TALLY})


def citations_by_source(answers: QuerySet[Message]) -> list[dict[str, Any]]:
    """Return in how many of the answers each source is cited; where it is gone, the source is None."""
    source = Document.objects.filter(pk=OuterRef("document_id")).values("source_id")[:1]
    cited = Citation.objects.filter(message__in=answers.values("pk")).annotate(source=Subquery(source))
    rows: QuerySet[Any] = cited.order_by().values("source")
    return list(rows.annotate(answers=Count("message", distinct=True), last_cited=Max("message__created_at")))


def insights() -> InsightsService:
    """Return the service that sums up what visitors asked."""
    return cast("InsightsService", ServiceRegistry.get("insights"))
