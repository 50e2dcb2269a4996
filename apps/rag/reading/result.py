"""What reading comes to: the order of the passages, whether they hold an answer, and the answer in their own words."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from apps.core.embedding_service import EmbeddingService
from apps.rag.context_builder import Context
from apps.rag.privacy_filter import Checked
from apps.rag.reading.choice import choose
from apps.rag.reading.decision import Decision, decide
from apps.rag.reading.disambiguation import meanings
from apps.rag.reading.reading import Reader, Reading, read
from apps.rag.reading.reply import Quotation, reply
from apps.rag.refusals import asking_back, depends_on_meaning, nothing_on_but, refusal

CLOSE_ENOUGH = 0.1  # confidence from which what there is is offered in place of what the question names
MOST_TOPICS = 3
NEAREST = 0.25  # cosine of a passage from which its heading is something to ask about


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadContext:
    """A context that was read with a question in a language.

    `meanings` are the things that the question may be about, where it fits several alike.
    """

    context: Context
    language: str
    reading: Reading = field(repr=False)
    decision: Decision
    quotations: Sequence[Quotation] = field(repr=False)
    meanings: tuple[str, ...] = field(default=(), repr=False)

    @property
    def ranks(self) -> list[int]:
        """The rank of each passage's best block among those of all passages, 0 for the best."""
        order = list(dict.fromkeys(one.block.passage.number for one in self.reading.scored))
        return [order.index(one.number) if one.number in order else len(order) for one in self.context.passages]

    @property
    def has_something_close(self) -> bool:
        """Whether there is something close to what the question names and the documents don't have."""
        return bool(self.decision.missing) and self.decision.confidence >= CLOSE_ENOUGH

    def quoted(self, first_number: int = 1) -> list[Checked]:
        """Return the answer word for word, its citations numbered from `first_number` on; [] where there is none."""
        if self.decision.answers:
            return list(reply(self.quotations, first_number=first_number))
        return []

    def closest(self) -> list[Checked]:
        """Return what there is instead of what the question names, after words that say so."""
        words = nothing_on_but(self.language, missing=self.decision.missing)
        return [Checked(text=words), *reply(self.quotations[:1])]

    def refusal(self) -> str:
        """Return that there is no answer, and what could be asked instead; or ask back which of several is meant."""
        if self.meanings and not self.decision.missing and self.decision.confidence >= CLOSE_ENOUGH:
            return asking_back(self.language, meanings=self.meanings)
        return refusal(self.language, missing=self.decision.missing, topics=self._topics())

    def choice(self, answer: str) -> str:
        """Return which things the question may have meant, to be added to an answer; "" where that names several."""
        if sum(meaning in answer for meaning in self.meanings) > 1 or not self.meanings:
            return ""
        return depends_on_meaning(self.language, meanings=self.meanings)

    def _topics(self) -> list[str]:
        """Return the headings of the passages nearest to the question, each once."""
        near = (passage for passage in self.context.passages if passage.cosine >= NEAREST)
        headings = (passage.heading_path[-1] if passage.heading_path else passage.title for passage in near)
        return [heading for heading in dict.fromkeys(headings) if heading][:MOST_TOPICS]


def read_context(
    question: str, context: Context, *, language: str, embeddings: EmbeddingService, reader: Reader | None
) -> ReadContext:
    """Read the passages of a context with the question; blocks for about a third of a second."""
    reading = read(question, context.passages, language=language, embeddings=embeddings, reader=reader)
    return ReadContext(
        context=context,
        language=language,
        reading=reading,
        decision=decide(reading, language, calibrated=reader is None or reader.calibrated),
        quotations=choose(reading, language),
        meanings=meanings(reading, language),
    )
