"""What the answer flow takes in and hands on: the conversation so far, and the answer as it comes."""

from dataclasses import dataclass, field
from uuid import UUID

from apps.rag.privacy_filter import Citation
from apps.rag.trace import Trace


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """An earlier question of the conversation and the answer it got."""

    question: str = field(repr=False)
    answer: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Grounded:
    """Which citable passages the answer is made from; before anything is said, and never shown to anybody.

    Who sends the answer on stops it when one of them is withdrawn.
    """

    passage_ids: tuple[UUID, ...]
    document_ids: frozenset[UUID]


@dataclass(frozen=True, kw_only=True, slots=True)
class Delta:
    """A part of the answer, checked; all deltas in order are the answer."""

    text: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cited:
    """A citation, right after the delta in which its marker first stands."""

    citation: Citation = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """The whole answer; always the last event. `trace` is for the owner's eyes only.

    `answered` is False when the text only says that there is no information.
    """

    text: str = field(repr=False)
    citations: tuple[Citation, ...] = field(repr=False)
    answered: bool
    trace: Trace = field(repr=False)


Event = Grounded | Delta | Cited | Finished
