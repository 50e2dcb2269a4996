"""Insights: what a chatbot's conversations say about it, as plots with a sentence each and a table behind them."""

from dataclasses import dataclass, field

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from apps.accounts.audit import Action, record
from apps.chatbots.models import Chatbot
from apps.conversations.insights import Period, Tally, Times, insights
from apps.conversations.question_groups import QuestionGroup, QuestionGrouping
from apps.conversations.services import chat
from apps.core.csv_lines import line
from apps.dashboard import insight_sections as sections
from apps.dashboard.access import Visit, for_members
from apps.dashboard.answer_views import title_of, titles_of_texts
from apps.dashboard.insight_sections import Section, percentage
from apps.dashboard.waterfall import milliseconds

RANGES = (7, 30, 90)
USUAL = 30
GROUPS_SHOWN = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Headline:
    """A figure at the top of the page, and how it was in as many days before."""

    name: str
    value: str
    before: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownGroup:
    """A group of unanswered questions; `is_answered` tells that the owner has added an answer since."""

    group: QuestionGroup = field(repr=False)
    is_answered: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """Everything that the page shows of some days."""

    now: Tally
    before: Tally
    times: dict[str, Times]
    times_before: dict[str, Times]
    sections: list[Section]
    unanswered: QuestionGrouping


@for_members
def show(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show the figures of the last 7, 30 or 90 days."""
    period = period_of(request)
    found = report(visit.chatbot, period)
    context = {
        **visit.context("insights"),
        "period": period,
        "ranges": RANGES,
        "report": found,
        "headlines": headlines(found),
        "groups": shown_groups(visit.chatbot, found.unanswered),
        "more_groups": max(0, len(found.unanswered.groups) - GROUPS_SHOWN),
        "comments": insights().comments(visit.chatbot, period),
        "was_ever_asked": bool(found.now.questions) or chat().of(visit.chatbot).exists(),
    }
    return render(request, "dashboard/insights.html", context)


@for_members
def table(request: HttpRequest, visit: Visit, name: str) -> HttpResponse:
    """Hand out the table behind a plot as CSV; some of them quote visitors, so that it was done is recorded."""
    period = period_of(request)
    wanted = next((one for one in report(visit.chatbot, period).sections if one.name == name), None)
    if wanted is None:
        raise Http404
    record(Action.INSIGHTS_EXPORTED, visit.chatbot, table=name, days=period.days)
    rows = [wanted.table.columns, *wanted.table.rows]
    response = HttpResponse("".join(line(map(str, row)) for row in rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-{period.first}-{period.last}.csv"'
    return response


def period_of(request: HttpRequest) -> Period:
    wanted = request.GET.get("days", "")
    return Period.until_today(int(wanted) if wanted in map(str, RANGES) else USUAL)


def report(chatbot: Chatbot, period: Period) -> Report:
    facts = insights()
    days = facts.days(chatbot, period)
    now, before = sum((one.tally for one in days), start=Tally()), facts.tally(chatbot, period.before())
    times, used = facts.times(chatbot, period), facts.sources(chatbot, period)
    unanswered = facts.unanswered(chatbot, period)
    return Report(
        now=now,
        before=before,
        times=times,
        times_before=facts.times(chatbot, period.before(), ("total",)),
        unanswered=unanswered,
        sections=[
            sections.questions_by_day(days, now, before),
            sections.answered_share(days, now, before),
            sections.unanswered_questions(unanswered),
            sections.most_cited(used),
            sections.never_cited(used, period.days),
            sections.response_times(days, times),
            sections.feedback_by_day(days, now),
        ],
    )


def headlines(found: Report) -> list[Headline]:
    now, before = found.now, found.before
    half, half_before = found.times.get("total", Times()).half, found.times_before.get("total", Times()).half
    return [
        Headline(
            name="Questions", value=f"{now.questions:,}", before=f"{before.questions:,}" if before.questions else ""
        ),
        Headline(name="Answered", value=percentage(now.share) or "–", before=percentage(before.share)),
        Headline(name="Half answered within", value=told(half) or "–", before=told(half_before)),
        Headline(name="Rated helpful", value=rated(now) or "–", before=rated(before)),
    ]


def told(value: float | None) -> str:
    return "" if value is None else milliseconds(value)


def rated(tally: Tally) -> str:
    number = tally.helpful + tally.unhelpful
    return f"{tally.helpful} of {number}" if number else ""


def shown_groups(chatbot: Chatbot, found: QuestionGrouping) -> list[ShownGroup]:
    groups = found.groups[:GROUPS_SHOWN]
    titles = titles_of_texts(chatbot, {title_of(text) for group in groups for text in group.wordings})
    return [
        ShownGroup(group=group, is_answered=any(title_of(text) in titles for text in group.wordings))
        for group in groups
    ]
