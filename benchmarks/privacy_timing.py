"""Whether the time that an answer takes tells that a chatbot has learn-only sources."""

import asyncio
import json
import math
import random
import time
from collections.abc import Iterator, Sequence

from apps.chatbots.models import LearnOnlyUse
from apps.core.database.visitor import close_visitor_pool
from apps.core.services import ServiceRegistry
from apps.observability.leaktest.attacks import Request
from apps.observability.leaktest.attacks.interfaces import MESSAGES
from apps.observability.leaktest.visiting import InProcessClient
from benchmarks.privacy import filled
from benchmarks.product import SHARED

PAIRS = 1000
WARM_UP = 20
BORDER = 1.96  # of the normal distribution, for 95 %


def table() -> Iterator[str]:
    yield "## Time\n"
    yield (
        f"{PAIRS:,} pairs: the same question to a bot with learn-only sources and to one without, in changing order."
        " AUC .5 means that nobody who measures can tell the two apart.\n"
    )
    yield "| mode | median with | median without | AUC | 95 % interval | told apart |"
    yield "|---|---|---|---|---|---|"
    yield timed(LearnOnlyUse.SEALED, learn_only=False)
    for mode in (LearnOnlyUse.SEALED, LearnOnlyUse.STEER):
        yield timed(mode)


def timed(mode: LearnOnlyUse, *, learn_only: bool = True) -> str:
    """Return the row of one mode: how long answers take with learn-only sources and without.

    Without them in both bots it is the control: what two bots differ in by where their rows happen to lie.
    """
    ours = filled(f"Time {mode} with", mode, learn_only=learn_only)
    other = filled(f"Time {mode} without", mode, learn_only=False)
    pairs = asyncio.run(measure(ours.public_id, other.public_id, questions()))
    with_notes, without = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    auc, margin = told_apart(with_notes, without)
    verdict = "no" if abs(auc - 0.5) <= margin else "yes"
    interval = f"{auc - margin:.3f} to {auc + margin:.3f}"
    name = f"`{mode}`" if learn_only else "control: without in both"
    return f"| {name} | {median(with_notes)} | {median(without)} | {auc:.3f} | {interval} | {verdict} |"


def questions() -> list[str]:
    """Return questions about learn-only and citable things alike."""
    lines = (SHARED / "stackfaq" / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["text"] for line in lines]


async def measure(ours: str, other: str, asked: Sequence[str]) -> list[tuple[float, float]]:
    """Return the seconds of an answer by the one bot and by the other, for every pair."""
    client, order = InProcessClient(), random.Random(7)  # noqa: S311  # for the order of questions
    pairs: list[tuple[float, float]] = []
    with ServiceRegistry.override("llm", None):
        for number in range(WARM_UP + PAIRS):
            question = asked[number % len(asked)]
            taken = {}
            for bot in order.sample([ours, other], 2):
                taken[bot] = await seconds(client, bot, question)
            pairs.append((taken[ours], taken[other]))
    await close_visitor_pool()
    return pairs[WARM_UP:]


async def seconds(client: InProcessClient, public_id: str, question: str) -> float:
    request = Request(method="POST", path=MESSAGES.replace("{bot}", public_id), body={"message": question})
    begun = time.perf_counter()
    reply = await client.send(request)
    taken = time.perf_counter() - begun
    if reply.status != 200:
        raise RuntimeError(f"The question got status {reply.status}.")
    return taken


def told_apart(ones: Sequence[float], others: Sequence[float]) -> tuple[float, float]:
    """Return the AUC of who guesses by time alone, by ranks (Mann-Whitney), and how far chance takes it from .5."""
    ranked = sorted([(value, True) for value in ones] + [(value, False) for value in others])
    ranks = sum(place for place, (_, is_one) in enumerate(ranked, start=1) if is_one)
    n, m = len(ones), len(others)
    auc = (ranks - n * (n + 1) / 2) / (n * m)
    return auc, BORDER * math.sqrt((n + m + 1) / (12 * n * m))


def median(values: Sequence[float]) -> str:
    return f"{1000 * sorted(values)[len(values) // 2]:.1f} ms"
