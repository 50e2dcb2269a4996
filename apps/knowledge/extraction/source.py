"""A file on its way to a reader, or a file inside a file."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from apps.core.error_handling import ArchiveTooDeepError
from apps.knowledge.extraction.cleaning import one_line
from apps.knowledge.extraction.limits import DEFAULT_LIMITS, ExtractionLimits
from apps.knowledge.extraction.results import ExtractedFile


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceFile:
    """The bytes of a file with the name its owner gave it; the name is for people, never for opening anything."""

    name: str = field(repr=False)
    data: bytes = field(repr=False)
    limits: ExtractionLimits = DEFAULT_LIMITS
    nesting: int = 0
    in_archive: bool = False
    read_member: "Reader | None" = field(default=None, repr=False)

    @property
    def stem(self) -> str:
        """The name without folders and extension: the title of a document that has none of its own."""
        return one_line(PurePosixPath(self.name.replace("\\", "/")).stem) or "Untitled"

    @property
    def extension(self) -> str:
        """The extension in lower case, without its dot."""
        return PurePosixPath(self.name.replace("\\", "/")).suffix.lower().lstrip(".")

    def read_inner(self, *, name: str, data: bytes, archive: bool = False) -> ExtractedFile:
        """Read a member of an archive or an attachment with the reader that its content asks for."""
        if self.read_member is None or self.nesting >= self.limits.archive_nesting:
            raise ArchiveTooDeepError
        inner = replace(self, name=name, data=data, nesting=self.nesting + 1, in_archive=self.in_archive or archive)
        return self.read_member(inner)


Reader = Callable[[SourceFile], ExtractedFile]
