"""The sentences, items and rows of a context that may answer a question, with what tells how well they do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from apps.rag.context_builder import Context, ContextPassage
from apps.rag.labels import is_contents, is_contents_entry, is_label
from apps.rag.passage_units import Unit, UnitKind, readable, split_passage
from apps.rag.relevance import Judge, word_weights
from apps.rag.synonyms import synonyms
from apps.rag.words import content_words

EMBEDDED = 24  # candidates whose vectors are compared: about 50 ms
ABOUT = frozenset({UnitKind.HEADING, UnitKind.QUESTION})  # tell what others are about, and answer nothing
FEWEST_WORDS = 2  # content words of a sentence that can answer by itself
LONGEST_EMBEDDED = 300  # characters; what follows hardly moves a vector and costs time


@dataclass(frozen=True, kw_only=True, slots=True)
class CandidateUnit:
    """A unit that may answer. `words` are its own, `framed` those of its headings besides."""

    passage: ContextPassage = field(repr=False)
    units: Sequence[Unit] = field(repr=False)
    index: int
    words: frozenset[str] = field(repr=False)
    framed: frozenset[str] = field(repr=False)
    heading_words: frozenset[str] = field(repr=False)
    passage_words: frozenset[str] = field(repr=False)
    subject: tuple[str, ...] = field(default=(), repr=False)  # of a table row: what it is about

    @property
    def unit(self) -> Unit:
        return self.units[self.index]

    @property
    def text(self) -> str:
        """The unit as it reads in an answer."""
        return readable(self.passage.text[self.unit.start : self.unit.end])

    @property
    def framed_text(self) -> str:
        """The unit under its headings, as it is compared with the question."""
        heading = ": ".join(part for part in (self.passage.heading, self.unit.about) if part)
        return f"{heading[-LONGEST_EMBEDDED // 2 :]}: {self.text[:LONGEST_EMBEDDED]}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Scored:
    """A candidate with its values: `rank` orders, the others tell whether it is relevant."""

    candidate: CandidateUnit = field(repr=False)
    rank: float
    cosine: float
    coverage: float
    gain: float = 0.0  # what a row about the question's subject gained


def find_candidates(context: Context, language: str) -> list[CandidateUnit]:
    """Return every unit of the context's passages but questions and headings, in order."""
    return [candidate for passage in context.passages for candidate in _of_passage(passage, language)]


def judge_for(question: str, candidates: Sequence[CandidateUnit], *, fluency: float, language: str) -> Judge:
    """Return the judge of a question, whose words weigh by how rare they are among the candidates."""
    asked = content_words(question, language)
    alternatives = synonyms(asked, language)
    weights = word_weights(asked, [candidate.framed for candidate in candidates], alternatives)
    return Judge(weights=weights, fluency=fluency, alternatives=alternatives)


def most_promising(candidates: Sequence[CandidateUnit], judge: Judge) -> list[CandidateUnit]:
    """Return the candidates worth a look at their vectors, judged by words and by their passage's vector."""

    def promise(candidate: CandidateUnit) -> float:
        passage = candidate.passage
        return judge.rank(cosine=passage.cosine, coverage=judge.coverage(candidate.framed), passage_score=passage.score)

    return sorted(candidates, key=promise, reverse=True)[:EMBEDDED]


def _of_passage(passage: ContextPassage, language: str) -> Iterator[CandidateUnit]:
    units = split_passage(passage.text)
    has_contents = is_contents(passage.text)
    heading = frozenset(content_words(passage.heading, language))
    words = [frozenset(content_words(passage.text[unit.start : unit.end], language)) for unit in units]
    everything = heading.union(*words)
    for index, unit in enumerate(units):
        if unit.kind in ABOUT or _says_nothing(passage, unit, words[index]) or _only_names(passage, unit, has_contents):
            continue
        above = heading | frozenset(content_words(unit.about, language))
        yield CandidateUnit(
            passage=passage,
            units=units,
            index=index,
            words=words[index],
            framed=words[index] | above,
            heading_words=frozenset(content_words(unit.about or _last_heading(passage), language)),
            passage_words=everything,
            subject=_subject(passage.text[unit.start : unit.end], language) if unit.kind is UnitKind.ROW else (),
        )


def _says_nothing(passage: ContextPassage, unit: Unit, words: frozenset[str]) -> bool:
    """Tell whether a unit is a phrase such as "Thanks and enjoy." that answers nothing; after a question, it does."""
    is_answer = bool(unit.about) or any(map(str.isdigit, passage.text[unit.start : unit.end]))
    return len(words) < FEWEST_WORDS and not is_answer


def _only_names(passage: ContextPassage, unit: Unit, has_contents: bool) -> bool:
    """Tell whether a unit is an entry of a table of contents, a caption or a label; after a question, it answers."""
    text = passage.text[unit.start : unit.end]
    if has_contents and is_contents_entry(text):
        return True
    if unit.kind is UnitKind.ROW:
        return not any(map(str.isalnum, "".join(cell.partition(": ")[2] for cell in text.split("; "))))
    if unit.kind is not UnitKind.SENTENCE or unit.about.endswith(("?", "？", "؟")):
        return not any(map(str.isalnum, text))
    return is_label(readable(text))


def _subject(row: str, language: str) -> tuple[str, ...]:
    """Return the words of a row's first cell: of its value, and of its header where the table has two columns."""
    first, *others = row.split("; ")
    header, _, value = first.partition(": ")
    return tuple(content_words(value if others else header, language))


def _last_heading(passage: ContextPassage) -> str:
    return passage.heading_path[-1] if passage.heading_path else passage.title
