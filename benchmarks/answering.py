"""How often the answer is right, without a language model, on documents and questions that nobody wrote for Tacit.

    python -m benchmarks answering

right      the set's `gold` (a regular expression) is in the reply; refused: `answered` is false.
robust     the same questions mistyped, greeted and wrapped: the change of right answers.
checking   what the check lets through of real models' answers (benchmarks/checking.py).

SQuAD and XQuAD, whose questions repeat the words of their paragraphs, are below (benchmarks/squad.py).
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from statistics import median

from apps.retrieval.services import reader
from benchmarks import checking
from benchmarks.answer_sets import Asked, Bot, Outcome, bot_of, near_misses, questions_of, small_talk
from benchmarks.product import SHARED

SETS = ("handbook", "evcc")
LANGUAGES = {"handbook": "en", "evcc": "de"}


def table() -> Iterator[str]:
    """Yield the lines of the report."""
    yield "## Answers"
    if not SHARED.exists():
        yield "\nThere is no ../shared/data beside this repository, so nothing was measured."
        return
    outcomes = {name: bot_of(name).ask(questions_of(name)) for name in SETS}
    yield from right_answers(outcomes)
    yield from refusals(outcomes)
    yield from by_kind([outcome for of_set in outcomes.values() for outcome in of_set])
    yield from robustness(outcomes)
    yield from talk(bot_of("handbook"))
    yield from checking.table(reader())


def right_answers(outcomes: dict[str, list[Outcome]]) -> Iterator[str]:
    yield "\n### Right answers, no language model\n"
    yield "| set | answerable | right | median reply | total ms p50 | p95 |\n|---|---|---|---|---|---|"
    for name, of_set in outcomes.items():
        asked = [outcome for outcome in of_set if outcome.asked.answerable]
        replies = [len(outcome.finished.text) for outcome in asked if outcome.finished.answered]
        times = sorted(outcome.finished.trace.timings_ms["total"] for outcome in of_set)
        yield (
            f"| {name} | {len(asked)} | {share(outcome.is_right for outcome in asked)} | {median(replies):.0f} "
            f"| {median(times):.0f} | {times[int(0.95 * len(times))]:.0f} |"
        )


def refusals(outcomes: dict[str, list[Outcome]]) -> Iterator[str]:
    yield "\n### Refusals\n"
    yield "| set | unanswerable refused | answerable refused |\n|---|---|---|"
    both = [outcome for of_set in outcomes.values() for outcome in of_set]
    bot, asked = near_misses()
    for name, of_set in ((" and ".join(outcomes), both), ("near misses (mtrag_un_dev, last turns)", bot.ask(asked))):
        refused = {
            answerable: [not one.finished.answered for one in of_set if one.asked.answerable is answerable]
            for answerable in (False, True)
        }
        yield f"| {name} | {share(refused[False])} | {share(refused[True])} |"


def by_kind(outcomes: Sequence[Outcome]) -> Iterator[str]:
    yield "\n### By kind of question\n"
    yield "| kind | asked | right, of unanswerable ones refused |\n|---|---|---|"
    kinds: dict[str, list[bool]] = defaultdict(list)
    for outcome in outcomes:
        kinds[outcome.asked.kind].append(
            outcome.is_right if outcome.asked.answerable else not outcome.finished.answered
        )
    for kind, right in sorted(kinds.items()):
        yield f"| {kind} | {len(right)} | {sum(right)} |"


def robustness(outcomes: dict[str, list[Outcome]]) -> Iterator[str]:
    yield "\n### The same questions, typed as people type\n"
    yield "| change | " + " | ".join(outcomes) + " |\n|---|" + "---|" * len(outcomes)
    yield "| none | " + " | ".join(str(sum(one.is_right for one in of_set)) for of_set in outcomes.values()) + " |"
    for name, change in CHANGES.items():
        cells = []
        for of_set, outcome in outcomes.items():
            changed = [_changed(one.asked, change, LANGUAGES[of_set]) for one in outcome if one.asked.answerable]
            cells.append(str(sum(one.is_right for one in bot_of(of_set).ask(changed))))
        yield f"| {name} | " + " | ".join(cells) + " |"


def talk(bot: Bot) -> Iterator[str]:
    yield "\n### Small talk\n"
    said = bot.ask([Asked(kind="small talk", text=text, answerable=False) for text in small_talk()])
    uncited = [outcome for outcome in said if not outcome.finished.citations]
    yield f"{len(uncited)} of {len(said)} messages get a reply without a citation:\n"
    for outcome in said:
        first_line = outcome.finished.text.splitlines()[0]
        yield f"- {outcome.asked.text[:60]} → {first_line[:90]}"


def swapped(question: str, _language: str) -> str:
    """Return the question with two letters swapped in its longest word."""
    word = max(re.findall(r"[^\W\d_]+", question), key=len)
    middle = len(word) // 2
    return question.replace(word, f"{word[: middle - 1]}{word[middle]}{word[middle - 1]}{word[middle + 1 :]}", 1)


def _wrapped(english: str, german: str) -> Callable[[str, str], str]:
    def wrap(question: str, language: str) -> str:
        return (german if language == "de" else english).format(question)

    return wrap


CHANGES: dict[str, Callable[[str, str], str]] = {
    "two letters swapped in the longest word": swapped,
    "Hi, …": _wrapped("Hi, {}", "Hallo, {}"),
    "Could you please tell me …? Thanks": _wrapped(
        "Could you please tell me: {} Thanks", "Können Sie mir bitte sagen: {} Danke"
    ),
    "I'm a new customer. …": _wrapped("I'm a new customer. {}", "Ich bin neuer Kunde. {}"),
    "a short letter": _wrapped(
        "Dear team,\n\nI started last week and like it a lot so far. {}\n\nKind regards\nSam Carter",
        "Liebes Team,\n\nseit letzter Woche bin ich dabei und sehr zufrieden. {}\n\nViele Grüße\nSam Carter",
    ),
}


def _changed(asked: Asked, change: Callable[[str, str], str], language: str) -> Asked:
    return Asked(
        kind=asked.kind, text=change(asked.text, language), answerable=True, gold=asked.gold, before=asked.before
    )


def share(values: Iterator[bool] | Sequence[bool]) -> str:
    """Return how many of some are true, and their share."""
    listed = list(values)
    return f"{sum(listed)} of {len(listed)} ({100 * sum(listed) / max(1, len(listed)):.0f} %)"
