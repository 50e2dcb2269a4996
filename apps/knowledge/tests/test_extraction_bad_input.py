"""Mallory, and bad luck, upload files that are broken, disguised, bottomless or locked: each ends with a reason."""

import random
import zipfile
from io import BytesIO
from pathlib import Path

import docx
import pytest
from openpyxl import Workbook

from apps.core.error_handling import (
    ArchiveTooDeepError,
    DamagedDocumentError,
    DocumentError,
    DocumentTooLargeError,
    EmptyDocumentError,
    EncryptedDocumentError,
    ScannedDocumentError,
    UnknownFormatError,
)
from apps.knowledge.extraction import ExtractedFile, ExtractionLimits, extract
from apps.knowledge.extraction.limits import MIB
from apps.knowledge.extraction.reading import extract_bytes


def read(data: bytes, name: str = "file.bin", **limits: int) -> ExtractedFile:
    return extract_bytes(data, file_name=name, limits=ExtractionLimits(**limits))


def texts(found: ExtractedFile) -> list[str]:
    return [block.text for document in found.documents for block in document.blocks]


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def letter() -> bytes:
    document = docx.Document()
    document.add_paragraph("Return the lamp within 14 days.")
    buffer = BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def old_office(stream: str) -> bytes:
    """Make an OLE file of one directory sector that names a stream."""
    name = stream.encode("utf-16-le")
    end, free, table = b"\xfe\xff\xff\xff", b"\xff\xff\xff\xff", b"\xfd\xff\xff\xff"
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(22) + b"\x09\x00" + bytes(16)
    header += b"\x01\x00\x00\x00" + bytes(16) + end + bytes(4) + b"\x00\x00\x00\x00" + free * 108
    header = header[:44] + b"\x01\x00\x00\x00" + b"\x01\x00\x00\x00" + header[52:68] + end + bytes(4) + header[76:]
    header = header[:76] + b"\x00\x00\x00\x00" + free * 108
    allocation = table + end + free * 126

    def entry(label: bytes, child: bytes) -> bytes:
        return label.ljust(64, b"\0") + bytes([len(label) + 2, 0, 5, 1]) + free * 2 + child + bytes(48)

    root = entry("Root Entry".encode("utf-16-le"), b"\x01\x00\x00\x00")
    return header.ljust(512, b"\0") + allocation + (root + entry(name, free)).ljust(512, b"\0")


RANDOM = random.Random(1).randbytes(4_000)  # noqa: S311 - noise, the same each time

