"""Reading: which blocks of the passages answer the question, and whether any does."""

from apps.rag.reading.reading import Reader
from apps.rag.reading.result import ReadContext, read_context

__all__ = ["ReadContext", "Reader", "read_context"]
