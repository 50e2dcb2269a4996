"""How an answer came about, for the owner alone: what was found and why, what was used, what was held back, and when.

Nothing here is ever part of a visitor's payload; those are in `schemas.py`.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, Field

from apps.conversations.models import Author, Message
from apps.retrieval.models import CitablePassage, PrivacyAlarm

CHARACTERS_PER_TOKEN = 4  # of English prose, for models that don't tell
STAGES = ("condense", "search", "read", "context", "generate")  # in the order in which they run


class Exactly(Schema):
    """A payload of exactly these fields."""

    model_config = ConfigDict(extra="forbid")


class PassageFound(Exactly):
    """A passage that search found. Its words are looked up now: null where visitors may no longer read it."""

    rank: int
    passage_id: UUID
    score: float = Field(description="The fused score by which passages are ordered.")
    cosine: float
    bm25: float
    steered: bool = Field(description="A steering link pulled it up.")
    number: int | None = Field(description="Its number in the prompt; null when it wasn't in it.")
    cited_as: list[int] = Field(description="The numbers of the citations that quote it.")
    source_id: UUID | None = None
    title: str | None = None
    heading: str | None = None
    page: int | None = None
    text: str | None = None


class HeldBack(Exactly):
    """A sentence that was not sent, and the rule that stopped it; "" where it might hold learn-only text."""

    rule: str
    text: str


class AlarmRaised(Exactly):
    """Learn-only text was found in what a model wrote; what it was is not kept, only by which rules it was found."""

    stopped: bool = Field(description="Before anything of it was sent.")
    rules: list[str] = Field(description="run, shift: many letters in a row; term: a name or number; failure: unsure.")
    views: list[str] = Field(description="How the text was read when it was found: as it is, reversed, decoded …")


class Stage(Exactly):
    """A stage of the answer flow, in milliseconds from the question."""

    name: str
    began_ms: float
    took_ms: float


class PromptSent(Exactly):
    """What the language model was sent, without its words."""

    characters: int
    tokens: int = Field(description="As the model counted them; a quarter of the characters where it doesn't tell.")
    tokens_counted: bool
    sha256: str = Field(description="Of the messages: a JSON list of role and content, compact, in UTF-8.")


class Writer(Exactly):
    """Who wrote the answer. `fallback` is the code of what went wrong with the language model before."""

    provider: str
    model: str
    fallback: str | None
    completion_tokens: int | None


class Proof(Exactly):
    message_id: UUID
    question: str
    query: str = Field(description="The question as search understood it.")
    language: str
    answered: bool | None
    complete: bool
    writer: Writer
    search_fallback: str | None = Field(description="Why the question was searched by words alone.")
    informed: bool = Field(description="The prompt held learn-only text (mode `inform`).")
    prompt: PromptSent | None = Field(description="Null when no language model was asked.")
    passages: list[PassageFound]
    dropped: list[HeldBack]
    alarms: list[AlarmRaised]
    stages: list[Stage]
    first_token_ms: float | None
    total_ms: float | None


def proof_of(message: Message) -> Proof:
    """Return the proof of an answer, with the words of passages as they are now."""
    trace, timings = message.trace, message.trace.get("timings_ms", {})
    return Proof(
        message_id=message.pk,
        question=question_of(message),
        query=trace.get("query", ""),
        language=trace.get("language", ""),
        answered=message.answered,
        complete=message.complete,
        search_fallback=trace.get("search_fallback"),
        writer=writer_in(trace),
        informed=trace.get("informed", False),
        prompt=prompt_in(trace),
        passages=passages_in(trace, message),
        dropped=[HeldBack(rule=one["rule"], text=one["text"]) for one in trace.get("dropped", [])],
        alarms=[alarm_raised(alarm) for alarm in PrivacyAlarm.objects.filter(message_id=message.pk)],
        stages=stages_in(timings),
        first_token_ms=timings.get("first_token"),
        total_ms=timings.get("total"),
    )


def question_of(message: Message) -> str:
    asked = Message.objects.filter(
        conversation=message.conversation_id, author=Author.VISITOR, created_at__lte=message.created_at
    )
    return asked.order_by("-created_at").values_list("text", flat=True).first() or ""


def writer_in(trace: Mapping[str, Any]) -> Writer:
    return Writer(
        provider=trace.get("provider", "none"),
        model=trace.get("model", ""),
        fallback=trace.get("fallback"),
        completion_tokens=(trace.get("usage") or {}).get("completion_tokens"),
    )


def prompt_in(trace: Mapping[str, Any]) -> PromptSent | None:
    characters = trace.get("prompt_characters", 0)
    if not characters:
        return None
    counted = (trace.get("usage") or {}).get("prompt_tokens")
    return PromptSent(
        characters=characters,
        tokens=counted or round(characters / CHARACTERS_PER_TOKEN),
        tokens_counted=counted is not None,
        sha256=trace["prompt_sha256"],
    )


def passages_in(trace: Mapping[str, Any], message: Message) -> list[PassageFound]:
    """Return what search found, best first, with the words that may be read now."""
    found = trace.get("passages", [])
    readable = {
        str(passage.pk): passage
        for passage in CitablePassage.objects.filter(
            chatbot=message.conversation.chatbot_id, pk__in=[one["passage_id"] for one in found]
        ).only("source_id", "title", "heading_path", "page", "text")
    }
    cited = defaultdict(list)
    for citation in message.citations.all():
        cited[str(citation.passage_id)].append(citation.n)
    return [
        passage_found(rank, one, readable.get(one["passage_id"]), cited[one["passage_id"]])
        for rank, one in enumerate(found, 1)
    ]


def passage_found(
    rank: int, found: Mapping[str, Any], passage: CitablePassage | None, cited_as: list[int]
) -> PassageFound:
    return PassageFound(
        rank=rank,
        passage_id=found["passage_id"],
        score=found["score"],
        cosine=found["cosine"],
        bm25=found["bm25"],
        steered=found.get("steered", False),
        number=found["number"],
        cited_as=cited_as,
        **(words_of(passage) if passage else {}),
    )


def words_of(passage: CitablePassage) -> dict[str, Any]:
    return {
        "source_id": passage.source_id,
        "title": passage.title,
        "heading": " › ".join(passage.heading_path),
        "page": passage.page,
        "text": passage.text,
    }


def alarm_raised(alarm: PrivacyAlarm) -> AlarmRaised:
    rules, views = ({hit[name] for hit in alarm.hits if hit.get(name)} for name in ("rule", "view"))
    return AlarmRaised(stopped=alarm.stopped, rules=sorted(rules), views=sorted(views))


def stages_in(timings: Mapping[str, float]) -> list[Stage]:
    """Return the stages one after another, as the flow runs them; the database keeps no order of them."""
    stages: list[Stage] = []
    began = 0.0
    for name in STAGES:
        if name in timings:
            stages.append(Stage(name=name, began_ms=round(began, 2), took_ms=timings[name]))
            began += timings[name]
    return stages
