"""Measures what chunk sizes, overlap and the semantic variant do to retrieval: `python -m benchmarks.chunking`.

Four questions, each on data from `../shared/data`, all with the product's fusion of 0.7 dense and 0.3 BM25:

spans      How exactly do the five best chunks cover the sentences that answer a question in a long text?
           Recall, precision and intersection over union, in characters, as in the literature on chunking;
           and recall of the first 6,000 characters of the best chunks, which favours no size.
abstracts  What does cutting cost where each document is one abstract? nDCG@10; a document scores as its best chunk.
sections   What does it cost to keep a section of 1,150 to 1,600 bytes whole? Paragraphs of encyclopedia articles put
           together to such sections: how often the first chunk, the first five, and the first 6,000 characters of
           the best chunks hold the answer.
faq        Should short sections be merged? Short questions and answers under headings in one document:
           how often the first chunk holds the right answer, and how much of that chunk is the answer.
"""

import argparse
import json
import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from statistics import fmean
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from apps.core.chunking import Block, BlockKind, Chunk, ChunkingOptions, chunk_blocks, chunk_semantically, join_blocks
from apps.core.embedding_service import EmbeddingService, create_embedding_service

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
TOP, BUDGET = 5, 6000
DENSE_WEIGHT, K1, B = 0.7, 1.2, 0.75

