"""What extraction hands on: documents made of blocks, and warnings about what could not be read."""

from dataclasses import dataclass, field

from apps.core.chunking.blocks import Block


@dataclass(frozen=True, kw_only=True, slots=True)
class ExtractionWarning:
    """Something was left out: a stable code for programs and a sentence for the owner.

    The sentence may name a member of an archive or a page; it never quotes the document's text.
    """

    code: str
    message: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ExtractedDocument:
    """One text that came out of a file; `external_id` and `url` are filled by bulk imports only.

    `language` is what the file declares (an ISO 639-1 code) and empty where it declares nothing.
    """

    title: str = field(repr=False)
    blocks: tuple[Block, ...] = field(repr=False)
    external_id: str = ""
    url: str = field(default="", repr=False)
    language: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExtractedFile:
    """All that came out of one file: at least one document, or an error was raised instead."""

    documents: tuple[ExtractedDocument, ...]
    warnings: tuple[ExtractionWarning, ...] = ()
