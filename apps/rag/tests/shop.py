"""A made-up shop that sells vacuum cleaners: its passages, its chatbot, and the search that finds them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from apps.core.chunking import Part
from apps.rag.context_builder import Context, ContextBuilder

WARRANTY = (
    "The warranty lasts 24 months from the date of purchase. Batteries are not covered. "
    "To claim, write to service@acme.example."
)
PRICES = "Model: X100; Price: 20 EUR; Weight: 3 kg\nModel: X200; Price: 30 EUR; Weight: 4 kg"
CLEANING = (
    "How do I clean the filter?\n\n1. Switch the cleaner off.\n2. Open the lid and take out the filter.\n"
    "3. Rinse it under cold water.\n4. Let it dry for 24 hours."
)
FAQ = (
    "Q: Can I return a cleaner? A: Yes, within 30 days of purchase. Keep the receipt.\n\n"
    "Q: Do you ship to France? A: Yes, we ship to all of Europe."
)
HISTORY = "Acme was founded by Jane Miller in Hamburg on 7 February 1998. Use the <del> tag to strike text out."


@dataclass(frozen=True, kw_only=True)
class ShopHit:
    """A hit as search hands it out."""

    passage_id: uuid.UUID
    document_id: uuid.UUID
    title: str
    text: str = field(repr=False)
    heading_path: tuple[str, ...] = ()
    url: str = ""
    page: int | None = None
    layout: tuple[Part, ...] = ()
    score: float = 0.8
    cosine: float = 0.6
    bm25: float = 3.0


@dataclass(frozen=True, kw_only=True)
class ShopBot:
    """The shop's chatbot."""

    id: uuid.UUID = field(default_factory=uuid.uuid4)
    name: str = "Acme"
    instructions: str = ""
    tone: str = "plain"
    language: str = ""
    learn_only_use: str = "steer"
    is_steered: bool = True
    monthly_cost: Decimal | None = None
    monthly_tokens: int | None = None


def hit(number: int, title: str, text: str, **more: Any) -> ShopHit:
    made = ShopHit(passage_id=uuid.UUID(int=number), document_id=uuid.UUID(int=100 + number), title=title, text=text)
    return replace(made, **more)


SHOP = (
    hit(1, "Manual", WARRANTY, heading_path=("Warranty",), page=7, url="https://acme.example/manual"),
    hit(2, "Price list", PRICES, score=0.6, cosine=0.3),
    hit(3, "Cleaning", CLEANING, score=0.5, cosine=0.3),
    hit(4, "FAQ", FAQ, score=0.4, cosine=0.3),
    hit(5, "About us", HISTORY, score=0.3, cosine=0.2),
)


def shop_context(*hits: ShopHit) -> Context:
    return ContextBuilder().build(hits or SHOP)


class FakeSearch:
    """Finds the same passages for every question, and remembers the questions."""

    def __init__(self, hits: Sequence[ShopHit] = SHOP) -> None:
        self.queries: list[str] = []
        self._hits = hits

    async def search(self, *, chatbot_id: uuid.UUID, query: str, k: int, steered: bool = False) -> Sequence[ShopHit]:
        self.queries.append(query)
        return self._hits[:k]

    async def corrected(self, *, chatbot_id: uuid.UUID, query: str, language: str) -> str:
        return query