Vectors: TypeAlias = NDArray[np.float32]
Embed: TypeAlias = Callable[[Sequence[str]], Vectors]
Interval: TypeAlias = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One row of a table."""

    options: ChunkingOptions
    semantic: bool = False

    def __str__(self) -> str:
        sizes = f"{self.options.target}/{self.options.maximum} minimum {self.options.minimum}"
        overlap = f" overlap {self.options.overlap}" if self.options.overlap else ""
        return sizes + overlap + (" semantic" if self.semantic else "")

    def cut(self, blocks: Sequence[Block], embed: Embed) -> tuple[str, list[Chunk]]:
        if self.semantic:
            return chunk_semantically(blocks, embed, self.options)
        return chunk_blocks(blocks, self.options)


def variant(target: int, maximum: int, *, minimum: int = 50, overlap: int = 0, semantic: bool = False) -> Variant:
    options = ChunkingOptions(target=target, maximum=maximum, minimum=minimum, overlap=overlap)
    return Variant(options=options, semantic=semantic)


SPANS = [
    *(variant(size, size * 8 // 5) for size in (250, 400, 600, 800, 1000, 1300, 1600)),
    *(variant(target, maximum) for target, maximum in ((600, 1600), (800, 1600), (1000, 2400))),
    *(variant(800, 1600, overlap=overlap) for overlap in (100, 200)),
    *(variant(target, 1600, semantic=True) for target in (600, 800)),
]
ABSTRACTS = [
    variant(target, maximum)
    for target, maximum in (
        (4000, 20_000),
        (1000, 2400),
        (1000, 1600),
        (800, 1600),
        (600, 1600),
        (800, 1280),
        (500, 800),
    )
]
SECTIONS = [variant(target, maximum) for target, maximum in ((800, 1600), (800, 1280), (800, 1000), (500, 800))]
FAQ = [variant(800, 1600, minimum=minimum) for minimum in (0, 50, 100, 200, 400, 800)]


# Search: dense and BM25, fused as in the product.


def scores(texts: Sequence[str], queries: Sequence[str], embed: Embed) -> NDArray[np.float64]:
    """Return a row for each query with the score of each text."""
    dense = embed(queries) @ embed(texts).T
    lexical = bm25(texts, queries)
    highest = lexical.max(axis=1, keepdims=True)
    fused: NDArray[np.float64] = DENSE_WEIGHT * dense + (1 - DENSE_WEIGHT) * lexical / np.where(highest > 0, highest, 1)
    return fused


def bm25(texts: Sequence[str], queries: Sequence[str]) -> NDArray[np.float64]:
    counted = [Counter(words(text)) for text in texts]
    lengths = np.array([count.total() for count in counted])
    norms = K1 * (1 - B + B * lengths / lengths.mean())
    postings: defaultdict[str, list[Interval]] = defaultdict(list)
    for place, count in enumerate(counted):
        for word, times in count.items():
            postings[word].append((place, times))
    result = np.zeros((len(queries), len(texts)))
    for row, query in zip(result, queries, strict=True):
        for word in set(words(query)) & postings.keys():
            places, times = np.array(postings[word]).T
            rarity = np.log(1 + (len(texts) - len(places) + 0.5) / (len(places) + 0.5))
            row[places] += rarity * times * (K1 + 1) / (times + norms[places])
    return result


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def cached(service: EmbeddingService, folder: Path | None, texts: Sequence[str]) -> Vectors:
    """Return one vector per text, from the folder if the same texts were embedded before."""
    key = sha256("\0".join([service.name, *texts]).encode()).hexdigest()[:32]
    path = folder / f"{key}.npy" if folder else None
    if path and path.exists():
        stored: Vectors = np.load(path)
        return stored
    vectors = np.stack([result.vector for result in service.embed_documents(texts)])
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, vectors)
    return vectors


def said(chunk: Chunk, title: str = "") -> str:
    """Return what is searched: the headings and the text."""
    return "\n".join(part for part in (title, *chunk.heading_path, chunk.text) if part)


# spans


def measure_spans(choice: Variant, embed: Embed) -> dict[str, float]:
    questions = list(read_lines("chunking_eval/questions.jsonl"))
    places: list[tuple[str, Interval]] = []
    texts: list[str] = []
    for path in sorted((DATA / "chunking_eval" / "corpora").glob("*.md")):
        for chunk, interval in cut_original(path.read_text(), choice, embed):
            places.append((path.stem, interval))
            texts.append(said(chunk))
    found: defaultdict[str, list[float]] = defaultdict(list)
    rows = scores(texts, [question["text"] for question in questions], embed)
    for question, row in zip(questions, rows, strict=True):
        ranked = [places[place] for place in np.argsort(-row)[:100]]
        for name, value in coverage(question, ranked).items():
            found[name].append(value)
    means = {name: 100 * fmean(values) for name, values in found.items()}
    return {"chunks": len(texts), "size": fmean(map(len, texts)), **means}


def cut_original(original: str, choice: Variant, embed: Embed) -> Iterator[tuple[Chunk, Interval]]:
    """Yield each chunk with its place in the original, whose paragraphs are parted by other white space than ours."""
    matches = list(re.finditer(r"\S(?:.*?\S)??(?=\s*(?:\n\s*\n|\Z))", original, re.DOTALL))
    text, chunks = choice.cut([Block(kind=BlockKind.PARAGRAPH, text=match[0]) for match in matches], embed)
    begins = np.cumsum([0, *(len(match[0]) + 2 for match in matches)])
    for chunk in chunks:
        first = int(np.searchsorted(begins, chunk.start, side="right")) - 1
        last = int(np.searchsorted(begins, chunk.end, side="left")) - 1
        start = matches[first].start() + chunk.start - int(begins[first])
        end = matches[last].start() + chunk.end - int(begins[last])
        if " ".join(original[start:end].split()) != " ".join(text[chunk.start : chunk.end].split()):
            raise AssertionError("a chunk's place in the original is wrong")
        yield chunk, (start, end)


def coverage(question: dict[str, Any], ranked: Sequence[tuple[str, Interval]]) -> dict[str, float]:
    wanted = [(reference["start_index"], reference["end_index"]) for reference in question["references"]]
    total = overlap(wanted, wanted)
    best = list(ranked[:TOP])
    covered = overlap(wanted, [interval for corpus, interval in best if corpus == question["corpus_id"]])
    retrieved = sum(end - start for _, (start, end) in best)
    in_budget = overlap(wanted, [interval for corpus, interval in within(ranked) if corpus == question["corpus_id"]])
    return {
        f"recall@{TOP}": covered / total,
        f"precision@{TOP}": covered / retrieved,
        f"iou@{TOP}": covered / (retrieved + total - covered),
        f"recall in {BUDGET}": in_budget / total,
    }


def within(ranked: Sequence[tuple[str, Interval]]) -> Iterator[tuple[str, Interval]]:
    """Yield as much of the best chunks as a prompt of `BUDGET` characters has room for."""
    room = BUDGET
    for corpus, (start, end) in ranked:
        yield corpus, (start, min(end, start + room))
        room -= end - start
        if room <= 0:
            return


def overlap(wanted: Sequence[Interval], found: Sequence[Interval]) -> int:
    """Return how many characters of the wanted intervals are in any of the found ones."""
    inside = {place for start, end in found for place in range(start, end)}
    return len(inside & {place for start, end in wanted for place in range(start, end)})


# abstracts


def measure_abstracts(choice: Variant, embed: Embed) -> dict[str, float]:
    relevant = read_judgements("scifact_dev")
    queries = [query for query in read_lines("scifact_dev/queries.jsonl") if query["_id"] in relevant]
    owners: list[str] = []
    texts: list[str] = []
    for document in read_lines("scifact_dev/corpus.jsonl"):
        _, chunks = choice.cut([Block(kind=BlockKind.PARAGRAPH, text=document["text"])], embed)
        owners += [document["_id"]] * len(chunks)
        texts += [said(chunk, document["title"]) for chunk in chunks]
    rows = scores(texts, [query["text"] for query in queries], embed)
    gains = [
        ndcg([owners[place] for place in np.argsort(-row)[:200]], relevant[query["_id"]])
        for query, row in zip(queries, rows, strict=True)
    ]
    return {"chunks": len(texts), "size": fmean(map(len, texts)), "nDCG@10": 100 * fmean(gains)}


def ndcg(ranked: Sequence[str], grades: dict[str, int]) -> float:
    best_first = list(dict.fromkeys(ranked))[:10]
    discounts = 1 / np.log2(np.arange(2, 12))
    ideal = sorted(grades.values(), reverse=True)[:10]
    gained = sum(grades.get(name, 0) * discount for name, discount in zip(best_first, discounts, strict=False))
    return float(gained / (np.array(ideal) @ discounts[: len(ideal)]))


# sections


def measure_sections(choice: Variant, embed: Embed) -> dict[str, float]:
    relevant = read_judgements("squad_v1.1_dev")
    blocks, places = sections_of_paragraphs(list(read_lines("squad_v1.1_dev/corpus.jsonl"))[:900])
    spans = join_blocks(blocks)[1]
    text, chunks = choice.cut(blocks, embed)
    asked: list[tuple[str, Interval]] = []
    for query in read_lines("squad_v1.1_dev/queries.jsonl"):
        paragraph = next(iter(relevant[query["_id"]]))
        if paragraph in places and len(asked) < 2500:
            span = spans[places[paragraph]]
            start = text.index(query["answers"][0], span.start, span.end)
            asked.append((query["text"], (start, start + len(query["answers"][0]))))
    rows = scores([said(chunk) for chunk in chunks], [question for question, _ in asked], embed)
    found: defaultdict[str, list[bool]] = defaultdict(list)
    for (_, answer), row in zip(asked, rows, strict=True):
        ranked = [("", (chunks[place].start, chunks[place].end)) for place in np.argsort(-row)[:100]]
        for name, best in (("first", ranked[:1]), (f"first {TOP}", ranked[:TOP]), (f"in {BUDGET}", within(ranked))):
            found[name].append(any(start <= answer[0] and answer[1] <= end for _, (start, end) in best))
    sizes = [len(chunk.text) for chunk in chunks]
    means = {name: 100 * fmean(values) for name, values in found.items()}
    return {"chunks": len(chunks), "size": fmean(sizes), **means}


def sections_of_paragraphs(paragraphs: Sequence[dict[str, Any]]) -> tuple[list[Block], dict[str, int]]:
    """Return headings and paragraphs, as many below each heading as make a section, and each paragraph's number."""
    blocks: list[Block] = []
    places: dict[str, int] = {}
    waiting: list[dict[str, Any]] = []
    for paragraph in paragraphs:
        together = sum(len(earlier["text"].encode()) + 2 for earlier in waiting) + len(paragraph["text"].encode())
        if together > 1600 or (waiting and waiting[0]["title"] != paragraph["title"]):
            waiting, together = [], len(paragraph["text"].encode())
        waiting.append(paragraph)
        if 1150 <= together <= 1600:
            blocks.append(Block(kind=BlockKind.HEADING, text=f"{paragraph['title']} {len(blocks)}", level=1))
            for one in waiting:
                places[one["_id"]] = len(blocks)
                blocks.append(Block(kind=BlockKind.PARAGRAPH, text=one["text"]))
            waiting = []
    return blocks, places


