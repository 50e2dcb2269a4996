"""The privacy filter: of what a model writes, lets through what this turn's passages support, with its citations."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from apps.rag.context_builder import Context
from apps.rag.passages.structure import LEADS_IN
from apps.rag.privacy_filter.checked import Checked, Citation, Dropped
from apps.rag.privacy_filter.citations import CitationList
from apps.rag.privacy_filter.evidence import Quote, Sentence
from apps.rag.privacy_filter.layout import Gap, Layout
from apps.rag.privacy_filter.markers import Marked, SourceBrackets, render
from apps.rag.privacy_filter.phrases import is_refusal
from apps.rag.privacy_filter.reading import Written, WrittenReader
from apps.rag.privacy_filter.sources import Ruling, Sources
from apps.rag.privacy_filter.wording import SecondOpinion

MISTRUSTED = 2
LONGEST_ANSWER = 6000  # characters; more isn't an answer but a copy of the sources


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ready:
    """A sentence that its sources support, with how things stood before it."""

    checked: Checked = field(repr=False)
    sentence: Sentence
    layout: tuple[Gap, str, bool] = field(repr=False)
    citations: int
    length: int
    dropped: int


class PrivacyFilter:
    """Takes a model's stream apart into sentences and gives out those that are supported, each as soon as it is whole.

    What isn't certain is dropped. The output doesn't depend on how the stream was split. One filter serves one answer,
    also when several write it, one after another: each begins with `restart`.

    `known` are texts whose names an answer may use: the conversation, the chatbot's name and instructions. `reader` is
    asked about sentences that only differ in wording; None does without. `admitted` has the last word on what is sent
    (the negative gate, where a model knows what it must not tell): of some texts in a row it returns how many may go
    out. Once it leaves one back, nothing more of this writer is sent.

    Whoever wants to put right what is stopped takes three steps in place of `feed`: `read`, `judge`, `take`.
    """

    def __init__(
        self,
        *,
        context: Context,
        question: str,
        language: str,
        known: str = "",
        reader: SecondOpinion | None = None,
        admitted: Callable[[Sequence[str]], int] | None = None,
    ) -> None:
        self.dropped: list[Dropped] = []
        self.refused = False  # whether the model said, before anything else, that it can't answer
        self.stopped = False  # whether `admitted` left something back
        self._admitted = admitted
        self._resumed = False
        self._sources = Sources(context=context, question=question, known=known, language=language, reader=reader)
        self._brackets = SourceBrackets(self._sources.texts, (passage.number for passage in context.passages))
        self._citations = CitationList(self._brackets.numbers)
        self._layout = Layout()
        self._said: set[str] = set()
        self._length = 0
        self.restart(admitted)

    @property
    def citations(self) -> tuple[Citation, ...]:
        """Every citation so far, by number."""
        return tuple(self._citations.citations)

    @property
    def is_full(self) -> bool:
        """Whether nothing more will be given out: the model may be stopped."""
        return self.refused or self.stopped or self._length >= LONGEST_ANSWER

    @property
    def has_answered(self) -> bool:
        """Whether anything was given out."""
        return self._length > 0

    def restart(self, admitted: Callable[[Sequence[str]], int] | None = None) -> None:
        """Let another writer go on. What was sent stays, and what it proved isn't said again."""
        self.dropped, self.refused, self.stopped = [], False, False
        self._admitted = admitted
        self._resumed = self.has_answered
        self._layout.forget()
        self._reader = WrittenReader(self._brackets)
        self._held: list[tuple[Gap, str]] = []  # "Here is what I found:", until that comes
        # How many sentences of this writer were not supported. One that knows what it must not tell is trusted less
        # from the beginning: this gate is between a paraphrase of that and the visitor.
        self._caught = MISTRUSTED if admitted else 0

    def feed(self, text: str) -> list[Checked]:
        """Take in a part of the stream; return the sentences that it completed and that may be sent."""
        return self._checked(self.read(text))

    def flush(self, *, complete: bool = True) -> list[Checked]:
        """Return what was held back. If the stream broke off (`complete` is False), a half sentence is dropped."""
        return self._checked(self.read_rest(complete=complete))

    def read(self, text: str) -> list[Written]:
        """Take in a part of the stream; return the sentences, items and blocks of code that it completed."""
        return self._reader.feed(text)

    def read_rest(self, *, complete: bool = True) -> list[Written]:
        return self._reader.flush(complete=complete)

    def read_instead(self, written: Written, text: str) -> list[Written]:
        """Return the sentences of a text that is to be taken in the place of what was written."""
        return self._reader.instead_of(written, text)

    def judge(self, written: Written) -> Ruling:
        """Return the proofs of what is written, or the rule against it. May ask for a second opinion, which blocks."""
        rule = self._rule_before_sources(written)
        if rule is not None:
            return Ruling(rule=rule)
        ruling = self._sources.rule_on(written, caught=self._caught)
        self._caught += ruling.is_untrue
        return ruling

    def leave_out(self, written: Written, ruling: Ruling) -> None:
        """Note a sentence that was judged and will not be taken; what parts it from others passes to the next."""
        self._layout.meet(written.gap, written.item)
        self._drop(ruling.rule or "left_out", written.sentence.text)

    def take(self, written: Written, ruling: Ruling) -> list[Checked]:
        """Return what is sent of a sentence that was judged."""
        ready = self._ready(written, ruling)
        return [ready.checked] if ready else []

    def _checked(self, written: Iterable[Written]) -> list[Checked]:
        ready = [
            one for piece in written if not self.is_full and (one := self._ready(piece, self.judge(piece))) is not None
        ]
        if self._admitted is not None and ready:
            count = self._admitted([one.checked.text for one in ready])
            self._take_back(ready[count:])
            ready = ready[:count]
        return [one.checked for one in ready]

    def _ready(self, written: Written, ruling: Ruling) -> _Ready | None:
        if ruling.retracts and self._held:
            self._drop("yes_or_no", self._held.pop()[1])
        if ruling.rule is None and self._is_repeated(written, ruling):
            ruling = Ruling(rule="repeated")
        if ruling.rule is not None:
            self.refused = self.refused or (ruling.rule == "refusal" and not self.has_answered)
            self.leave_out(written, ruling)
            return None
        self._layout.meet(written.gap, written.item)
        if ruling.leads_in and (written.announces or not self.has_answered):
            self._hold(written)
            return None
        return self._release(written.sentence, written.marked, ruling.proofs, is_code=written.is_code)

    def _is_repeated(self, written: Written, ruling: Ruling) -> bool:
        """Tell whether this was said before, or whether a writer that goes on says what another has proved."""
        if ruling.leads_in:
            return False
        shown = self._resumed and all(self._citations.shows(quote) for quote in ruling.proofs)
        return written.sentence.plain in self._said or shown

    def _rule_before_sources(self, written: Written) -> str | None:
        """Return the rule that stops a piece before it is held against the sources."""
        if not written.whole:
            return "unfinished"
        if not self._sources.knows_links(written.sentence.text):
            return "unknown_link"
        if is_refusal(written.sentence.text) and not self._sources.have_copied(written.sentence):
            return "refusal"
        return None

    def _drop(self, rule: str, sentence: str) -> None:
        """Note what was dropped; its words only where they can't be those of a source that nobody may see."""
        self.dropped.append(Dropped(rule=rule, text="" if self._admitted else sentence))

    def _release(self, sentence: Sentence, marked: Marked, proofs: Sequence[Quote], *, is_code: bool) -> _Ready:
        known, layout, length = len(self._citations.citations), self._layout.state, self._length
        numbers = {quote.source.passage.number: (self._citations.cite(quote).n,) for quote in proofs}
        extra = [n for number, (n,) in numbers.items() if number not in marked.cited]
        text = self._led_in(self._layout.take(), render(marked, numbers, extra), is_code=is_code)
        self._said.add(sentence.plain)
        self._length += len(text)
        return _Ready(
            checked=Checked(text=text, citations=tuple(self._citations.citations[known:])),
            sentence=sentence, layout=layout, citations=known, length=length, dropped=len(self.dropped),
        )  # fmt: skip

    def _take_back(self, refused: Sequence[_Ready]) -> None:
        """Forget sentences that must not be sent, and all that was noted of them and of what came between."""
        if not refused:
            return
        first = refused[0]
        self._citations.forget(first.citations)
        self._layout.go_back(first.layout)
        self._length, self.stopped = first.length, True
        self._said -= {one.sentence.plain for one in refused}
        del self.dropped[first.dropped :]
        self._drop("learn_only", first.sentence.text)

    def _led_in(self, gap: Gap, sentence: str, *, is_code: bool) -> str:
        """Return the sentence with its white space, after the words that were held back to lead to it."""
        lead_in = "".join(self._layout.set(*held) for held in self._held)
        self._held = []
        return lead_in + self._layout.set(gap, sentence, is_code=is_code)

    def _hold(self, written: Written) -> None:
        """Keep a lead-in until what it leads to comes; one that led to nothing gives way to the next."""
        if self._held and written.announces and self._held[-1][1].endswith(LEADS_IN):
            self._layout.give_back(self._held.pop()[0])
        self._said.clear()  # another list may have a step that one before had
        self._held.append((self._layout.take(), written.marked.plain))
