"""What the filter hands on: sentences that may be sent with their citations, and what was dropped."""

from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class Citation:
    """Proof of a sentence: `quote` stands word for word in the passage. `n` is the number of its marker."""

    n: int
    passage_id: UUID
    document_id: UUID
    title: str = field(repr=False)
    url: str = field(repr=False)
    page: int | None
    quote: str = field(repr=False)


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
