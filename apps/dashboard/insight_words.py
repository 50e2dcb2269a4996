"""What the figures of a chatbot say, each in a sentence or two for its owner."""

import datetime as dt
from collections.abc import Mapping, Sequence

from apps.conversations.insights import Day, SourcesUsed, Tally, Times
from apps.conversations.question_groups import QuestionGrouping
from apps.dashboard.waterfall import milliseconds
from apps.knowledge.models import Disclosure

LONGEST_QUOTE = 120


def of_questions(days: Sequence[Day], now: Tally, before: Tally) -> str:
    if not now.questions:
        return f"Nobody asked anything in these {len(days)} days."
    busiest = max(days, key=lambda one: one.tally.questions)
    a_day = now.questions / len(days)
    usual = (
        f"about {a_day:.0f} a day" if a_day >= 1.5 else "about one a day" if a_day >= 0.75 else "less than one a day"
    )
    told = f"{counted(now.questions, 'question')} in {len(days)} days, {usual}."
    if now.questions > len(days) / 2:
        told += f" Most came on {weekday(busiest.date)}: {busiest.tally.questions}."
    if before.questions:
        told += f" In the {len(days)} days before there were {before.questions}."
    return told


def of_share(now: Tally, before: Tally, days: int) -> str:
    if now.share is None:
        return "No question has been answered or refused in these days."
    told = (
        f"{now.answered} of {counted(now.answered + now.unanswered, 'question')} got an answer: {whole(now.share)} %."
    )
    if before.share is not None:
        points = whole(now.share) - whole(before.share)
        change = f"{abs(points)} points {'more' if points > 0 else 'less'} than" if points else "the same as"
        told += f" That is {change} in the {days} days before."
    return told


def of_sources(used: SourcesUsed) -> str:
    if not used.cited:
        return "No answer in these days cites a source that is still there."
    first = used.cited[0]
    if len(used.cited) == 1:
        return f"Every proof came from one source, “{first.source.title}”."
    told = (
        f"“{first.source.title}” was proof most often: in {first.answers} of {counted(used.cited_answers, 'answer')}."
    )
    return f"{told} {len(used.cited)} sources were cited in all."


def of_uncited(used: SourcesUsed, days: int) -> str:
    citable = len(used.uncited) + sum(one.source.disclosure == Disclosure.CITABLE for one in used.cited)
    if not used.uncited:
        return f"Every one of the {counted(citable, 'citable source')} was cited." if citable else "There are none yet."
    number = len(used.uncited)
    return (
        f"{number} of {counted(citable, 'citable source')} {was(number)} not cited in these {days} days."
        " Either nobody asked about them, or they are hard to find: try a question that one of them answers."
    )


def of_unanswered(found: QuestionGrouping) -> str:
    if not found.groups:
        return "Every question got an answer."
    told = f"{counted(found.questions, 'question')} got no answer."
    first = found.groups[0]
    if len(found.groups) < found.questions:
        told += f" Put together by what they ask for, they are {len(found.groups)}."
        told += f" Asked most often, {counted(len(first.asked), 'time')}: “{quote(first.wordings[0])}”."
    return told


def of_times(times: Mapping[str, Times]) -> str:
    total, first = times.get("total", Times()), times.get("first_token", Times())
    if total.half is None or total.most is None:
        return "No answer was finished in these days."
    told = f"Half of the answers were complete within {milliseconds(total.half)}, 95 of 100 within"
    told += f" {milliseconds(total.most)}."
    if first.half is not None:
        told += f" The first words mostly came after {milliseconds(first.half)}."
    return told


def of_feedback(now: Tally) -> str:
    rated = now.helpful + now.unhelpful
    if not rated:
        return "No visitor has said yet whether an answer helped. Each answer has a thumb up and a thumb down for it."
    return f"Visitors rated {counted(rated, 'answer')}: {now.helpful} helpful, {now.unhelpful} not."


def counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def was(number: int) -> str:
    return "was" if number == 1 else "were"


def whole(share: float) -> int:
    """Return a share in per cent; what is not all is never told as all, nor what is something as nothing."""
    rounded = round(100 * share)
    return min(max(rounded, 1 if share > 0 else 0), 100 if share == 1 else 99)


def weekday(date: dt.date) -> str:
    return f"{date:%A}, {date.day} {date:%B}"


def short(date: dt.date) -> str:
    return f"{date.day} {date:%b}"


def quote(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_QUOTE else f"{line[: LONGEST_QUOTE - 1]}…"