REFUSED: dict[str, tuple[bytes, type[DocumentError], str]] = {
    "nothing at all": (b"", EmptyDocumentError, "document_empty"),
    "only white space and marks": (b"\xef\xbb\xbf \r\n\t\n", EmptyDocumentError, "document_empty"),
    "only NULs": (bytes(5_000), EmptyDocumentError, "document_empty"),
    "a spreadsheet without cells": (b"", EmptyDocumentError, "document_empty"),
    "noise": (RANDOM, UnknownFormatError, "document_format_unknown"),
    "a program": (b"\x7fELF\x02\x01\x01" + bytes(200), UnknownFormatError, "document_format_unknown"),
    "a film": (b"\0\0\0\x18ftypmp42" + bytes(200), UnknownFormatError, "document_format_unknown"),
    "a packed file that is no ZIP": (b"Rar!\x1a\x07\0" + RANDOM, UnknownFormatError, "document_format_unknown"),
    "an old Word file": (old_office("WordDocument"), UnknownFormatError, "document_format_unknown"),
    "an Outlook message": (old_office("__properties_version1.0"), UnknownFormatError, "document_format_unknown"),
    "a locked Office file": (old_office("EncryptedPackage"), EncryptedDocumentError, "document_encrypted"),
    "an old Office file cut off": (old_office("WordDocument")[:520], DamagedDocumentError, "document_damaged"),
    "some XML": (b"<?xml version='1.0'?><prices/>", UnknownFormatError, "document_format_unknown"),
    "a photo": (b"\xff\xd8\xff\xe0" + RANDOM, ScannedDocumentError, "document_needs_ocr"),
    "a fax": (b"II*\0" + RANDOM, ScannedDocumentError, "document_needs_ocr"),
    "a DOCX cut off": (letter()[:6_000], DamagedDocumentError, "document_damaged"),
    "a PDF cut off": (b"%PDF-1.7\n1 0 obj\n<<", DamagedDocumentError, "document_damaged"),
    "a ZIP of nothing": (zipped({}), EmptyDocumentError, "document_empty"),
    "a ZIP of litter": (zipped({"__MACOSX/._a": b"x", "b/.DS_Store": b"y"}), EmptyDocumentError, "document_empty"),
    "a ZIP of a ZIP": (zipped({"in.zip": zipped({"a.txt": b"Lamp"})}), ArchiveTooDeepError, "archive_too_deep"),
    "a page without words": (b"<html><body><img src=x></body></html>", EmptyDocumentError, "document_empty"),
    "an import without a good line": (b'{"text": ""}\n{"text": 5', EmptyDocumentError, "document_empty"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_each_bad_file_has_its_reason(what: str) -> None:
    data, error, code = REFUSED[what]
    if what == "a spreadsheet without cells":
        buffer = BytesIO()
        Workbook().save(buffer)
        data = buffer.getvalue()
    with pytest.raises(error) as raised:
        read(data, "import.jsonl" if what.startswith("an import") else "file.bin")
    assert raised.value.code == code
    assert ". " in str(raised.value), "it says what happened and what to do"


def test_a_file_is_what_it_is_whatever_its_name_says() -> None:
    for name in ("letter.pdf", "letter.txt", "letter", "letter.xlsx"):
        assert texts(read(letter(), name)) == ["Return the lamp within 14 days."]
    assert texts(read(b"{\\rtf1 Return the lamp.}", "letter.docx")) == ["Return the lamp."]
    assert texts(read(b"Just a note about lamps.", "picture.png")) == ["Just a note about lamps."]
    assert texts(read(b"BM is short for a make of lamp.", "note.bmp")) == ["BM is short for a make of lamp."]


def test_too_large_a_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    path.write_bytes(b"lamp " * 1_000)
    with pytest.raises(DocumentTooLargeError, match="larger than 0 MB"):
        extract(path, file_name="large.txt", limits=ExtractionLimits(file_bytes=100))
    with pytest.raises(DocumentTooLargeError):
        read(b"lamp " * 1_000, output_characters=100)


class TestArchives:
    def test_each_member_is_a_document_and_each_failure_a_warning(self) -> None:
        found = read(
            zipped(
                {
                    "faq/returns.docx": letter(),
                    "prices.csv": b"Model,Price\nLumen 3,49\n",
                    "photo.jpg": b"\xff\xd8\xff" + RANDOM,
                    "more.zip": zipped({"a.txt": b"Lamp"}),
                    "broken.pdf": b"%PDF-1.4 nothing",
                    "empty.txt": b"",
                }
            ),
            "docs.zip",
        )
        assert [document.title for document in found.documents] == ["returns", "prices"]
        assert texts(found) == ["Return the lamp within 14 days.", "Model: Lumen 3; Price: 49"]
        assert [warning.code for warning in found.warnings] == [
            "archive_incomplete",
            "document_needs_ocr",
            "archive_too_deep",
            "document_damaged",
            "document_empty",
        ]
        assert found.warnings[0].message == "4 of 6 files in the archive could not be read."
        assert found.warnings[1].message.startswith("photo.jpg: ")

    def test_names_that_lead_elsewhere_lead_nowhere(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        found = read(zipped({"../../etc/returns.txt": b"Lamp", "C:\\windows\\a.txt": b"Cable"}), "docs.zip")
        assert [document.title for document in found.documents] == ["returns", "a"]
        assert list(tmp_path.iterdir()) == []

    def test_a_member_that_unfolds_beyond_all_measure_is_left_out(self) -> None:
        found = read(zipped({"a.txt": b"Lamp", "bomb.txt": bytes(20 * MIB)}), "docs.zip")
        assert texts(found) == ["Lamp"]
        assert [warning.code for warning in found.warnings] == ["archive_incomplete", "document_too_large"]

    def test_members_that_are_too_much_together_are_refused(self) -> None:
        members = {f"{number}.txt": RANDOM * 100 for number in range(4)}
        with pytest.raises(DocumentTooLargeError, match="unpacks to more than 1 MB"):
            read(zipped(members), "docs.zip", archive_bytes=MIB)
        with pytest.raises(DocumentTooLargeError, match="holds 4 files"):
            read(zipped(members), "docs.zip", archive_members=3)

    def test_a_document_that_is_a_bomb_inside_is_refused(self) -> None:
        content_types = b'<Types><Override ContentType="x.wordprocessingml.document.main+xml"/></Types>'
        bomb = zipped({"[Content_Types].xml": content_types, "word/document.xml": b" " * 3 * MIB})
        with pytest.raises(DocumentTooLargeError):
            read(bomb, "letter.docx", archive_bytes=MIB)

    def test_a_size_that_lies_is_found_out(self) -> None:
        honest = zipped({"a.txt": b"Lamp" * 1_000})
        place = honest.rindex(b"PK\x01\x02") + 24
        lying = honest[:place] + (10).to_bytes(4, "little") + honest[place + 4 :]
        with pytest.raises(DamagedDocumentError):
            read(lying, "docs.zip")

    def test_one_reason_for_all_is_said_once(self) -> None:
        with pytest.raises(ScannedDocumentError, match="None of the 2 files"):
            read(zipped({"a.png": b"\x89PNG" + RANDOM, "b.png": b"\x89PNG" + RANDOM}), "docs.zip")

    def test_a_locked_archive_is_recognised(self) -> None:
        locked = bytearray(zipped({"a.txt": b"Lamp"}))
        for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            locked[locked.index(mark) + offset] |= 1
        with pytest.raises(EncryptedDocumentError):
            read(bytes(locked), "docs.zip")

    def test_messages_inside_messages_end_somewhere(self) -> None:
        message = b"From: a@example.org\nSubject: End\n\nThe end."
        for depth in range(12):
            message = (
                b"From: a@example.org\nSubject: %d\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x%d\n\n"
                b"--x%d\nContent-Type: message/rfc822\n\n%b\n--x%d--\n" % (depth, depth, depth, message, depth)
            )
        found = read(message, "chain.eml")
        assert len(found.documents) == ExtractionLimits().archive_nesting + 1
        assert [warning.code for warning in found.warnings] == ["attachment_left_out"]


def test_entities_of_xml_are_not_unfolded() -> None:
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    content = f'<!DOCTYPE x [<!ENTITY l0 "lol">{lol}]><x xmlns:t="t"><t:p>Lamp &l9;</t:p></x>'
    data = zipped({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": content.encode()})
    assert sum(map(len, texts(read(data, "a.odt")))) < 1_000


@pytest.mark.parametrize("seed", range(40))
def test_damage_anywhere_never_ends_in_anything_but_text_or_a_reason(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same damage each time
    data = bytearray(letter())
    for _ in range(chance.randint(1, 60)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    del data[chance.randrange(len(data)) :: chance.randint(2, 10_000)]
    try:
        found = read(bytes(data), "letter.docx")
    except DocumentError as error:
        reason = error.code
    else:
        reason = "" if texts(found) else "empty without a reason"
    assert reason.startswith("document_") or reason == ""
