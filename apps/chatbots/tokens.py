"""Tokens of a language model, and what they cost by the prices in the settings."""

from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings

MILLION = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Tokens:
    """What a call of a model read and wrote, or may."""

    input: int = 0
    output: int = 0

    @property
    def cost(self) -> Decimal:
        """What that costs by the prices in the settings; 0 without any."""
        price = self.input * Decimal(str(settings.LLM_INPUT_PRICE))
        price += self.output * Decimal(str(settings.LLM_OUTPUT_PRICE))
        return price / MILLION
