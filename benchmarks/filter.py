"""The output filter: megabytes a second, the delay it adds to a stream, and how often it stops what it shouldn't.

The data are the shared sets: half of each set's texts are citable, the other half learn-only, a tenth stands in both.
Times are of one core (process time, the best of several runs, since other programs share the machine).
"""

import json
import random
import re
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from apps.rag.context_builder import Context, ContextPassage
from apps.rag.privacy_filter import PrivacyFilter
from apps.rag.privacy_filter.filter import LONGEST_ANSWER
from apps.rag.privacy_filter.negative import Forbidden, GuardedText, NegativeGate, Screen, build_forbidden
from benchmarks.product import SHARED

SETS = (("xquad_en", "en"), ("xquad_de", "de"), ("xquad_zh", "zh"), ("scifact_dev", "en"), ("cranfield", "en"))
MOST_TEXTS = 600
IN_BOTH = 0.1  # share of the citable texts that are learn-only too
RUNS = 5
NOWHERE = UUID(int=0)
CHARACTERS_A_SECOND = 200  # 50 tokens
TOKEN = 4  # characters
COMMON = (
    "We are open 24/7, and since 2019 we have shipped more than 1,000 orders a year.",
    "About 50 % of our customers order twice; 99 % would do so again within 12 months.",
    "Please do not hesitate to contact us if you have any questions. We answer within 2 days, 365 days a year.",
    "Our office is open Monday to Friday from 9 am to 5 pm; on Saturdays from 10:00 to 14:30.",
    "Version 2.0 needs 8 GB of memory, 100 MB of disk space and Windows 11 or newer.",
    "In accordance with the terms and conditions you may return it within 30 days of purchase.",
)


@dataclass(frozen=True, kw_only=True)
class World:
    """A set's texts in two classes, and what may not be said of it."""

    name: str
    citable: Sequence[str]
    learn_only: Sequence[str]
    forbidden: Forbidden
    seconds: float
    screen: Screen


