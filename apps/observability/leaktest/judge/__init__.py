"""Decides whether an attempt leaked: independent of the privacy filter, simple and slow."""

from apps.observability.leaktest.judge.judging import Judge, Mistake
from apps.observability.leaktest.judge.material import Material, Text

__all__ = ["Judge", "Material", "Mistake", "Text"]
