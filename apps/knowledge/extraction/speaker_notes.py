"""Tells the owner of a presentation that what only its speaker sees was left out."""

from collections.abc import Iterator

from apps.knowledge.extraction.results import ExtractionWarning


def about_notes(slides: int) -> Iterator[ExtractionWarning]:
    """Yield a warning where so many slides have notes."""
    if slides:
        of_slides = "1 slide" if slides == 1 else f"{slides} slides"
        message = (
            f"The speaker notes of {of_slides} were left out: they are not for those who see the slides. "
            "Put them into a text and upload that if visitors may see them."
        )
        yield ExtractionWarning(code="notes_left_out", message=message)
