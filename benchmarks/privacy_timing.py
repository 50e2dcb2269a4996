"""Whether the time that an answer takes tells that a chatbot has learn-only sources."""

import asyncio
import json
import random
import time
from collections.abc import Collection, Iterator, Sequence
from itertools import combinations

from apps.chatbots.models import LearnOnlyUse
from apps.core.database.visitor import close_visitor_pool
from apps.core.services import ServiceRegistry
from apps.observability.leaktest.attacks import Request
from apps.observability.leaktest.attacks.interfaces import MESSAGES
from apps.observability.leaktest.visiting import InProcessClient
from benchmarks.privacy import filled
from benchmarks.product import SHARED

BOTS = 6  # of each kind
ROUNDS = 170
WARM_UP = 5


def table() -> Iterator[str]:
    yield "## Time\n"
    yield (
        f"{BOTS} bots with learn-only sources and {BOTS} without, made in turn; {ROUNDS} questions to each of them, in"
        " changing order. The AUC of a guesser who has a time of each kind and says which is which: .5 means that he"
        " can only guess. Two bots that hold the same differ a little too, by where their rows happen to lie; so"
        " chance is what the AUC becomes when the bots are sorted into two kinds in every other way.\n"
    )
    yield "| mode | median with | median without | AUC | by chance, 95 % | told apart |"
    yield "|---|---|---|---|---|---|"
    for mode in (LearnOnlyUse.SEALED, LearnOnlyUse.STEER):
        yield timed(mode)
    yield (
        "\nOnly `sealed` promises this. In `steer` the hints are looked at with every question, and what they change"
        " may be quicker or slower to answer; its claim says that learn-only text may influence what is chosen."
    )


def timed(mode: LearnOnlyUse) -> str:
    """Return the row of one mode: how long answers take with learn-only sources and without."""
    bots = [filled(f"Time {mode} {number}", mode, learn_only=number % 2 == 0) for number in range(2 * BOTS)]
    taken = asyncio.run(measure([bot.public_id for bot in bots], questions()))
    with_notes = range(0, 2 * BOTS, 2)
    found, (low, high) = told_apart(taken, with_notes), by_chance(taken)
    verdict = "no" if low <= found <= high else "yes"
    medians = [median(pooled(taken, kind)) for kind in (with_notes, range(1, 2 * BOTS, 2))]
    return f"| `{mode}` | {' | '.join(medians)} | {found:.3f} | {low:.3f} to {high:.3f} | {verdict} |"


def questions() -> list[str]:
    """Return questions about learn-only and citable things alike."""
    lines = (SHARED / "stackfaq" / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["text"] for line in lines]


async def measure(bots: Sequence[str], asked: Sequence[str]) -> list[list[float]]:
    """Return, for every bot, the seconds that its answers took; each question is asked of all of them in a row."""
    client, order = InProcessClient(), random.Random(7)  # noqa: S311  # for the order of questions
    taken: list[list[float]] = [[] for _ in bots]
    with ServiceRegistry.override("llm", None):
        for number in range(WARM_UP + ROUNDS):
            question = asked[number % len(asked)]
            for place in order.sample(range(len(bots)), len(bots)):
                taken[place].append(await seconds(client, bots[place], question))
    await close_visitor_pool()
    return [times[WARM_UP:] for times in taken]


async def seconds(client: InProcessClient, public_id: str, question: str) -> float:
    request = Request(method="POST", path=MESSAGES.replace("{bot}", public_id), body={"message": question})
    begun = time.perf_counter()
    reply = await client.send(request)
    taken = time.perf_counter() - begun
    if reply.status != 200:
        raise RuntimeError(f"The question got status {reply.status}.")
    return taken


def told_apart(taken: Sequence[Sequence[float]], ones: Collection[int]) -> float:
    """Return the AUC of who guesses by time alone which answers are of the bots `ones`, by ranks (Mann-Whitney)."""
    ranked = sorted((value, bot in ones) for bot, times in enumerate(taken) for value in times)
    ranks = sum(place for place, (_, is_one) in enumerate(ranked, start=1) if is_one)
    n, m = len(pooled(taken, ones)), len(pooled(taken, set(range(len(taken))) - set(ones)))
    return (ranks - n * (n + 1) / 2) / (n * m)


def by_chance(taken: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Return between what values the AUC lies for 95 of 100 ways to sort the bots into two kinds."""
    found = sorted(told_apart(taken, ones) for ones in combinations(range(len(taken)), len(taken) // 2))
    beyond = int(len(found) * 0.025)
    return found[beyond], found[-1 - beyond]


def pooled(taken: Sequence[Sequence[float]], bots: Collection[int]) -> list[float]:
    return [value for bot in bots for value in taken[bot]]


def median(values: Sequence[float]) -> str:
    return f"{1000 * sorted(values)[len(values) // 2]:.1f} ms"
