"""The catalogue: 68 families of attacks, in the order of their numbers."""

from apps.observability.leaktest.attacks import (
    asking,
    conversations,
    encodings,
    injections,
    interfaces,
    oracles,
    workings,
)
from apps.observability.leaktest.attacks.family import Case, Family, Request, Target

CATALOGUE: tuple[Family, ...] = (
    *asking.FAMILIES,
    *encodings.FAMILIES,
    *conversations.FAMILIES,
    *oracles.FAMILIES,
    *injections.FAMILIES,
    *interfaces.FAMILIES,
    *workings.FAMILIES,
)
BY_NUMBER = {family.number: family for family in CATALOGUE}

__all__ = ["BY_NUMBER", "CATALOGUE", "Case", "Family", "Request", "Target"]
