"""Ranking quality without a database: dense, BM25 and their fusion on the development sets, in numpy.

    python -m benchmarks.retrieval_offline [SET ...]

Vectors are kept in the temporary folder, so that a second run takes seconds. Other sets are held back, so choose
nothing that helps only one of these.
"""

import argparse
import hashlib
import json
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from apps.core.embedding_service import EmbeddingResult, EmbeddingService, create_embedding_service
from apps.retrieval.lexical import analyze, detect_language, idf, query_terms, term_weights

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
CACHE = Path(tempfile.gettempdir()) / "tacit-retrieval-offline"
SETS = ("scifact_dev", "cranfield", "stackfaq", "squad_v1.1_dev", "xquad_en", "xquad_de", "xquad_zh")
MOST_QUERIES = 1500
CANDIDATES = 100
# The dense half's share for a question in a language that the model does not know at all, and in one that it does.
LOWEST_SHARE, DENSE_SHARE = 0.3, 0.7

Scores = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class RetrievalSet:
    """A set in BEIR form; `relevant` maps a query's place to the gain of each relevant document's place."""

    name: str
    documents: list[str] = field(repr=False)
    queries: list[str] = field(repr=False)
    relevant: list[dict[int, float]] = field(repr=False)


def load_set(name: str) -> RetrievalSet:
    """The documents as title and text, and the judged queries: every n-th where there are very many."""
    corpus = _json_lines(DATA / name / "corpus.jsonl")
    places = {document["_id"]: place for place, document in enumerate(corpus)}
    gains: dict[str, dict[int, float]] = defaultdict(dict)
    for line in (DATA / name / "qrels.tsv").read_text().splitlines()[1:]:
        query_id, document_id, gain = line.split("\t")
        if float(gain) > 0:
            gains[query_id][places[document_id]] = float(gain)
    queries = [query for query in _json_lines(DATA / name / "queries.jsonl") if query["_id"] in gains]
    queries = queries[:: len(queries) // MOST_QUERIES + 1]
    return RetrievalSet(
        name=name,
        documents=[f"{document['title']}\n{document['text']}".strip() for document in corpus],
        queries=[query["text"] for query in queries],
        relevant=[gains[query["_id"]] for query in queries],
    )


def dense_scores(data: RetrievalSet, service: EmbeddingService) -> Scores:
    """Cosines, shape (queries, documents)."""
    documents = _cached(service.name, data.documents, service.embed_documents)
    queries = _cached(service.name, data.queries, lambda texts: [service.embed_query(text) for text in texts])
    return np.asarray(queries @ documents.T, dtype=np.float32)


def bm25_scores(data: RetrievalSet) -> Scores:
    """BM25 as the product computes it, shape (queries, documents)."""
    languages = [detect_language(text) for text in data.documents]
    tokens = [analyze(text, language) for text, language in zip(data.documents, languages, strict=True)]
    average = sum(map(len, tokens)) / len(tokens)
    postings: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for place, words in enumerate(tokens):
        for term, weight in term_weights(words, average_length=average).items():
            postings[term].append((place, weight))
    scores = np.zeros((len(data.queries), len(tokens)), dtype=np.float32)
    for row, query in zip(scores, data.queries, strict=True):
        for term, count in query_terms(query, set(languages)).items():
            if found := postings.get(term):
                places, weights = zip(*found, strict=True)
                row[list(places)] += np.array(weights) * (count * idf(len(found), len(tokens)))
    return scores


def fused_scores(cosines: Scores, bm25: Scores, shares: Sequence[float]) -> Scores:
    """share·cosine + (1 - share)·bm25/max(bm25) for what is in one of the two top lists; nothing else is found."""
    fused = np.full_like(cosines, -np.inf)
    for row, cosine, words, share in zip(fused, cosines, bm25, shares, strict=True):
        found = np.union1d(_top(cosine, CANDIDATES), [place for place in _top(words, CANDIDATES) if words[place] > 0])
        found = found.astype(int)
        row[found] = share * cosine[found] + (1 - share) * words[found] / max(words.max(), 1e-9)
    return fused


def ndcg_at_10(data: RetrievalSet, scores: Scores) -> float:
    """The mean over the queries, with the gains as they stand in the judgements."""
    return float(np.mean([_ndcg(row, gains) for row, gains in zip(scores, data.relevant, strict=True)]))


def _ndcg(scores: Scores, gains: dict[int, float]) -> float:
    discounts = 1 / np.log2(np.arange(2, 12))
    got = [gains.get(int(place), 0.0) for place in _top(scores, 10)]
    best = sorted(gains.values(), reverse=True)[:10]
    return float(discounts[: len(got)] @ got / (discounts[: len(best)] @ best))


def _top(scores: Scores, number: int) -> NDArray[np.intp]:
    return np.argsort(-scores, kind="stable")[:number]


def _cached(model: str, texts: list[str], embed: Callable[[Sequence[str]], Sequence[EmbeddingResult]]) -> Scores:
    digest = hashlib.sha256("\0".join([model, *texts]).encode()).hexdigest()[:16]
    path = CACHE / f"{digest}.npy"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        np.save(path, np.array([result.vector for result in embed(texts)], dtype=np.float32))
    return np.asarray(np.load(path), dtype=np.float32)


def _json_lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--model", default="local")
    arguments = parser.parse_args()
    service = create_embedding_service(arguments.model, CACHE)
    print(f"{'nDCG@10':16}{'dense':>8}{'BM25':>8}{'hybrid':>8}")
    for name in arguments.sets:
        data = load_set(name)
        dense, bm25 = dense_scores(data, service), bm25_scores(data)
        shares = [LOWEST_SHARE + (DENSE_SHARE - LOWEST_SHARE) * service.fluency(query) for query in data.queries]
        figures = [ndcg_at_10(data, scores) for scores in (dense, bm25, fused_scores(dense, bm25, shares))]
        print(f"{name:16}" + "".join(f"{figure:8.3f}" for figure in figures), flush=True)


if __name__ == "__main__":
    main()
