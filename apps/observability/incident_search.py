"""Finds documented incidents by an error message, by meaning and by words, as visitors' questions are searched."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from apps.core.embedding_service import EmbeddingService, Vector
from apps.incidents.documents import Incident
from apps.incidents.tracebacks import read_traceback
from apps.retrieval.lexical import analyze, idf, query_terms, term_id, term_weights
from apps.retrieval.vector_search import Embedded, question_of

LANGUAGE = "en"
MESSAGE_TIMES = 2  # a message counts so often among the words of its incident
SEARCHED = ("Description", "Root cause", "Resolution")


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundIncident:
    """An incident that search found; `score` is the fused 0..1 by which they are ordered."""

    incident: Incident
    score: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Shelf:
    """Incidents made ready for search: one row of `vectors` per passage, `owners` says whose it is."""

    incidents: Sequence[Incident]
    owners: Sequence[int]
    vectors: Vector = field(repr=False)
    weights: Sequence[dict[int, float]] = field(repr=False)  # of the terms, per incident
    frequencies: Counter[int] = field(repr=False)


def shelve(incidents: Sequence[Incident], embeddings: EmbeddingService) -> Shelf:
    """Return incidents with their vectors and term weights; in memory, for there are hundreds at most."""
    passages = [(place, text) for place, incident in enumerate(incidents) for text in passages_of(incident)]
    vectors = [result.vector for result in embeddings.embed_documents([text for _, text in passages])]
    tokens = [analyze(words_of(incident), LANGUAGE) for incident in incidents]
    average = sum(map(len, tokens)) / max(len(tokens), 1)
    return Shelf(
        incidents=incidents,
        owners=[place for place, _ in passages],
        vectors=np.stack(vectors),
        weights=[term_weights(one, average_length=average) for one in tokens],
        frequencies=Counter(term_id(token) for one in tokens for token in set(one)),
    )


def find_incidents(text: str, shelf: Shelf, embeddings: EmbeddingService, *, k: int = 3) -> list[FoundIncident]:
    """Return the `k` incidents nearest to an error message or a whole traceback, best first."""
    trace = read_traceback(text)
    query = trace.text if trace is not None and trace.message else text
    embedded = Embedded(
        model=embeddings.name, vector=embeddings.embed_query(query).vector, fluency=embeddings.fluency(query)
    )
    asked = question_of(query, embedded, [LANGUAGE])
    cosines = dense_scores(shelf, asked.vector)
    words = lexical_scores(shelf, query_terms(query, [LANGUAGE]))
    scores = asked.weights.dense * cosines + asked.weights.lexical * words / max(float(words.max()), 1e-9)
    best = np.argsort(-scores, kind="stable")[:k]
    return [FoundIncident(incident=shelf.incidents[place], score=round(float(scores[place]), 4)) for place in best]


def dense_scores(shelf: Shelf, vector: Vector) -> Vector:
    """Return each incident's cosine: that of its nearest passage."""
    scores = np.full(len(shelf.incidents), -1.0, dtype=np.float32)
    np.maximum.at(scores, np.asarray(shelf.owners), shelf.vectors @ vector)
    return scores


def lexical_scores(shelf: Shelf, terms: dict[int, float]) -> Vector:
    """Return each incident's BM25."""
    told = {term: count * idf(shelf.frequencies[term], len(shelf.incidents)) for term, count in terms.items()}
    return np.array(
        [sum(told[term] * weight for term, weight in weights.items() if term in told) for weights in shelf.weights],
        dtype=np.float32,
    )


def passages_of(incident: Incident) -> list[str]:
    """Return what of an incident has a vector: its messages, and the parts that say what it is."""
    return [
        incident.title,
        *incident.messages,
        *(f"{incident.title}\n{incident.parts.get(part, '')}" for part in SEARCHED),
    ]


def words_of(incident: Incident) -> str:
    """Return the words an incident is found by."""
    return "\n".join([incident.title, *incident.messages * MESSAGE_TIMES, *incident.parts.values()])
