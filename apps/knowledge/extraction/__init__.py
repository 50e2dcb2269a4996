"""Reading documents: a file goes in, its documents come out as blocks, with a warning for each part left out.

`extract_safely` is the way for workers; `extract` reads in this process and loads all parsers into it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from apps.knowledge.extraction.limits import DEFAULT_LIMITS, ExtractionLimits
from apps.knowledge.extraction.results import ExtractedDocument, ExtractedFile, ExtractionWarning
from apps.knowledge.extraction.sandbox import extract_safely

if TYPE_CHECKING:
    from apps.knowledge.extraction.reading import extract

__all__ = [
    "DEFAULT_LIMITS",
    "ExtractedDocument",
    "ExtractedFile",
    "ExtractionLimits",
    "ExtractionWarning",
    "extract",
    "extract_safely",
]


def __getattr__(name: str) -> Any:
    """Load the parsers only for who asks for `extract`: they take 60 MB, which workers can do without."""
    if name == "extract":
        return import_module("apps.knowledge.extraction.reading").extract
    raise AttributeError(name)
