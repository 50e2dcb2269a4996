"""How long an answer without a language model takes, from the question to its last word: demo bot, and at size.

    python -m benchmarks speed

The large bot has the handbook's documents among 50,000 made passages (benchmarks/latency.py), and gets its questions.
"""

import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.db import connection

from apps.retrieval import large
from apps.retrieval.models import IndexStatistics
from benchmarks.answer_sets import Asked, Bot, Outcome, bot_of, questions_of
from benchmarks.latency import add, make_world

DEMO = Path(__file__).parent.parent / "demo" / "documents" / "citable"
DEMO_QUESTIONS = (
    "What does the Wren cost?",
    "How do I descale the machine?",
    "how to clean the milk frother",
    "Do you ship to France?",
    "How long is the warranty?",
    "Can I return a machine that I have used?",
    "When can I reach you by phone?",
    "Which machine is the cheapest?",
    "The tank light is red. What now?",
    "Can you deliver on a Saturday?",
    "Who won the world cup in 2014?",
    "What is the capital of Mongolia?",
)
PASSAGES = 50_000
ROUNDS = 4
STAGES = ("search", "read", "total")


def table() -> Iterator[str]:
    """Yield the lines of the report."""
    yield "## Speed of an answer without a language model\n"
    yield "| bot | questions | search ms p50 | p95 | read ms p50 | p95 | whole answer ms p50 | p95 |"
    yield "|---|---|---|---|---|---|---|---|"
    demo = [Asked(kind="demo", text=text, answerable=True) for text in DEMO_QUESTIONS]
    yield _row("demo", Bot("demo", sorted(DEMO.iterdir())), demo)
    handbook = [asked for asked in questions_of("handbook") if not asked.before]
    yield _row("handbook", bot_of("handbook"), handbook)
    yield _row(f"handbook among {PASSAGES:,} made passages", _at_size(), handbook)


def _at_size() -> Bot:
    """Return the handbook's bot of its own name, filled up to the size, once."""
    bot = Bot(f"handbook at {PASSAGES}", bot_of("handbook").files)
    known = IndexStatistics.objects.get(pk=bot.chatbot.pk)
    if known.passages < PASSAGES:
        add(bot.chatbot, make_world(), PASSAGES - known.passages, citable=True)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE citable_passage")
        large.build_indexes(bot.chatbot.pk)
    return bot


def _row(name: str, bot: Bot, questions: Sequence[Asked]) -> str:
    bot.ask(questions)  # models and connections are warm then
    outcomes = [outcome for _ in range(ROUNDS) for outcome in bot.ask(questions)]
    cells = (f"{value:.0f}" for stage in STAGES for value in _quantiles(outcomes, stage))
    return f"| {name} | {len(questions)} | " + " | ".join(cells) + " |"


def _quantiles(outcomes: Sequence[Outcome], stage: str) -> tuple[float, float]:
    """Return the median and the 95th percentile of a stage, in milliseconds; small talk has no search."""
    times = [ms for outcome in outcomes if (ms := outcome.finished.trace.timings_ms.get(stage)) is not None]
    return statistics.median(times), statistics.quantiles(times, n=20)[-1]
