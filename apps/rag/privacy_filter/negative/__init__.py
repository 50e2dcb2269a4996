"""The negative gate: stops what stands in learn-only sources and nowhere else, however it is written."""

from apps.rag.privacy_filter.negative.forbidden import Forbidden, GuardedText, build_forbidden
from apps.rag.privacy_filter.negative.gate import Hit, NegativeGate
from apps.rag.privacy_filter.negative.screening import Finding, Screen

__all__ = ["Finding", "Forbidden", "GuardedText", "Hit", "NegativeGate", "Screen", "build_forbidden"]
