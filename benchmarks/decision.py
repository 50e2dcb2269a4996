"""Fits the decision to answer or to refuse: the weights and the threshold in apps/rag/reading/decision.json.

    python -m benchmarks.decision [--write]

Positive: questions with a passage that answers them. Negative: the same without that passage, and near misses of real
conversations (mtrag_un_dev). Each set and side weighs the same, near misses six times as much. The business sets
(questions/) take no part: they only show what comes of it. Without `--write` the figures are printed, nothing more.
"""

import benchmarks.environment  # isort: skip  # noqa: F401  # before anything that reads the settings

import argparse
import asyncio
import json
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.core.database.visitor import close_visitor_pool
from apps.rag.context_builder import ContextBuilder
from apps.rag.reading.decision import FITTED, signals
from apps.rag.reading.result import ReadContext, read_context
from apps.rag.synonyms import widened
from apps.rag.understanding import understand
from apps.retrieval.services import embeddings, reader, search
from benchmarks.answer_sets import Bot, near_misses
from benchmarks.product import SHARED, database, tacit

SETS = {"xquad_en": "en", "xquad_de": "de", "xquad_zh": "zh", "squad_v1.1_dev": "en", "stackfaq": "en"}
QUESTIONS = 100  # of each set
NEAR_MISS_WEIGHT = 6.0
# Where the reader knows the language, the question's words add nothing: near misses have them, too.
WITH_READER = ("reader known", "cosine known", "cosine unknown", "words unknown", "gap unknown", "unknown")
WITHOUT_READER = ("cosine", "words", "gap")
# Chosen, not fitted: such questions are too rare in the sets to be learnt from.
FIXED = {"lacks number": -2.5, "has keywords": 2.0, "has contact": 3.0}
REFUSED = 0.15  # share of answerable near misses that may be refused


@dataclass(frozen=True, kw_only=True)
class Example:
    """A question's signals, and whether it is answerable from what was read."""

    name: str
    answerable: bool
    signals: Mapping[str, float] = field(repr=False)
    refused: bool  # in any case, for what it names


@dataclass(frozen=True, kw_only=True)
class Hidden:
    """A question, and the document that is hidden when it is asked; "" when none is."""

    text: str = field(repr=False)
    answerable: bool
    document: str = ""


def examples() -> Iterator[Example]:
    bot, asked = near_misses()
    questions = [Hidden(text=one.text, answerable=one.answerable) for one in asked]
    yield from asyncio.run(_examples(bot.chatbot, "near misses", questions, "en"))
    for name, language in SETS.items():
        chatbot = Bot(name, [SHARED / name / "corpus.jsonl"]).chatbot
        sample = _sample(name)
        questions = [
            *(Hidden(text=text, answerable=True) for text, _ in sample),
            *(Hidden(text=text, answerable=False, document=document) for text, document in sample),
        ]
        yield from asyncio.run(_examples(chatbot, name, questions, language))


def _sample(name: str) -> list[tuple[str, str]]:
    """Return questions of a set, each with the id of the document that answers it."""
    judged = (line.split("\t") for line in (SHARED / name / "qrels.tsv").read_text().splitlines()[1:])
    answers = {query: document for query, document, _ in judged}
    rows = [json.loads(line) for line in (SHARED / name / "queries.jsonl").read_text().splitlines()]
    known = [(row["text"], answers[row["_id"]]) for row in rows if row["_id"] in answers]
    return random.Random(11).sample(known, QUESTIONS)  # noqa: S311 (a sample, no secret)


async def _examples(chatbot: Any, name: str, questions: Sequence[Hidden], language: str) -> list[Example]:
    """Return what is read for each question; those that are small talk, and those that nothing is found for, apart."""
    try:
        reads = [(one, await _read(chatbot, one.text, language, one.document)) for one in questions]
    finally:
        await close_visitor_pool()
    return [
        Example(
            name=name,
            answerable=one.answerable,
            signals=signals(read.reading),
            refused=bool(read.decision.missing),
        )
        for one, read in reads
        if read is not None and read.reading.scored
    ]


