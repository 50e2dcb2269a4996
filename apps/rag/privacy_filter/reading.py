"""Reads a model's stream: each sentence, item, row or block of code as it can be judged, without its markup."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from apps.rag.privacy_filter.courtesies import without_yes_or_no
from apps.rag.privacy_filter.evidence import Sentence
from apps.rag.privacy_filter.inert import Line, TableReader, make_inert, without_markup
from apps.rag.privacy_filter.markers import Marked, SourceBrackets, parse, parse_code
from apps.rag.privacy_filter.splitter import Piece, SentenceSplitter


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """A piece of what a model wrote: `item` is "- " or "1. " at an item's beginning, `gap` is what is before it.

    `whole` is False for what was cut off. `lead_in` is what the list that an item is in began with; `said_yes` is the
    lone yes (True) or no (False) before a sentence.
    """

    sentence: Sentence
    marked: Marked
    gap: str
    item: str = ""
    whole: bool = True
    is_code: bool = False
    is_heading: bool = False
    lead_in: str = field(default="", repr=False)
    said_yes: bool | None = None

    @property
    def announces(self) -> bool:
        """Whether it is there for what follows it."""
        return self.is_heading or self.sentence.leads_in

    @property
    def is_listed(self) -> bool:
        return bool(self.item) or self.is_code


class WrittenReader:
    """Reads one writer's stream."""

    def __init__(self, brackets: SourceBrackets) -> None:
        self._brackets = brackets
        self._splitter = SentenceSplitter()
        self._tables = TableReader()
        self._lead_in = ""
        self._said_yes: bool | None = None

    def feed(self, text: str) -> list[Written]:
        return self._written(self._splitter.feed(text))

    def flush(self, *, complete: bool) -> list[Written]:
        return self._written(self._splitter.flush(complete=complete))

    def instead_of(self, written: Written, text: str) -> list[Written]:
        """Return the sentences of a text that goes in the place of what was written."""
        splitter = SentenceSplitter()
        made = [self._read(piece) for piece in [*splitter.feed(text), *splitter.flush()]]
        first, *others = made or [written]
        return [
            replace(first, gap=written.gap, item=written.item, lead_in=written.lead_in),
            *(replace(other, lead_in=written.lead_in) for other in others),
        ]

    def _written(self, pieces: Iterable[Piece]) -> list[Written]:
        read = [one for piece in pieces if any(map(str.isalnum, (one := self._read(piece)).sentence.text))]
        return [self._placed(written) for written in read]

    def _placed(self, written: Written) -> Written:
        """Return what is written with what it follows."""
        placed = replace(written, lead_in=self._lead_in if written.is_listed else "", said_yes=self._said_yes)
        if written.announces:
            self._lead_in = written.sentence.text
        elif not written.is_listed:
            self._lead_in = ""
        rest, yes = without_yes_or_no(written.sentence.text)
        self._said_yes = None if rest else yes
        return placed

    def _read(self, piece: Piece) -> Written:
        line = Line(text=without_markup(piece.text)) if piece.is_code else make_inert(self._tables.read(piece.text))
        marked = parse_code(line.text) if piece.is_code else parse(line.text, self._brackets)
        return Written(
            sentence=Sentence.of(marked.plain),
            marked=marked,
            gap=piece.gap,
            item=line.item,
            whole=piece.whole,
            is_code=piece.is_code,
            is_heading=line.is_heading,
        )
