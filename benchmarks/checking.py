"""How much of what language models wrote gets through the check: what people judged faithful, and what they didn't.

    python -m benchmarks.checking [--reader none] [--dropped]

Each answer of `../shared/data/model_answers` is checked against the passages it was written from, with the last
question and the conversation before it known. A sentence passes if it is sent; an answer is whole if nothing of it is
dropped.
`../shared/cases/claims.jsonl` are sentences that no visitor may see. The times are of the first sentence, the reading
of the passages included.
"""

import argparse
import json
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from apps.core.reader.registry import create_reader
from apps.rag.context_builder import Context, ContextPassage
from apps.rag.privacy_filter import PrivacyFilter
from apps.rag.privacy_filter.wording import SecondOpinion
from benchmarks.product import SHARED
from benchmarks.retrieval_offline import CACHE

ANSWERS = SHARED / "model_answers" / "mtrag.jsonl"
CLAIMS = SHARED.parent / "cases" / "claims.jsonl"
NOWHERE = uuid.UUID(int=0)


@dataclass(kw_only=True)
class Outcome:
    """What became of the answers of one kind."""

    answers: int = 0
    whole: int = 0
    sentences: int = 0
    passed: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    first_ms: list[float] = field(default_factory=list)


def context_of(passages: Sequence[dict[str, Any]]) -> Context:
    """Return passages as a turn would have them."""
    numbered = (
        ContextPassage(
            number=number,
            passage_id=NOWHERE,
            document_id=NOWHERE,
            title=passage["title"],
            url="",
            heading_path=(),
            text=passage["text"],
            page=None,
            score=1.0,
            cosine=1.0,
        )
        for number, passage in enumerate(passages, 1)
    )
    return Context(passages=tuple(numbered))


def check(answer: dict[str, Any], reader: SecondOpinion | None, outcome: Outcome, *, shows_dropped: bool) -> None:
    """Put one answer through the filter, and count what comes out."""
    turns = [turn["text"] for turn in answer["conversation"]]
    begun = time.perf_counter()
    checker = PrivacyFilter(
        context=context_of(answer["passages"]),
        question=turns[-1],
        known="\n".join(turns),
        language="en",
        reader=reader,
    )
    written = checker.read(answer["answer"]) + checker.read_rest()
    for place, one in enumerate(written):
        ruling = checker.judge(one)
        checker.take(one, ruling)
        if place == 0:
            outcome.first_ms.append((time.perf_counter() - begun) * 1000)
    if shows_dropped:
        for dropped in checker.dropped:
            print(f"{answer['faithfulness']:.1f} {dropped.rule:16} {dropped.text[:200]}")
    outcome.answers += 1
    outcome.whole += not checker.dropped
    outcome.sentences += len(written)
    outcome.passed += len(written) - len(checker.dropped)
    outcome.rules.update(dropped.rule for dropped in checker.dropped)


def measure(answers: Sequence[dict[str, Any]], reader: SecondOpinion | None, *, shows_dropped: bool) -> Outcome:
    outcome = Outcome()
    for answer in answers:
        check(answer, reader, outcome, shows_dropped=shows_dropped)
    return outcome


def false_claims_passed(reader: SecondOpinion | None) -> Iterator[str]:
    """Yield the claims of the cases that get through; each file is one passage."""
    for line in CLAIMS.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        files = [CLAIMS.parent / "files" / name for name in case["files"]]
        context = context_of([{"title": file.stem, "text": file.read_text(encoding="utf-8")} for file in files])
        checker = PrivacyFilter(context=context, question="", language="en", reader=reader)
        if checker.feed(case["model_says"]) + checker.flush():
            yield case["model_says"]


def table(reader: SecondOpinion | None, *, shows_dropped: bool = False) -> Iterator[str]:
    """Yield the report's lines."""
    answers = [json.loads(line) for line in ANSWERS.read_text(encoding="utf-8").splitlines()]
    faithful = [
        one
        for one in answers
        if one["answerable"] == "ANSWERABLE" and one["model"] != "reference" and one["faithfulness"] >= 3.5
    ]
    unfaithful = [one for one in answers if one["faithfulness"] < 3]
    yield "| answers of models | answers | whole | sentences | pass | first sentence p50, p95 ms | dropped by |"
    yield "|---|---|---|---|---|---|---|"
    for name, kind in (("judged faithful", faithful), ("judged unfaithful", unfaithful)):
        outcome = measure(kind, reader, shows_dropped=shows_dropped)
        rules = ", ".join(f"{rule} {count}" for rule, count in outcome.rules.most_common())
        yield (
            f"| {name} | {outcome.answers} | {outcome.whole / outcome.answers:.2f} | {outcome.sentences} "
            f"| {outcome.passed / outcome.sentences:.3f} | {median(outcome.first_ms):.1f}, "
            f"{quantiles(outcome.first_ms, n=20)[-1]:.1f} | {rules} |"
        )
    passed = list(false_claims_passed(reader))
    yield f"\nFalse claims that pass: {len(passed)}{': ' if passed else '.'}{' '.join(passed)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reader", choices=["local", "none"], default="local")
    parser.add_argument("--dropped", action="store_true", help="print what is dropped, and by which rule")
    arguments = parser.parse_args()
    if not ANSWERS.exists():
        raise SystemExit("There is no ../shared/data beside this repository, so nothing can be measured.")
    reader = create_reader(arguments.reader, Path(CACHE))
    for line in table(reader, shows_dropped=arguments.dropped):
        print(line, flush=True)


if __name__ == "__main__":
    main()
