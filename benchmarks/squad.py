"""How well questions are answered without a language model, how well they are refused, and what the filter lets pass.

    python -m benchmarks.squad [answers] [support] [--questions N]

answers   Each article of a set is a chatbot of its own, asked (a) its own questions, (b) the same without the paragraph
          that answers them, (c) questions of other articles, (d) questions of another set.
          answered: not refused; right: the text holds the answer that the set gives. Only (a) should be answered.
support   Sentences made of a question and an answer, held against the right paragraph and against wrong ones.
          accepted: the filter lets them pass with a citation.

Paragraphs whose questions repeat their words are easier than what people ask; see benchmarks/answering.py for that.
"""

import argparse
import asyncio
import json
import random
import re
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from statistics import fmean, median

from apps.core.chunking import Part
from apps.core.embedding_service import EmbeddingService, create_embedding_service
from apps.core.reader.registry import create_reader
from apps.rag.context_builder import Context, ContextPassage
from apps.rag.events import Finished
from apps.rag.passages.structure import units_of
from apps.rag.pipeline import RAGPipeline
from apps.rag.privacy_filter import PrivacyFilter
from benchmarks.retrieval_offline import CACHE, DATA, RetrievalSet, bm25_scores, dense_scores, fused_scores

LANGUAGES = {"squad_v1.1_dev": "en", "xquad_en": "en", "xquad_de": "de", "xquad_zh": "zh", "stackfaq": "en"}
OTHER_SET = {"squad_v1.1_dev": "stackfaq", "xquad_en": "stackfaq", "xquad_de": "stackfaq", "xquad_zh": "stackfaq"}
ARTICLES = 16
LOWEST_SHARE, DENSE_SHARE = 0.3, 0.7  # as search weighs vectors, by how well the model knows the question's language
QUESTION_WORDS = re.compile(
    r"^(in |on |at )?(what|which|who|whom|whose|when|where|why|how)\b( (many|much|long|often))?", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question, the answers its set gives, and the place of the document that holds them."""

    text: str = field(repr=False)
    answers: tuple[str, ...] = field(repr=False)
    gold: int


@dataclass(frozen=True, kw_only=True)
class AnswerSet:
    """A set's documents and questions; `articles` maps a title to its documents' places."""

    name: str
    titles: list[str] = field(repr=False)
    texts: list[str] = field(repr=False)
    questions: list[Question] = field(repr=False)

    @property
    def articles(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = defaultdict(list)
        for place, title in enumerate(self.titles):
            places[title].append(place)
        return places


@dataclass(frozen=True, kw_only=True)
class Asker:
    """A chatbot as the pipeline needs it."""

    id: uuid.UUID = field(default_factory=uuid.uuid4)
    name: str = "Benchmark"
    instructions: str = ""
    tone: str = "plain"
    language: str = "en"
    is_steered: bool = False


@dataclass(frozen=True, kw_only=True)
class MemoryHit:
    """What search's hits have; theirs would bring the database along."""

    passage_id: uuid.UUID
    document_id: uuid.UUID
    title: str = field(repr=False)
    text: str = field(repr=False)
    score: float
    cosine: float
    bm25: float
    url: str = ""
    heading_path: tuple[str, ...] = ()
    layout: tuple[Part, ...] = ()
    page: int | None = None


class MemorySearch:
    """Search over documents in memory, scored beforehand for a known list of questions."""

    def __init__(
        self, data: AnswerSet, places: Sequence[int], questions: Sequence[str], service: EmbeddingService
    ) -> None:
        self.asked = ""  # the question as the set has it, whatever is made of it before it is searched for
        self.hidden: int | None = None  # a document that isn't found, as if it weren't there
        self._data, self._places = data, places
        self._rows = {question: row for row, question in enumerate(questions)}
        documents = [f"{data.titles[place]}\n{data.texts[place]}" for place in places]
        scored = RetrievalSet(name=data.name, documents=documents, queries=list(questions), relevant=[])
        self._cosines, self._bm25 = dense_scores(scored, service), bm25_scores(scored)
        shares = [LOWEST_SHARE + (DENSE_SHARE - LOWEST_SHARE) * service.fluency(question) for question in questions]
        self._fused = fused_scores(self._cosines, self._bm25, shares)

    async def search(self, *, chatbot_id: uuid.UUID, query: str, k: int, steered: bool = False) -> list[MemoryHit]:
        row = self._rows[self.asked]
        order = (-self._fused[row]).argsort(kind="stable")
        found = [
            int(column) for column in order if self._fused[row][column] > -1 and self._places[column] != self.hidden
        ]
        return [self._hit(row, column) for column in found[:k]]

    async def corrected(self, *, chatbot_id: uuid.UUID, query: str, language: str) -> str:
        return query

    def _hit(self, row: int, column: int) -> MemoryHit:
        place = self._places[column]
        return MemoryHit(
            passage_id=uuid.UUID(int=place + 1),
            document_id=uuid.uuid5(uuid.NAMESPACE_OID, self._data.titles[place]),
            title=self._data.titles[place],
            text=self._data.texts[place],
            score=float(self._fused[row][column]),
            cosine=float(self._cosines[row][column]),
            bm25=float(self._bm25[row][column]),
        )


def load(name: str) -> AnswerSet:
    corpus = [json.loads(line) for line in (DATA / name / "corpus.jsonl").read_text().splitlines()]
    queries = [json.loads(line) for line in (DATA / name / "queries.jsonl").read_text().splitlines()]
    places = {document["_id"]: place for place, document in enumerate(corpus)}
    judged = (line.split("\t") for line in (DATA / name / "qrels.tsv").read_text().splitlines()[1:])
    gold = {query_id: places[document_id] for query_id, document_id, _ in judged}
    questions = [
        Question(text=query["text"], answers=tuple(query.get("answers", ())), gold=gold[query["_id"]])
        for query in queries
        if query["_id"] in gold
    ]
    titles = [document["title"] for document in corpus]
    return AnswerSet(name=name, titles=titles, texts=[document["text"] for document in corpus], questions=questions)


@dataclass(kw_only=True)
class Outcomes:
    """What one set's chatbots said, by the kind of question, and how good the answers to their own questions were."""

    answers: dict[str, list[Finished]] = field(default_factory=lambda: defaultdict(list), repr=False)
    right: list[bool] = field(default_factory=list)
    cited: list[bool] = field(default_factory=list)


def measure_answers(name: str, service: EmbeddingService, number: int) -> None:
    """Print how often each kind of question is answered, and how often rightly."""
    data, chance = load(name), random.Random(1)  # noqa: S311 (a sample, no secret)
    others = [question.text for question in load(OTHER_SET[name]).questions]
    outcomes = Outcomes()
    titles = chance.sample(sorted(data.articles), ARTICLES)
    for title in titles:
        own = [question for question in data.questions if data.titles[question.gold] == title]
        foreign = [q for q in data.questions if data.titles[q.gold] != title and data.titles[q.gold] in titles]
        own, foreign = chance.sample(own, min(number, len(own))), chance.sample(foreign, number)
        strange = {"other article": [q.text for q in foreign], "other set": chance.sample(others, number)}
        ask_chatbot(data, title, service, outcomes, own=own, strange=strange)
    report(name, outcomes)


def ask_chatbot(
    data: AnswerSet,
    title: str,
    service: EmbeddingService,
    outcomes: Outcomes,
    *,
    own: Sequence[Question],
    strange: Mapping[str, Sequence[str]],
) -> None:
    """Ask the chatbot of one article its own questions, with and without their paragraph, and strange ones, by kind."""
    asked = [*(question.text for question in own), *chain.from_iterable(strange.values())]
    search = MemorySearch(data, data.articles[title], asked, service)
    pipeline = RAGPipeline(
        chatbot=Asker(language=LANGUAGES[data.name]),
        search=search,
        embeddings=service,
        reader=create_reader("local", CACHE),
    )
    for question in own:
        answer = ask(pipeline, search, question.text)
        outcomes.answers["its own"].append(answer)
        outcomes.right.append(holds(answer.text, question.answers, data.name))
        outcomes.cited.append(
            uuid.UUID(int=question.gold + 1) in {citation.passage_id for citation in answer.citations}
        )
        search.hidden = question.gold
        outcomes.answers["answer removed"].append(ask(pipeline, search, question.text))
        search.hidden = None
    for kind, texts in strange.items():
        outcomes.answers[kind] += [ask(pipeline, search, text) for text in texts]


def report(name: str, outcomes: Outcomes) -> None:
    for kind, answers in outcomes.answers.items():
        print(f"{name:16}{kind:16}{len(answers):6}{fmean(answer.answered for answer in answers):10.3f}")
    answered = [answer for answer in outcomes.answers["its own"] if answer.answered]
    totals = sorted(one.trace.timings_ms["total"] for answers in outcomes.answers.values() for one in answers)
    print(
        f"{name:16}right {fmean(outcomes.right):.3f}, right where answered {sum(outcomes.right) / len(answered):.3f}, "
        f"right passage cited {fmean(outcomes.cited):.3f}, "
        f"citations an answer {fmean(len(answer.citations) for answer in answered):.2f}, "
        f"characters {median(len(answer.text) for answer in answered):.0f}, "
        f"total ms p50 {median(totals):.0f} p95 {totals[int(0.95 * len(totals))]:.0f}",
        flush=True,
    )


def ask(pipeline: RAGPipeline, search: MemorySearch, question: str) -> Finished:
    search.asked = question

    async def run() -> Finished:
        events = [event async for event in pipeline.answer(question)]
        finished = events[-1]
        assert isinstance(finished, Finished)
        return finished

    return asyncio.run(run())


def holds(text: str, answers: Sequence[str], name: str) -> bool:
    """Tell whether a text has one of the answers in it, as whole words where words are parted."""
    if LANGUAGES[name] == "zh":
        return any("".join(answer.split()) in "".join(text.split()) for answer in answers)
    return any(f" {_plain(answer)} " in f" {_plain(text)} " for answer in answers)


def measure_support(name: str, number: int) -> None:
    """Print how often the filter accepts sentences that a paragraph bears out, and sentences that it doesn't."""
    data, chance = load(name), random.Random(2)  # noqa: S311 (a sample, no secret)
    counts: dict[str, list[bool]] = defaultdict(list)
    taken = 0.0
    length = 0
    for question in chance.sample(data.questions, number):
        for kind, sentence, place in _trials(data, question, chance):
            begun = time.perf_counter()
            counts[kind].append(_is_accepted(data, LANGUAGES[name], question.text, sentence, place))
            taken += time.perf_counter() - begun
            length += len(data.texts[place].encode()) + len(sentence.encode())
    for kind, accepted in counts.items():
        print(f"{name:16}{kind:34}{len(accepted):6}{fmean(accepted):10.3f}")
    print(f"{name:16}{length / taken / 1e6:.2f} MB/s, passages included", flush=True)


def _trials(data: AnswerSet, question: Question, chance: random.Random) -> Iterator[tuple[str, str, int]]:
    """Yield a kind of sentence, the sentence and the place of the paragraph it cites."""
    article = data.articles[data.titles[question.gold]]
    siblings = [place for place in article if place != question.gold]
    same = [q for q in data.questions if q.gold == question.gold and not set(q.answers) & set(question.answers)]
    wrong = [q for q in data.questions if q.gold in siblings]
    yield "right answer, right paragraph", _sentence(question.text, question.answers[0]), question.gold
    unit = chance.choice(units_of(_passage(data, question.gold)))
    yield "a sentence of the paragraph itself", data.texts[question.gold][unit.start : unit.end], question.gold
    if siblings:
        yield "right answer, other paragraph", _sentence(question.text, question.answers[0]), chance.choice(siblings)
    if wrong:
        yield "answer of another paragraph", _sentence(question.text, chance.choice(wrong).answers[0]), question.gold
    if same:
        yield "another answer of the paragraph", _sentence(question.text, chance.choice(same).answers[0]), question.gold


def _is_accepted(data: AnswerSet, language: str, question: str, sentence: str, place: int) -> bool:
    context = Context(passages=(_passage(data, place),))
    checker = PrivacyFilter(context=context, question=question, language=language)
    return bool(checker.feed(f"{sentence} [1]\n") or checker.flush())


def _passage(data: AnswerSet, place: int) -> ContextPassage:
    return ContextPassage(
        number=1,
        passage_id=uuid.UUID(int=place + 1),
        document_id=uuid.UUID(int=place + 1),
        title=data.titles[place],
        url="",
        heading_path=(),
        text=data.texts[place],
        page=None,
        score=1.0,
        cosine=1.0,
    )


def _sentence(question: str, answer: str) -> str:
    stop = "。" if re.search(r"[\u4e00-\u9fff]", question) else "."
    return f"{QUESTION_WORDS.sub('', question).strip(' ?？')} {answer.rstrip('.')}{stop}"


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", text.casefold()).strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=["answers", "support"])
    parser.add_argument("--questions", type=int, default=20, help="of each kind for each chatbot")
    parser.add_argument("--sets", nargs="*", default=list(OTHER_SET))
    arguments = parser.parse_args()
    if not DATA.exists():
        raise SystemExit("There is no ../shared/data beside this repository, so nothing can be measured.")
    service = create_embedding_service("local", CACHE)
    if "answers" in arguments.parts:
        print(f"{'set':16}{'questions':16}{'n':>6}{'answered':>10}")
        for name in arguments.sets:
            measure_answers(name, service, arguments.questions)
    if "support" in arguments.parts:
        print(f"{'set':16}{'sentence':34}{'n':>6}{'accepted':>10}")
        for name in arguments.sets:
            measure_support(name, 20 * arguments.questions)


if __name__ == "__main__":
    main()