# faq


def measure_faq(choice: Variant, embed: Embed) -> dict[str, float]:
    relevant = read_judgements("stackfaq")
    queries = [query for query in read_lines("stackfaq/queries.jsonl") if query["_id"] in relevant]
    entries = {entry["_id"]: entry for entry in read_lines("stackfaq/corpus.jsonl")}
    blocks: list[Block] = []
    for entry in entries.values():
        blocks.append(Block(kind=BlockKind.HEADING, text=entry["title"], level=1))
        blocks.append(Block(kind=BlockKind.PARAGRAPH, text=shortened(entry["text"])))
    spans = join_blocks(blocks)[1][1::2]
    answers = {name: (span.start, span.end) for name, span in zip(entries, spans, strict=True)}
    _, chunks = choice.cut(blocks, embed)
    rows = scores([said(chunk) for chunk in chunks], [query["text"] for query in queries], embed)
    hits: list[float] = []
    iou: list[float] = []
    for query, row in zip(queries, rows, strict=True):
        first = chunks[int(row.argmax())]
        start, end = answers[next(iter(relevant[query["_id"]]))]
        common = overlap([(start, end)], [(first.start, first.end)])
        hits.append(common > 0)
        iou.append(common / (end - start + first.end - first.start - common))
    sizes = [len(chunk.text) for chunk in chunks]
    return {"chunks": len(chunks), "size": fmean(sizes), "first right": 100 * fmean(hits), "iou@1": 100 * fmean(iou)}


