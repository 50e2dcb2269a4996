"""The original files of sources, kept in the database in pieces of a megabyte."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from apps.core.error_handling import DocumentTooLargeError, NotFoundError
from apps.knowledge.models import FilePiece, Source

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

PIECE = 1024 * 1024


def content_of(upload: "UploadedFile[Any]") -> BinaryIO:
    """Return the bytes of an upload."""
    return cast("BinaryIO", upload.file)


def measure(content: BinaryIO, *, limit: int) -> tuple[str, int]:
    """Return the SHA-256 and the size of a file, and rewind it. Raises DocumentTooLargeError beyond `limit` bytes."""
    content.seek(0)
    digest, size = hashlib.sha256(), 0
    while piece := content.read(PIECE):
        size += len(piece)
        if size > limit:
            raise DocumentTooLargeError(
                f"The file is larger than {limit // PIECE} MB, this server's limit. Split it and upload the parts."
            )
        digest.update(piece)
    content.seek(0)
    return digest.hexdigest(), size


def store(source: Source, content: BinaryIO) -> None:
    """Keep a file as the original of the source's present revision."""
    content.seek(0)
    position = 0
    while piece := content.read(PIECE):
        FilePiece.objects.create(source=source, revision=source.revision, position=position, content=piece)
        position += 1


def pieces(source: Source, *, revision: int | None = None) -> Iterator[bytes]:
    """Yield the original piece by piece. Raises NotFoundError when there is none."""
    rows = FilePiece.objects.filter(source=source, revision=revision or source.revision).order_by("position")
    numbers = list(rows.values_list("pk", flat=True))
    if not numbers and source.size:
        raise NotFoundError("The original of this source was not kept. Upload it again.")
    for number in numbers:  # one at a time: a file of 100 MB must not stand in memory
        yield bytes(FilePiece.objects.values_list("content", flat=True).get(pk=number))


def forget_earlier(source: Source) -> None:
    """Delete the originals of revisions that no longer serve."""
    FilePiece.objects.filter(source=source, revision__lt=source.revision).delete()


def take_to_next_revision(source: Source) -> None:
    """Count a source's revision up and keep its original: whoever works on the one before gives up."""
    kept = FilePiece.objects.filter(source=source, revision=source.revision)
    source.revision += 1
    kept.update(revision=source.revision)


@contextmanager
def on_disk(source: Source) -> Iterator[Path]:
    """Give the original as a temporary file, which is gone after the block."""
    with TemporaryDirectory(prefix="tacit-") as folder:
        path = Path(folder) / "original"
        with path.open("wb") as file:
            file.writelines(pieces(source))
        yield path
