"""The privacy filter: of what a model writes, lets through what this turn's passages bear out, with its citations."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from apps.rag.context_builder import Context
from apps.rag.privacy_filter.citations import Citation, CitationList
from apps.rag.privacy_filter.evidence import Sentence
from apps.rag.privacy_filter.inert import Line, TableReader, make_inert, without_markup
from apps.rag.privacy_filter.layout import Gap, Layout
from apps.rag.privacy_filter.markers import Marked, parse, parse_code, render
from apps.rag.privacy_filter.phrases import is_refusal
from apps.rag.privacy_filter.sources import Ruling, Sources
from apps.rag.privacy_filter.splitter import Piece, SentenceSplitter
from apps.rag.words import only_leads_in

LONGEST_ANSWER = 6000  # characters; more isn't an answer but a copy of the sources


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """Text that may be sent as it is, with the white space before it, and the citations that begin in it."""

    text: str = field(repr=False)
    citations: tuple[Citation, ...] = field(default=(), repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Dropped:
    """A sentence that was not sent, and the rule that stopped it. For the owner only."""

    rule: str
    text: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ready:
    """A sentence that its sources bear out, with how things stood before it."""

    checked: Checked = field(repr=False)
    sentence: Sentence
    layout: tuple[Gap, str, bool] = field(repr=False)
    citations: int
    length: int
    dropped: int


class PrivacyFilter:
    """Takes a model's stream apart into sentences and gives out those that are borne out, each as soon as it is whole.

    What isn't certain is dropped. The output doesn't depend on how the stream was split. One filter serves one answer,
    also when several write it, one after another: each begins with `restart`.

    `admitted` has the last word on what is sent (the negative gate, where a model knows what it must not tell): of
    some texts in a row it returns how many may go out. Once it leaves one back, nothing more of this writer is sent.
    """

    def __init__(
        self, *, context: Context, question: str, language: str, admitted: Callable[[Sequence[str]], int] | None = None
    ) -> None:
        self.dropped: list[Dropped] = []
        self.refused = False  # whether the model said, before anything else, that it can't answer
        self.stopped = False  # whether `admitted` left something back
        self._admitted = admitted
        self._resumed = False
        self._sources = Sources(context=context, question=question, language=language)
        self._language = language
        self._splitter = SentenceSplitter()
        self._citations = CitationList()
        self._layout = Layout()
        self._tables = TableReader()
        self._lead_in: tuple[Gap, str] | None = None  # "Here is what I found:", until that comes
        self._said: set[str] = set()
        self._length = 0

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
        self._splitter, self._tables, self._lead_in = SentenceSplitter(), TableReader(), None

    def feed(self, text: str) -> list[Checked]:
        """Take in a part of the stream; return the sentences that it completed and that may be sent."""
        return self._checked(self._splitter.feed(text))

    def flush(self, *, complete: bool = True) -> list[Checked]:
        """Return what was held back. If the stream broke off (`complete` is False), a half sentence is dropped."""
        return self._checked(self._splitter.flush(complete=complete))

    def _checked(self, pieces: Iterable[Piece]) -> list[Checked]:
        ready = [one for piece in pieces if not self.is_full and (one := self._check(piece)) is not None]
        if self._admitted is not None and ready:
            count = self._admitted([one.checked.text for one in ready])
            self._take_back(ready[count:])
            ready = ready[:count]
        return [one.checked for one in ready]

    def _check(self, piece: Piece) -> _Ready | None:
        line = Line(text=without_markup(piece.text)) if piece.is_code else make_inert(self._tables.read(piece.text))
        self._layout.meet(piece.gap, line.item)
        marked = parse_code(line.text) if piece.is_code else parse(line.text)
        sentence = Sentence.of(marked.plain)
        if not any(map(str.isalnum, sentence.text)):
            return None
        rule = self._rule_against(piece, line, sentence)
        if rule is None and only_leads_in(sentence.text, self._language):
            self._hold(sentence.text)
            return None
        if rule is None:
            ruling = self._sources.rule_on(sentence, marked.cited)
            if ruling.proofs and not self._is_known(ruling):
                return self._release(sentence, marked, ruling, is_code=piece.is_code)
            rule = ruling.rule or ("repeated" if ruling.proofs else "unsupported")
        self.refused = self.refused or (rule == "refusal" and not self.has_answered)
        self._drop(rule, sentence.text)
        return None

    def _is_known(self, ruling: Ruling) -> bool:
        """Tell whether a writer that goes on says what another has said and proved."""
        return self._resumed and all(self._citations.shows(source, quote) for source, quote in ruling.proofs)

    def _drop(self, rule: str, sentence: str) -> None:
        """Note what was dropped; its words only where they can't be those of a source that nobody may see."""
        self.dropped.append(Dropped(rule=rule, text="" if self._admitted else sentence))

    def _rule_against(self, piece: Piece, line: Line, sentence: Sentence) -> str | None:
        """Return the rule that stops a piece before it is held against the sources."""
        if not piece.whole:
            return "unfinished"
        if line.is_heading:
            return "heading"
        if sentence.plain in self._said:
            return "repeated"
        if not self._sources.knows_links(sentence.text):
            return "unknown_link"
        if is_refusal(sentence.text) and not self._sources.have_copied(sentence):
            return "refusal"
        return None

    def _release(self, sentence: Sentence, marked: Marked, ruling: Ruling, *, is_code: bool) -> _Ready:
        cited = marked.cited
        known, layout, length = len(self._citations.citations), self._layout.state, self._length
        numbers = {source.passage.number: (self._citations.cite(source, quote).n,) for source, quote in ruling.proofs}
        extra = [n for number, (n,) in numbers.items() if number not in cited]
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
        lead_in = ""
        if self._lead_in is not None:
            lead_in = self._layout.set(*self._lead_in)
            self._lead_in = None
        return lead_in + self._layout.set(gap, sentence, is_code=is_code)

    def _hold(self, lead_in: str) -> None:
        """Keep a lead-in until what it leads to comes; one that led to nothing gives way."""
        if self._lead_in is not None:
            self._layout.give_back(self._lead_in[0])
        self._lead_in = (self._layout.take(), lead_in)
