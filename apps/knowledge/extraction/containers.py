"""Opens ZIP containers from strangers without letting them unfold beyond all measure."""

import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

from apps.core.error_handling import DamagedDocumentError, DocumentTooLargeError, EncryptedDocumentError
from apps.knowledge.extraction.limits import ExtractionLimits

_BOMB = "The file unpacks to far more than it may hold. If it is what it says, unpack it and upload the parts."
_ENCRYPTED_FLAG = 0x1


@contextmanager
def open_container(data: bytes, limits: ExtractionLimits) -> Iterator[zipfile.ZipFile]:
    """Open the ZIP container of a document (DOCX, EPUB, ODT …) whose parts together stay within the limits."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            check_size(archive.infolist(), limits)
            yield archive
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise DamagedDocumentError from error


def check_size(members: list[zipfile.ZipInfo], limits: ExtractionLimits) -> None:
    """Raise if the members unpack to more than the limit, or ask for a password."""
    if any(member.flag_bits & _ENCRYPTED_FLAG for member in members):
        raise EncryptedDocumentError
    if sum(member.file_size for member in members) > limits.archive_bytes:
        raise DocumentTooLargeError(_BOMB)


def is_bomb(member: zipfile.ZipInfo, limits: ExtractionLimits) -> bool:
    """Tell whether a member unpacks to so many times its size that no document would."""
    return member.file_size > 1_000_000 and member.file_size > limits.archive_ratio * max(1, member.compress_size)


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Return a member's content; zipfile never gives more than the size that was checked."""
    try:
        return archive.read(member)
    except RuntimeError as error:  # zipfile's way to ask for a password
        raise EncryptedDocumentError from error
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        EOFError,
        OSError,
        ValueError,
        NotImplementedError,
    ) as error:
        raise DamagedDocumentError from error
