"""The parts of the insights page: each a question about a chatbot, a plot, a sentence, and the table behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from apps.conversations.insights import Day, SourcesUsed, Tally, Times
from apps.conversations.question_groups import QuestionGrouping
from apps.dashboard import insight_words as words
from apps.dashboard.plots import Column, Part, Plot, plot
from apps.dashboard.waterfall import milliseconds

Cell = str | int
STAGES = {
    "first_token": "First words", "total": "Whole answer", "condense": "Understanding the question",
    "search": "Searching", "read": "Reading passages", "context": "Choosing passages", "generate": "Writing",
}  # fmt: skip
SOURCES_DRAWN = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """What is behind a plot. A cell that is a number is set as one."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]] = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rank:
    """A source in order: its bar is `share` per cent of the longest."""

    name: str
    count: int
    share: str
    learn_only: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """`legend` gives the kinds of the plot's parts their names."""

    name: str
    title: str
    says: str = field(repr=False)
    table: Table
    plot: Plot | None = None
    legend: tuple[tuple[str, str], ...] = ()
    ranks: tuple[Rank, ...] = ()
    names: tuple[str, ...] = field(default=(), repr=False)


def questions_by_day(days: Sequence[Day], now: Tally, before: Tally) -> Section:
    columns = [
        Column(
            label=words.short(one.date), told=f"{words.weekday(one.date)}: {ended(one.tally)}", parts=stack(one.tally)
        )
        for one in days
    ]
    rows = [
        (one.date.isoformat(), one.tally.questions, one.tally.answered, one.tally.unanswered, one.tally.broken_off)
        for one in days
    ]
    return Section(
        name="questions",
        title="Questions per day",
        says=words.of_questions(days, now, before),
        plot=plot(columns, tell=whole, finest=1),
        legend=(("answered", "answered"), ("unanswered", "unanswered"), ("broken-off", "broken off")),
        table=Table(columns=("Day", "Questions", "Answered", "Unanswered", "Broken off"), rows=rows),
    )


def answered_share(days: Sequence[Day], now: Tally, before: Tally) -> Section:
    spans = by_week(days) if len(days) > 7 else [(words.short(one.date), one.tally) for one in days]
    columns = [share_column(label, tally, has_mark=len(spans) <= 7) for label, tally in spans]
    rows = [
        (label, tally.answered + tally.unanswered, tally.answered, percentage(tally.share)) for label, tally in spans
    ]
    unit = "week" if len(days) > 7 else "day"
    return Section(
        name="answered",
        title=f"Answered share by {unit}",
        says=words.of_share(now, before, len(days)),
        plot=plot(columns, tell=lambda value: f"{100 * value:.0f} %", highest=1),
        table=Table(columns=(f"{unit.capitalize()} of", "Questions", "Answered", "Share"), rows=rows),
    )


def share_column(label: str, tally: Tally, *, has_mark: bool) -> Column:
    if tally.share is None:
        return Column(label=label, told=f"{label}: no questions")
    told = f"{label}: {tally.answered} of {tally.answered + tally.unanswered}"
    mark = percentage(tally.share) if has_mark else ""
    return Column(label=label, told=told, mark=mark, parts=[Part(kind="answered", bottom=0, top=tally.share)])


def most_cited(used: SourcesUsed) -> Section:
    most = max((one.answers for one in used.cited), default=1)
    ranks = [
        Rank(
            name=one.source.title, count=one.answers, share=f"{100 * one.answers / most:.1f}%",
            learn_only=one.source.disclosure != "citable",
        )
        for one in used.cited[:SOURCES_DRAWN]
    ]  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (one.source.title, one.answers, one.last_cited.date().isoformat(), one.source.get_disclosure_display())
        for one in used.cited
    ]
    if used.withdrawn:
        rows.append(("(sources that are no longer there)", used.withdrawn, "", ""))
    return Section(
        name="cited",
        title="Most cited sources",
        says=words.of_sources(used),
        ranks=tuple(ranks),
        table=Table(columns=("Source", "Answers", "Last cited", "Class now"), rows=rows),
    )


def never_cited(used: SourcesUsed, days: int) -> Section:
    rows = [(one.title, one.passage_count, one.created_at.date().isoformat()) for one in used.uncited]
    return Section(
        name="uncited",
        title="Sources that were not cited",
        says=words.of_uncited(used, days),
        names=tuple(one.title for one in used.uncited[:SOURCES_DRAWN]),
        table=Table(columns=("Source", "Passages", "Added"), rows=rows),
    )


