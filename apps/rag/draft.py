"""The answer while it is written: its text and citations so far, and the events that tell of them."""

from collections.abc import Iterator, Sequence

from apps.rag.events import Cited, Delta, Event, Finished
from apps.rag.llm_service import LLMService, Stop, StopReason
from apps.rag.privacy_filter import Checked, Citation, PrivacyFilter
from apps.rag.privacy_filter.negative import Hit
from apps.rag.trace import TraceRecorder


class Draft:
    """Collects one answer. It is settled once nobody else needs to write: something was said, or refused."""

    def __init__(self, *, language: str) -> None:
        self.language = language
        self.trace = TraceRecorder()
        self.text = ""
        self.citations: tuple[Citation, ...] = ()
        self.model_failed = False  # whether the language model failed already and shouldn't be waited for again
        self._refused = False
        self._reopened = False

    @property
    def is_settled(self) -> bool:
        return (bool(self.text) or self._refused) and not self._reopened

    @property
    def has_answer(self) -> bool:
        return bool(self.citations)

    def shows(self, citation: Citation) -> bool:
        """Tell whether a quote is in one that the answer has already."""
        return any(
            citation.passage_id == known.passage_id and citation.quote in known.quote for known in self.citations
        )

    def add(self, checked: Checked) -> Iterator[Event]:
        """Take in a checked sentence; yield its text and then the citations that begin in it."""
        yield self.say(checked.text)
        for citation in checked.citations:
            self.citations = (*self.citations, citation)
            yield Cited(citation=citation)

    def say(self, text: str) -> Delta:
        """Take in a text of our own."""
        self.trace.first_token()
        self.text += text
        return Delta(text=text)

    def reopen(self, hits: Sequence[Hit]) -> None:
        """Let another writer go on, since the gate stopped this one."""
        self.trace.alarmed(hits)
        self._reopened = True

    def give_up_model(self, code: str) -> None:
        self.model_failed = True
        self.trace.failed(code)

    def stopped(self, writer: LLMService, stop: Stop) -> None:
        self.trace.written_by(writer, stop.usage)
        self._refused = self._refused or stop.reason is StopReason.NO_ANSWER

    def checked_by(self, checker: PrivacyFilter) -> None:
        self.trace.held_back(checker.dropped)
        self._refused = self._refused or checker.refused
        self._reopened = False

    def finished(self, *, answered: bool) -> Finished:
        return Finished(text=self.text, citations=self.citations, answered=answered, trace=self.trace.trace())