def shortened(answer: str, limit: int = 250) -> str:
    return answer if len(answer) <= limit else answer[:limit].rsplit(" ", 1)[0]


# The tables


def read_lines(name: str) -> Iterator[dict[str, Any]]:
    with (DATA / name).open() as lines:
        yield from map(json.loads, lines)


def read_judgements(data_set: str) -> dict[str, dict[str, int]]:
    """Return for each judged query the documents that answer it, with their grades."""
    relevant: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for line in (DATA / data_set / "qrels.tsv").read_text().splitlines()[1:]:
        query, document, grade = line.split("\t")
        if int(grade) > 0:
            relevant[query][document] = int(grade)
    return relevant


Measure: TypeAlias = Callable[[Variant, Embed], dict[str, float]]
TABLES: dict[str, tuple[Measure, list[Variant]]] = {
    "spans": (measure_spans, SPANS),
    "abstracts": (measure_abstracts, ABSTRACTS),
    "sections": (measure_sections, SECTIONS),
    "faq": (measure_faq, FAQ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", help=f"which tables: {', '.join(TABLES)}; all if none is named")
    parser.add_argument("--models-dir", type=Path, default=Path(tempfile.gettempdir()) / "tacit-models")
    parser.add_argument("--cache", type=Path, help="a folder that keeps vectors for the next run")
    arguments = parser.parse_args()
    if not DATA.exists():
        sys.exit(f"The data sets are not at {DATA}: this benchmark needs them.")
    embed = partial(cached, create_embedding_service("local", arguments.models_dir), arguments.cache)
    for name in arguments.tables or TABLES:
        print_table(name, *TABLES[name], embed)


def print_table(name: str, measure: Measure, variants: Sequence[Variant], embed: Embed) -> None:
    print(f"\n{name}\n")
    for number, choice in enumerate(variants):
        figures = measure(choice, embed)
        if number == 0:
            print("| variant |", " | ".join(figures), "|\n|---|" + "---:|" * len(figures))
        print(f"| {choice} |", " | ".join(f"{figure:.1f}" for figure in figures.values()), "|", flush=True)


if __name__ == "__main__":
    main()
