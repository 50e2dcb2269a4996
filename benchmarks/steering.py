"""What steering gains, and what it gives away.

Gain: texts are citable, without their titles; half of the questions to each, with the first words of its answer, are
learn-only notes, as old tickets are. The other half of the questions is asked with hints and without.

Side channel: a guesser has the text of a note and wants to know whether it is among the learn-only passages. He asks it
as a question and compares the reply's ranking with that of the same chatbot without any.
"""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from uuid import UUID

from apps.accounts.services import users
from apps.chatbots.services import chatbots
from apps.core.database.visitor import close_visitor_pool
from apps.knowledge.ingest import ingest_source
from apps.knowledge.services import knowledge_sources
from apps.retrieval.vector_search import VectorSearchService
from benchmarks.product import RetrievalSet, load_set

# Documents of one set, questions of the same or of another one.
SETS = (("stackfaq", ""), ("squad_v1.1_dev", ""), ("xquad_en", "xquad_de"))
FIRST_WORDS = 25
MOST_ASKED = 600
COMPARED = 5


@dataclass(frozen=True, kw_only=True)
class Notes:
    """Questions with what answers them: those that became notes, those kept back, and those that are asked."""

    noted: dict[str, str]
    kept_back: dict[str, str]
    asked: dict[str, str]


def split(data: RetrievalSet) -> Notes:
    """Deal out each document's questions: one half asked; of the other, three of four become notes."""
    documents = {row["_id"]: row for row in map(json.loads, data.corpus.open(encoding="utf-8"))}
    of_document: dict[str, list[str]] = {}
    for query in data.queries:
        of_document.setdefault(max(data.relevant[query], key=data.relevant[query].__getitem__), []).append(query)
    noted: dict[str, str] = {}
    kept_back: dict[str, str] = {}
    asked: dict[str, str] = {}
    number = 0
    for document, queries in of_document.items():
        gist = " ".join(documents[document]["text"].split()[:FIRST_WORDS])
        for place, query in enumerate(queries):
            if place % 2:
                asked[query] = data.queries[query]
                continue
            number += 1
            (kept_back if number % 4 == 0 else noted)[query] = f"{data.queries[query]}\n{gist}"
    return Notes(noted=noted, kept_back=kept_back, asked=dict(list(asked.items())[:MOST_ASKED]))


def untitled(data: RetrievalSet) -> bytes:
    """Return a set's documents without their titles, which in a help forum are one customer's question."""
    rows = map(json.loads, data.corpus.open(encoding="utf-8"))
    return "\n".join(json.dumps({"id": row["_id"], "text": row["text"]}) for row in rows).encode()


def make_bot(name: str, corpus: bytes, notes: dict[str, str]) -> UUID:
    """Return a new chatbot with these citable documents and learn-only notes, ingested as a worker does it."""
    bot = chatbots().create(organization=users().default_organization(), name=f"{name} {time.time_ns()}")
    lines = "\n".join(json.dumps({"id": key, "text": text}) for key, text in notes.items()).encode()
    for file_name, content, disclosure in (("corpus.jsonl", corpus, "citable"), ("notes.jsonl", lines, "learn_only")):
        added = (
            knowledge_sources()
            .add_file(chatbot=bot, file_name=file_name, content=BytesIO(content), disclosure=disclosure)
            .source
        )
        ingest_source(str(added.pk))
    return bot.pk


async def rankings(bot: UUID, queries: dict[str, str], *, steered: bool) -> dict[str, list[str]]:
    """Return the documents that each question finds, best first."""
    search = VectorSearchService()
    found = {}
    for key, query in queries.items():
        hits = await search.search(chatbot_id=bot, query=query, k=30, steered=steered)
        found[key] = list(dict.fromkeys(hit.external_id for hit in hits))
    await close_visitor_pool()
    return found


def recall(found: dict[str, list[str]], data: RetrievalSet, first: int) -> float:
    """Return the share of questions with a right document among the first ones."""
    hit = sum(any(data.relevant[key].get(one, 0) > 0 for one in ranked[:first]) for key, ranked in found.items())
    return hit / len(found)


def displaced(with_notes: Sequence[str], without: Sequence[str]) -> float:
    """Return how much of the first places has changed: what a visitor can see of a note's influence."""
    places = range(min(COMPARED, len(with_notes), len(without)))
    return sum((with_notes[place] != without[place]) / (place + 1) for place in places)


def area_under_curve(members: Sequence[float], others: Sequence[float]) -> float:
    """Return how often a member's value is above another's, ties counting half: .5 is guessing."""
    wins = sum((one > other) + 0.5 * (one == other) for one in members for other in others)
    return wins / (len(members) * len(others))


def table() -> Iterator[str]:
    """Yield the report's lines."""
    yield "## Steering\n"
    yield "| documents ← questions | asked | recall@1 without → with hints | recall@3 | AUC of a guesser, `steer` |"
    yield "|---|---|---|---|---|"
    for name, queries_of in SETS:
        data = load_set(name, queries_of=queries_of, most=4 * MOST_ASKED)
        if data is None:
            yield f"| {name} | the shared data is not there | | | |"
            continue
        yield row(name, queries_of, data)


def row(name: str, queries_of: str, data: RetrievalSet) -> str:
    notes = split(data)
    bot = make_bot(name, untitled(data), notes.noted)
    found = {steered: asyncio.run(rankings(bot, notes.asked, steered=steered)) for steered in (False, True)}
    few = {label: dict(list(group.items())[:300]) for label, group in vars(notes).items()}
    changes = {
        label: [
            displaced(ranked, plain[key])
            for plain in [asyncio.run(rankings(bot, few[label], steered=False))]
            for key, ranked in asyncio.run(rankings(bot, few[label], steered=True)).items()
        ]
        for label in ("noted", "kept_back")
    }
    auc = area_under_curve(changes["noted"], changes["kept_back"])
    cells = " | ".join(f"{recall(found[False], data, k):.3f} → {recall(found[True], data, k):.3f}" for k in (1, 3))
    return f"| {name} ← {queries_of or name} | {len(notes.asked)} | {cells} | {auc:.2f} |"