async def _read(chatbot: Any, text: str, language: str, hidden: str) -> ReadContext | None:
    """Read what search finds for a question, without one document."""
    understood = understand(text, (), language)
    if understood.reply:
        return None
    service = search()
    query = await service.corrected(chatbot_id=chatbot.pk, query=understood.query, language=understood.language)
    hits = await service.search(chatbot_id=chatbot.pk, query=widened(query, understood.language), k=20)
    return read_context(
        query,
        ContextBuilder().candidates([hit for hit in hits if hit.external_id != hidden]),
        language=understood.language,
        embeddings=embeddings(),
        reader=reader(),
    )


def fitted(found: Sequence[Example], names: Sequence[str]) -> dict[str, float]:
    """Return the weights of a logistic regression with a little ridge, by Newton's method."""
    matrix = np.array([[1.0, *(one.signals[name] for name in names)] for one in found])
    target = np.array([one.answerable for one in found], dtype=float)
    importance = _importance(found)
    ridge = np.eye(matrix.shape[1])
    ridge[0, 0] = 0.0
    weights = np.zeros(matrix.shape[1])
    for _ in range(50):
        likely = 1 / (1 + np.exp(-matrix @ weights))
        gradient = matrix.T @ (importance * (target - likely)) - ridge @ weights
        curve = (matrix * (importance * likely * (1 - likely))[:, None]).T @ matrix + ridge
        weights += np.linalg.solve(curve, gradient)
    return dict(zip(("bias", *names), (round(float(weight), 2) for weight in weights), strict=True)) | FIXED


def _importance(found: Sequence[Example]) -> NDArray[np.float64]:
    """Return how much each example counts: each set and side the same, whatever its size."""
    sides = [(one.name, one.answerable) for one in found]
    weights = [(NEAR_MISS_WEIGHT if name == "near misses" else 1.0) / sides.count((name, side)) for name, side in sides]
    return np.array(weights) * len(weights) / sum(weights)


def confidences(found: Sequence[Example], weights: Mapping[str, float]) -> NDArray[np.float64]:
    totals = [
        weights["bias"] + sum(weight * one.signals.get(name, 0.0) for name, weight in weights.items() if name != "bias")
        for one in found
    ]
    return np.where([one.refused for one in found], 0.0, 1 / (1 + np.exp(-np.array(totals))))


def threshold_of(found: Sequence[Example], weights: Mapping[str, float]) -> float:
    """Return the highest confidence below which no more than the allowed share of answerable near misses is."""
    values = confidences(found, weights)
    wanted = sorted(
        float(value) for one, value in zip(found, values, strict=True) if one.name == "near misses" and one.answerable
    )
    return math.floor(1000 * wanted[round(REFUSED * len(wanted))]) / 1000


def report(found: Sequence[Example], weights: Mapping[str, float], threshold: float) -> None:
    refused = confidences(found, weights) < threshold
    for name in dict.fromkeys(one.name for one in found):
        sides = {
            side: [
                bool(no) for one, no in zip(found, refused, strict=True) if (one.name, one.answerable) == (name, side)
            ]
            for side in (False, True)
        }
        shares = [sum(side) / len(side) for side in sides.values()]
        print(f"{name:16} unanswerable refused {shares[0]:.2f}, answerable refused {shares[1]:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put what was fitted in place")
    write = parser.parse_args().write
    with database():
        tacit("doctor", check=False)  # makes the tables in a new data folder
        found = list(examples())
    with_reader, without = fitted(found, WITH_READER), fitted(found, WITHOUT_READER)
    threshold = threshold_of(found, with_reader)
    # One threshold for both: the bias makes up for the difference.
    odds = [np.log(value / (1 - value)) for value in (threshold, threshold_of(found, without))]
    without["bias"] = round(without["bias"] + float(odds[0] - odds[1]), 2)
    print(f"threshold {threshold}")
    for weights in (with_reader, without):
        print(weights)
        report(found, weights, threshold)
    if write:
        content = {"threshold": {"confidence": threshold}, "with reader": with_reader, "without reader": without}
        FITTED.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