def make_world(name: str, language: str) -> World | None:
    """Return a shared set as a chatbot would hold it, or None when the shared data is not there."""
    file = SHARED / name / "corpus.jsonl"
    if not file.exists():
        return None
    texts = [json.loads(line)["text"] for line in file.read_text(encoding="utf-8").splitlines()]
    random.Random(7).shuffle(texts)  # noqa: S311  # no secret
    texts = texts[:MOST_TEXTS]
    half = len(texts) // 2
    citable = texts[:half]
    learn_only = [*texts[half:], *citable[: int(half * IN_BOTH)]]
    begun = time.process_time()
    forbidden = build_forbidden(
        [GuardedText(text=text, language=language) for text in learn_only],
        lambda: [GuardedText(text=text) for text in citable],
    )
    seconds = time.process_time() - begun
    return World(
        name=name, citable=citable, learn_only=learn_only, forbidden=forbidden, seconds=seconds,
        screen=forbidden.screen(),
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """An answer and the passages it was made from."""

    context: Context
    answer: str


def sentences_of(text: str) -> list[str]:
    return [f"{sentence} " for sentence in re.split(r"(?<=[.!?])\s+|(?<=。)", text) if sentence.strip()]


def best(work: Callable[[], None]) -> float:
    """Return the fewest seconds of process time that a work took."""
    times = []
    for _ in range(RUNS):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return min(times)


def speed(pieces: Sequence[str], screen: Screen) -> float:
    """Return megabytes a second of text that comes in these pieces, ten to a conversation."""

    def work() -> None:
        for first in range(0, len(pieces), 10):
            gate = NegativeGate(screen)
            for piece in pieces[first : first + 10]:
                gate.admits(piece)

    return sum(len(piece.encode()) for piece in pieces) / best(work) / 1e6


def speed_of_both(said: Sequence[Said], screen: Screen, *, at_once: int) -> float:
    """Return megabytes a second of answers that pass both gates, when so many characters come at once."""

    def work() -> None:
        for one in said:
            gate = NegativeGate(screen)
            checker = PrivacyFilter(context=one.context, question="", language="en", admitted=gate.admitted)
            for place in range(0, len(one.answer), at_once):
                checker.feed(one.answer[place : place + at_once])
            checker.flush()

    return sum(len(one.answer.encode()) for one in said) / best(work) / 1e6


def answers_from(texts: Sequence[str], *, passages: int, word: Callable[[str], str]) -> list[Said]:
    """Return answers that say what so many passages say, each sentence cited, in words of their own or in theirs."""
    said = []
    for first in range(0, len(texts), passages):
        group = texts[first : first + passages]
        cited = [
            f"{word(sentence.strip())} [{n}] " for n, text in enumerate(group, 1) for sentence in sentences_of(text)
        ]
        said.append(Said(context=context_of(group), answer="".join(cited)[:LONGEST_ANSWER]))
    return said


def reworded(sentence: str) -> str:
    return f"As they put it, {sentence[:1].lower()}{sentence[1:]}"


ANSWERS: tuple[tuple[str, int, Callable[[str], str]], ...] = (
    ("six passages, in their words", 6, str),
    ("one passage, in its words", 1, str),
    ("six passages, every sentence worded anew", 6, reworded),
)


def context_of(texts: Sequence[str]) -> Context:
    hits = [
        ContextPassage(
            number=number, passage_id=UUID(int=number), document_id=NOWHERE, title="", url="", heading_path=(),
            text=text, page=None, score=1.0, cosine=1.0,
        )
        for number, text in enumerate(texts, 1)
    ]  # fmt: skip
    return Context(passages=tuple(hits), tokens=sum(map(len, texts)) // 4)


def added_delays(sentences: Sequence[str], screen: Screen) -> list[float]:
    """Return the milliseconds between a sentence that the positive gate has passed and the negative one's word."""
    delays = []
    for first in range(0, len(sentences), 10):
        gate = NegativeGate(screen)
        for sentence in sentences[first : first + 10]:
            begun = time.perf_counter()
            gate.admits(sentence)
            delays.append((time.perf_counter() - begun) * 1000)
    return delays


def held_delays(text: str, screen: Screen) -> list[float]:
    """Return the milliseconds that each character waits in the gate's own stream at 50 tokens a second."""
    gate = NegativeGate(screen)
    delays: list[float] = []
    waiting = 0
    for place in range(0, len(text), 4):
        begun = time.perf_counter()
        sent = len(gate.feed(text[place : place + 4]))
        spent = (time.perf_counter() - begun) * 1000
        waiting += len(text[place : place + 4])
        # Of those that go out now, the first has waited longest: as many characters as came since.
        delays += [spent + (waiting - 1 - number) * 1000 / CHARACTERS_A_SECOND for number in range(sent)]
        waiting -= sent
    return delays


def false_positives(world: World) -> tuple[int, int]:
    """Return how many sentences of citable text are stopped, and of how many: quotations and facts of both classes."""
    stopped = number = 0
    for text in world.citable:
        gate = NegativeGate(world.screen)
        for sentence in sentences_of(text):
            number += 1
            stopped += not gate.admits(sentence)
    return stopped, number


def caught(world: World) -> tuple[int, int]:
    """Return how many sentences of learn-only text alone are stopped, of those with twelve words or more."""
    public = "\n".join(world.citable)
    all_of_them = [one for text in world.learn_only for one in sentences_of(text) if one.strip() not in public]
    rows = [one for one in all_of_them if len(one.split()) >= 12 or len(one.encode()) > 90]
    return sum(not NegativeGate(world.screen).admits(one) for one in rows), len(rows)


def table() -> Iterator[str]:
    """Yield the report's lines."""
    yield "## The output filter\n"
    worlds = [world for name, language in SETS if (world := make_world(name, language)) is not None]
    if not worlds:
        yield "The shared data is not there."
        return
    yield "| set | guard, bytes a character | made in, s/MB | MB/s in pieces of 30 sentences | sentence by sentence |"
    yield "|---|---|---|---|---|"
    for world in worlds:
        yield speed_row(world)
    first = worlds[0]
    sentences = [sentence for text in first.citable for sentence in sentences_of(text)]
    yield "\n| positive and negative gate together | MB/s of a whole answer | of a token at a time |"
    yield "|---|---|---|"
    for name, passages, word in ANSWERS:
        said = answers_from(first.citable[:60], passages=passages, word=word)
        whole, token = (speed_of_both(said, first.screen, at_once=size) for size in (LONGEST_ANSWER, TOKEN))
        yield f"| {name} | {whole:.2f} | {token:.2f} |"
    yield "\n| added at 50 tokens/s | p50 ms | p95 ms |"
    yield "|---|---|---|"
    yield delay_row("to a sentence that the positive gate has passed", added_delays(sentences[:400], first.screen))
    yield delay_row("by the negative gate alone, word by word", held_delays("".join(sentences[:60]), first.screen))
    yield "\n| set | citable sentences stopped | learn-only sentences of 12 words or more stopped |"
    yield "|---|---|---|"
    for world in worlds:
        (stopped, number), (found, all_of_them) = false_positives(world), caught(world)
        yield f"| {world.name} | {stopped} of {number} | {found} of {all_of_them} |"
    common = sum(not NegativeGate(world.screen).admits(text) for world in worlds for text in COMMON)
    yield f"\nGeneric phrases and common numbers stopped: {common} of {len(COMMON) * len(worlds)}."


def speed_row(world: World) -> str:
    characters = sum(map(len, world.learn_only))
    size = (world.forbidden.runs.nbytes + world.forbidden.shifts.nbytes) / characters
    read = sum(map(len, (*world.learn_only, *world.citable)))
    sentences = [sentence for one in world.citable for sentence in sentences_of(one)]
    pages = ["".join(sentences[first : first + 30]) for first in range(0, min(len(sentences), 900), 30)]
    return (
        f"| {world.name} | {size:.1f} | {world.seconds / read * 1e6:.1f} | {speed(pages, world.screen):.2f} |"
        f" {speed(sentences[:400], world.screen):.2f} |"
    )


def delay_row(name: str, delays: Sequence[float]) -> str:
    return f"| {name} | {statistics.median(delays):.2f} | {statistics.quantiles(delays, n=20)[-1]:.2f} |"
