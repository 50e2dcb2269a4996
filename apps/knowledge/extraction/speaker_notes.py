"""Tells the owner of a presentation that what only its speaker sees is read as well."""

from collections.abc import Iterator, Sequence

from apps.core.chunking.blocks import Block, BlockKind
from apps.knowledge.extraction.results import ExtractionWarning


def about_notes(blocks: Sequence[Block]) -> Iterator[ExtractionWarning]:
    """Yield a warning where slides have notes."""
    slides = len({block.page for block in blocks if block.kind is BlockKind.NOTE})
    if slides:
        of_slides = "1 slide" if slides == 1 else f"{slides} slides"
        message = (
            f"The speaker notes of {of_slides} were read too, and visitors may see them quoted. "
            "Remove notes that are not for visitors and upload the file again."
        )
        yield ExtractionWarning(code="notes_included", message=message)
