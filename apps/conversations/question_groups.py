"""Puts near-equal questions together: those of the same words by their words, the others by their meaning."""

import datetime as dt
import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Left

from apps.conversations.models import Author, Message
from apps.core.embedding_service import Vector
from apps.core.error_handling import ProviderError
from apps.retrieval.lexical import UNDETERMINED, analyze
from apps.retrieval.services import embeddings

MOST_READ = 5000  # questions, the latest
LONGEST_READ = 500  # characters of each: what it asks for stands in them, and nobody can make the page read megabytes
MOST_COMPARED = 600  # wordings, the most frequent; an embedding of each takes about a millisecond
MOST_REMEMBERED = 5000  # vectors, in one process
ALIKE = 0.8  # cosine from which on two questions ask for the same; below it, "to Norway?" meets "to Sweden?"


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A question, and the answer it got."""

    conversation_id: uuid.UUID
    message_id: uuid.UUID
    at: dt.datetime
    text: str = field(repr=False)
    language: str = UNDETERMINED


@dataclass(frozen=True, kw_only=True, slots=True)
class QuestionGroup:
    """Questions that ask for the same, the latest first; `wordings` are their different texts, most frequent first."""

    asked: tuple[Asked, ...]
    wordings: tuple[str, ...] = field(repr=False)

    @property
    def latest(self) -> Asked:
        return self.asked[0]

    @property
    def earliest(self) -> Asked:
        return self.asked[-1]


@dataclass(frozen=True, kw_only=True, slots=True)
class QuestionGrouping:
    """The groups, largest first. `by_meaning` is False when the embedding model could not be asked."""

    groups: tuple[QuestionGroup, ...]
    by_meaning: bool = True

    @property
    def questions(self) -> int:
        return sum(len(group.asked) for group in self.groups)


class QuestionGroups:
    """Groups questions; what was embedded once is remembered as long as the process lives."""

    def __init__(self) -> None:
        self._vectors: dict[tuple[str, str], Vector] = {}
        self._lock = threading.Lock()

    def of(self, answers: QuerySet[Message]) -> QuestionGrouping:
        """Return the questions that got these answers, in groups."""
        wordings = sorted(by_words(asked_for(answers)), key=order)
        try:
            vectors = self._embedded([one[0].text for one in wordings[:MOST_COMPARED]])
        except ProviderError:
            return QuestionGrouping(groups=tuple(map(group, wordings)), by_meaning=False)
        leaders = joined(vectors)
        together: dict[int, list[Asked]] = {}
        for place, asked in enumerate(wordings):
            together.setdefault(leaders.get(place, place), []).extend(asked)
        return QuestionGrouping(groups=tuple(group(asked) for asked in sorted(together.values(), key=order)))

    def _embedded(self, texts: Sequence[str]) -> Sequence[Vector]:
        service = embeddings()
        with self._lock:
            known = {text: self._vectors[service.name, text] for text in texts if (service.name, text) in self._vectors}
        unknown = [text for text in dict.fromkeys(texts) if text not in known]
        found = {text: one.vector for text, one in zip(unknown, service.embed_documents(unknown), strict=True)}
        with self._lock:
            if len(self._vectors) + len(found) > MOST_REMEMBERED:
                self._vectors.clear()
            self._vectors.update({(service.name, text): vector for text, vector in found.items()})
        return [known[text] if text in known else found[text] for text in texts]


def asked_for(answers: QuerySet[Message]) -> list[Asked]:
    """Return the question before each answer, the latest first."""
    before = Message.objects.filter(
        conversation=OuterRef("conversation"), author=Author.VISITOR, created_at__lte=OuterRef("created_at")
    ).order_by("-created_at")
    rows = answers.annotate(
        question=Subquery(before.values(start=Left("text", LONGEST_READ))[:1]),
        language=KeyTextTransform("language", "trace"),
    ).order_by("-created_at")[:MOST_READ]
    return [
        Asked(conversation_id=conversation, message_id=message, at=at, text=text or "", language=language or "")
        for conversation, message, at, text, language in rows.values_list(
            "conversation_id", "pk", "created_at", "question", "language"
        )
    ]


def by_words(questions: Sequence[Asked]) -> list[list[Asked]]:
    """Return the questions with those together that have the same words, whatever their order, endings and case."""
    found: dict[tuple[str, ...], list[Asked]] = {}
    for one in questions:
        terms = tuple(sorted(set(analyze(one.text, one.language or UNDETERMINED))))
        found.setdefault(terms or (one.text.casefold(),), []).append(one)
    return list(found.values())


def joined(vectors: Sequence[Vector]) -> dict[int, int]:
    """Return the leader of each question: the most like one of those before it, or itself where none is alike."""
    leaders: list[int] = []
    found: dict[int, int] = {}
    for place, vector in enumerate(vectors):
        cosines = np.stack([vectors[leader] for leader in leaders]) @ vector if leaders else np.zeros(0)
        nearest = int(cosines.argmax()) if leaders else 0
        if leaders and cosines[nearest] >= ALIKE:
            found[place] = leaders[nearest]
        else:
            leaders.append(place)
            found[place] = place
    return found


def order(asked: Sequence[Asked]) -> tuple[int, float]:
    """Put what was asked often first, and of that what was asked last."""
    return -len(asked), -max(one.at for one in asked).timestamp()


def group(asked: Sequence[Asked]) -> QuestionGroup:
    latest_first = sorted(asked, key=lambda one: one.at, reverse=True)
    counted: dict[str, int] = {}
    for one in latest_first:
        counted[one.text] = counted.get(one.text, 0) + 1
    wordings = sorted(counted, key=lambda text: -counted[text])
    return QuestionGroup(asked=tuple(latest_first), wordings=tuple(wordings))
