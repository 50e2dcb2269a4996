"""Questions over documents that a business has, put to the product itself: bots are filled by `tacit ingest`."""

import asyncio
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from apps.chatbots.services import find_chatbot
from apps.rag import create_rag_pipeline
from apps.rag.events import Finished, Turn
from benchmarks.product import SHARED, tacit

QUESTIONS = SHARED / "questions"
ANSWERABLE, UNANSWERABLE = "ANSWERABLE", "UNANSWERABLE"
NEAR_MISSES = SHARED / "mtrag_un_dev"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One question of a set; `before` are those of the same conversation that it follows."""

    kind: str
    text: str = field(repr=False)
    answerable: bool
    gold: str | None = field(default=None, repr=False)
    before: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a bot said to a question."""

    asked: Asked
    finished: Finished = field(repr=False)

    @property
    def is_right(self) -> bool:
        return bool(self.asked.gold and re.search(self.asked.gold, self.finished.text))


class Bot:
    """A chatbot of the benchmark's own data folder, filled with files once."""

    def __init__(self, name: str, files: Sequence[Path]) -> None:
        self._name, self.files = name, files

    @cached_property
    def chatbot(self) -> Any:
        known = {bot["name"] for bot in tacit("bot", "list")}
        if self._name not in known:
            tacit("bot", "create", self._name)
            tacit("ingest", self._name, *map(str, self.files))
        return find_chatbot(self._name)

    def ask(self, questions: Sequence[Asked]) -> list[Outcome]:
        """Return what the bot says, one question after another, in one process."""
        chatbot = self.chatbot
        return asyncio.run(_answers(chatbot, questions))


async def _answers(chatbot: Any, questions: Sequence[Asked]) -> list[Outcome]:
    return [Outcome(asked=asked, finished=await _answer(chatbot, asked)) for asked in questions]


async def _answer(chatbot: Any, asked: Asked) -> Finished:
    turns: list[Turn] = []
    for text in (*asked.before, asked.text):
        events = [event async for event in create_rag_pipeline(chatbot).answer(text, turns)]
        finished = next(event for event in events if isinstance(event, Finished))
        turns.append(Turn(question=text, answer=finished.text))
    return finished


def questions_of(name: str) -> list[Asked]:
    """Return the questions of a set, each with those it follows."""
    rows = {row["id"]: row for row in _rows(QUESTIONS / name / "questions.jsonl")}
    return [
        Asked(
            kind=row["kind"],
            text=row["question"],
            answerable=row["answerable"],
            gold=row["gold"],
            before=(rows[row["follows"]]["question"],) if row["follows"] else (),
        )
        for row in rows.values()
    ]


def bot_of(name: str) -> Bot:
    """Return the bot of a set of questions."""
    files = sorted(path for path in (QUESTIONS / name / "docs").rglob("*") if path.is_file())
    return Bot(f"questions {name}", files)


def near_misses() -> tuple[Bot, list[Asked]]:
    """Return the bot and the last turns of real conversations that its passages answer, or nearly answer."""
    rows = [row for row in _rows(NEAR_MISSES / "tasks.jsonl") if row["answerability"] in {ANSWERABLE, UNANSWERABLE}]
    asked = [
        Asked(
            kind=row["answerability"],
            text=row["conversation"][-1]["text"],
            answerable=row["answerability"] == ANSWERABLE,
        )
        for row in rows
    ]
    return Bot("mtrag_un_dev", [NEAR_MISSES / "corpus.jsonl"]), asked


def small_talk() -> list[str]:
    """Return messages that ask nothing of the documents, and a few that do."""
    return [row["message"] for row in _rows(QUESTIONS / "small_talk.jsonl")]


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)
