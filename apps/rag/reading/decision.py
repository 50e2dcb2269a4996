"""The one decision to answer or to refuse, from a few signals with fitted weights (benchmarks/decision.py)."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from apps.rag.passages.structure import as_read
from apps.rag.reading.asked import ADDRESSES, CONTACTS, Sought, holds
from apps.rag.reading.choice import best_statement
from apps.rag.reading.focus import not_said_of, others_alike
from apps.rag.reading.reading import LOGIT_SCALE, Reading

FITTED = Path(__file__).with_name("decision.json")


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """Whether there is an answer, and how sure that is (0 to 1).

    `missing` is what the question names and the documents don't: then there may still be something close to it.
    """

    answers: bool
    confidence: float
    missing: tuple[str, ...] = field(default=(), repr=False)


def decide(reading: Reading, language: str, *, calibrated: bool = True) -> Decision:
    """Return whether the best block answers. `calibrated` tells whether the weights were fitted to this reader."""
    if not reading.scored or reading.best is None:
        return Decision(answers=False, confidence=0.0)
    confidence = confidence_of(signals(reading), with_reader=calibrated and reading.fluency > 0)
    if reading.missing:
        return Decision(answers=False, confidence=confidence, missing=reading.missing)
    if other := _asked_of_another(reading, language):
        return Decision(answers=False, confidence=confidence, missing=other)
    quoted = f"{reading.best.headings}\n{reading.best.text}"
    lacks = any(not holds(kind, quoted) for kind in reading.asked.sought & ADDRESSES)
    return Decision(answers=confidence >= threshold() and not lacks, confidence=confidence)


def signals(reading: Reading) -> dict[str, float]:
    """Return what the decision is made from, each about 0 to 1.

    `known` weighs by how well the reader knows the question's language, `unknown` by how little.
    """
    first, known = reading.scored[0], reading.fluency
    unknown = 1 - known
    statement = max((logit for _, logit in reading.statements), default=0.0)
    # What answers does so by itself, in its block, and with what is round it.
    logit = (statement + first.logit + reading.passage_logit) / 3
    cosine = first.block.passage.cosine if reading.cosine is None else reading.cosine
    shown = as_read((reading.best or first.block).text)
    lacks_number = Sought.NUMBER in reading.asked.sought and not holds(Sought.NUMBER, shown)
    return {
        "reader known": known * logit / LOGIT_SCALE,
        "cosine": cosine,
        "cosine known": known * cosine,
        "cosine unknown": unknown * cosine,
        "words": first.coverage,
        "words unknown": unknown * first.coverage,
        "gap": reading.gap,
        "gap unknown": unknown * reading.gap,
        "unknown": unknown,
        "lacks number": float(lacks_number),
        "has keywords": float(reading.asked.is_keywords and first.coverage == 1.0),
        "has contact": float(any(holds(kind, first.block.text) for kind in reading.asked.sought & CONTACTS)),
    }


def confidence_of(values: Mapping[str, float], *, with_reader: bool) -> float:
    """Return how sure it is that there is an answer, 0 to 1."""
    weights = _fitted()["with reader" if with_reader else "without reader"]
    total = weights["bias"] + sum(weights.get(name, 0.0) * value for name, value in values.items())
    return 1 / (1 + math.exp(-total))


def threshold() -> float:
    """Return the confidence from which a question is answered."""
    return _fitted()["threshold"]["confidence"]


def _asked_of_another(reading: Reading, language: str) -> tuple[str, ...]:
    """Return the question's own words for what the best block says of something else only; () if it doesn't."""
    best = best_statement(reading, language)
    alike = others_alike(best, [statement for statement, _ in reading.statements])
    return not_said_of(best, alike, reading.asked, language)


@cache
def _fitted() -> dict[str, dict[str, float]]:
    fitted: dict[str, dict[str, float]] = json.loads(FITTED.read_text(encoding="utf-8"))
    return fitted
