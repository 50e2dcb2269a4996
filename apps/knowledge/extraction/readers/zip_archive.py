"""Reads ZIP archives: each member is read as the file it is, and one that fails does not stop the others."""

import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import PurePosixPath

from apps.core.error_handling import (
    ArchiveTooDeepError,
    DamagedDocumentError,
    DocumentError,
    DocumentTooLargeError,
    EmptyDocumentError,
    EncryptedDocumentError,
)
from apps.knowledge.extraction.charsets import decode
from apps.knowledge.extraction.cleaning import one_line
from apps.knowledge.extraction.containers import is_bomb, read_member
from apps.knowledge.extraction.limits import MIB, ExtractionLimits
from apps.knowledge.extraction.results import ExtractedDocument, ExtractedFile, ExtractionWarning
from apps.knowledge.extraction.source import SourceFile

# What operating systems add to archives.
_LITTER = {"__macosx", ".ds_store", "thumbs.db", "desktop.ini"}
_UTF8_NAME = 0x800
_ENCRYPTED = 0x1
_NESTED = "An archive inside an archive is not unpacked. Unpack it and upload the files themselves."


def read(source: SourceFile) -> ExtractedFile:
    """Return the documents of all members that can be read, and a warning for each that can't."""
    if source.in_archive:
        raise ArchiveTooDeepError(_NESTED)
    documents: list[ExtractedDocument] = []
    warnings: list[ExtractionWarning] = []
    failures: list[tuple[str, DocumentError]] = []
    with _open(source) as archive:
        members = list(_members(archive))
        _check(members, source.limits)
        for name, member in members:
            try:
                inner = _read(archive, name, member, source)
            except DocumentError as error:
                failures.append((name, error))
            else:
                documents += inner.documents
                warnings += [_within(name, warning) for warning in inner.warnings]
    if not documents:
        raise _reason(failures)
    return ExtractedFile(documents=tuple(documents), warnings=(*_summary(failures, len(members)), *warnings))


def _open(source: SourceFile) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(BytesIO(source.data))
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError) as error:
        raise DamagedDocumentError from error


def _members(archive: zipfile.ZipFile) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    """Yield the files with their names for people, but no hidden ones; names are never used to write or open."""
    for member in archive.infolist():
        name = _name(member)
        parts = [part for part in PurePosixPath(name.replace("\\", "/")).parts if part not in {"/", "..", "."}]
        hidden = any(part.startswith(".") for part in parts)
        if member.is_dir() or not parts or hidden or _LITTER & {part.lower() for part in parts}:
            continue
        yield "/".join(parts), member


def _name(member: zipfile.ZipInfo) -> str:
    """Return the name; programs that don't write UTF-8 write the charset of their country."""
    if member.flag_bits & _UTF8_NAME or member.filename.isascii():
        return one_line(member.filename)
    try:
        return one_line(decode(member.filename.encode("cp437")))
    except UnicodeEncodeError:
        return one_line(member.filename)


def _check(members: list[tuple[str, zipfile.ZipInfo]], limits: ExtractionLimits) -> None:
    if len(members) > limits.archive_members:
        raise DocumentTooLargeError(
            f"The archive holds {len(members):,} files; {limits.archive_members:,} are accepted. "
            "Split it and upload the parts."
        )
    if sum(member.file_size for _, member in members) > limits.archive_bytes:
        raise DocumentTooLargeError(
            f"The archive unpacks to more than {limits.archive_bytes // MIB} MB. Split it and upload the parts."
        )


def _read(archive: zipfile.ZipFile, name: str, member: zipfile.ZipInfo, source: SourceFile) -> ExtractedFile:
    if member.flag_bits & _ENCRYPTED:
        raise EncryptedDocumentError
    if member.file_size > source.limits.file_bytes or is_bomb(member, source.limits):
        raise DocumentTooLargeError("It unpacks to far more than a document of its size may hold.")
    return source.read_inner(name=name, data=read_member(archive, member), archive=True)


def _within(name: str, warning: ExtractionWarning) -> ExtractionWarning:
    return ExtractionWarning(code=warning.code, message=f"{name}: {warning.message}")


def _summary(failures: list[tuple[str, DocumentError]], total: int) -> Iterator[ExtractionWarning]:
    if failures:
        message = f"{len(failures)} of {total} files in the archive could not be read."
        yield ExtractionWarning(code="archive_incomplete", message=message)
    for name, error in failures:
        yield ExtractionWarning(code=error.code, message=f"{name}: {error}")


def _reason(failures: list[tuple[str, DocumentError]]) -> DocumentError:
    """Return why nothing came out: the one reason if it is the same for all files, else what the first ones are."""
    if not failures:
        return EmptyDocumentError("The archive holds no files. Upload one that does, or the files themselves.")
    first = failures[0][1]
    if len(failures) == 1:
        return type(first)(f"{failures[0][0]}: {first}")
    if all(type(error) is type(first) for _, error in failures):
        return type(first)(f"None of the {len(failures)} files in the archive could be read. {first}")
    reasons = " ".join(f"{name}: {error}" for name, error in failures[:3])
    return DamagedDocumentError(f"None of the {len(failures)} files in the archive could be read. {reasons}")