def unanswered_questions(found: QuestionGrouping) -> Section:
    rows = [
        (
            words.quote(one.wordings[0]), len(one.asked), len(one.wordings),
            one.earliest.at.date().isoformat(), one.latest.at.date().isoformat(),
        )
        for one in found.groups
    ]  # fmt: skip
    return Section(
        name="unanswered",
        title="Unanswered questions",
        says=words.of_unanswered(found),
        table=Table(columns=("Question", "Times asked", "Wordings", "First", "Last"), rows=rows),
    )


def response_times(days: Sequence[Day], times: Mapping[str, Times]) -> Section:
    columns = [times_column(one) for one in days]
    rows: list[tuple[Cell, ...]] = [
        (STAGES[stage], milliseconds(one.half or 0), milliseconds(one.most or 0)) for stage, one in times.items()
    ]
    rows += [
        (one.date.isoformat(), milliseconds(one.times.half), milliseconds(one.times.most))
        for one in days
        if one.times.half is not None and one.times.most is not None
    ]
    return Section(
        name="times",
        title="Response times",
        says=words.of_times(times),
        plot=plot(columns, tell=axis_time),
        legend=(("half", "half of the answers were complete"), ("most", "95 of 100 were complete")),
        table=Table(columns=("Stage or day", "Half within", "95 of 100 within"), rows=rows),
    )


def times_column(day: Day) -> Column:
    label, half, most = words.short(day.date), day.times.half, day.times.most
    if half is None or most is None:
        return Column(label=label, told=f"{label}: no answers")
    told = f"{label}: half within {milliseconds(half)}, 95 of 100 within {milliseconds(most)}"
    parts = [Part(kind="half", bottom=0, top=half), Part(kind="most", bottom=half, top=most)]
    return Column(label=label, told=told, parts=parts)


def feedback_by_day(days: Sequence[Day], now: Tally) -> Section:
    columns = [feedback_column(one) for one in days]
    rows = [
        (one.date.isoformat(), one.tally.helpful, one.tally.unhelpful)
        for one in days
        if one.tally.helpful or one.tally.unhelpful
    ]
    rated = now.helpful + now.unhelpful
    return Section(
        name="feedback",
        title="What visitors thought",
        says=words.of_feedback(now),
        plot=plot(columns, tell=whole, finest=1) if rated else None,
        legend=(("answered", "helpful"), ("unanswered", "not helpful")),
        table=Table(columns=("Day", "Helpful", "Not helpful"), rows=rows),
    )


def feedback_column(day: Day) -> Column:
    up, down = day.tally.helpful, day.tally.unhelpful
    parts = [Part(kind="answered", bottom=0, top=up), Part(kind="unanswered", bottom=-down, top=0)]
    told = f"{words.weekday(day.date)}: {up} helpful, {down} not"
    return Column(label=words.short(day.date), told=told, parts=parts)


def by_week(days: Sequence[Day]) -> list[tuple[str, Tally]]:
    """Return the weeks from Monday on, each by its first day within the period."""
    weeks: dict[tuple[int, int], tuple[str, Tally]] = {}
    for one in days:
        week = one.date.isocalendar()[:2]
        label, tally = weeks.get(week, (words.short(one.date), Tally()))
        weeks[week] = (label, tally + one.tally)
    return list(weeks.values())


def stack(tally: Tally) -> list[Part]:
    shown, bottom = [], 0
    for kind, number in (
        ("answered", tally.answered), ("unanswered", tally.unanswered), ("broken-off", tally.broken_off)
    ):  # fmt: skip
        shown.append(Part(kind=kind, bottom=bottom, top=bottom + number))
        bottom += number
    return shown


def ended(tally: Tally) -> str:
    told = words.counted(tally.questions, "question")
    parts = {"unanswered": tally.unanswered, "broken off": tally.broken_off}
    return ", ".join([told, *(f"{number} {name}" for name, number in parts.items() if number)])


def whole(value: float) -> str:
    return f"{value:,.0f}"


def axis_time(value: float) -> str:
    return f"{value / 1000:g} s" if value >= 1000 else f"{value:g} ms"


def percentage(share: float | None) -> str:
    return "" if share is None else f"{words.whole(share)} %"
