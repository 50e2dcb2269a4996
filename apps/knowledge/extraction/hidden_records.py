"""Reads from XLS and XLSB files which rows and columns are hidden, from the binary records that keep it."""

import struct
import zipfile
from collections.abc import Iterator
from io import BytesIO
from posixpath import join, normpath

from apps.knowledge.extraction.ole import stream
from apps.knowledge.extraction.xml import parse

Hidden = tuple[tuple[range, ...], tuple[range, ...]]  # rows and columns

# Of XLS
_BOUND_SHEET, _ROW, _COLUMNS, _BEGIN, _END = 0x0085, 0x0208, 0x007D, 0x0809, 0x000A
_ROW_HIDDEN, _BIFF8 = 0x20, 0x0600
# Of XLSB
_BUNDLE_SHEET, _ROW_HEADER, _COLUMN_INFO = 156, 0, 60
_ROW_HEADER_HIDDEN = 0x10


def hidden_in_xls(data: bytes) -> dict[str, Hidden]:
    """Return for each sheet of an XLS file by name what is hidden on it; empty where the file doesn't tell."""
    book = stream(data, "Workbook") or stream(data, "Book")
    try:
        sheets = dict(_xls_sheets(book))
        return {name: _xls_hidden(book, place) for name, place in sheets.items()}
    except (struct.error, IndexError, ValueError):
        return {}


def _xls_sheets(book: bytes) -> Iterator[tuple[str, int]]:
    """Yield each sheet's name and where in the stream it begins."""
    version = struct.unpack_from("<H", book, 4)[0] if len(book) >= 6 else 0
    for kind, start, length in _xls_records(book, 0):
        if kind == _BOUND_SHEET:
            place, count = struct.unpack_from("<I2xB", book, start)
            if version < _BIFF8:
                yield book[start + 7 : start + 7 + count].decode("cp1252", "replace"), place
            elif book[start + 7] & 1:
                yield book[start + 8 : start + 8 + 2 * count].decode("utf-16-le", "replace"), place
            else:
                yield book[start + 8 : start + min(length, 8 + count)].decode("latin-1"), place


def _xls_hidden(book: bytes, place: int) -> Hidden:
    rows: list[range] = []
    columns: list[range] = []
    for kind, start, _ in _xls_records(book, place):
        if kind == _ROW:
            row, height, flags = struct.unpack_from("<H4xH4xH", book, start)
            if flags & _ROW_HIDDEN or height & 0x7FFF == 0:
                rows.append(range(row, row + 1))
        elif kind == _COLUMNS:
            first, last, width, flags = struct.unpack_from("<HHH2xH", book, start)
            if flags & 1 or width == 0:
                columns.append(range(first, last + 1))
    return tuple(rows), tuple(columns)


def _xls_records(book: bytes, place: int) -> Iterator[tuple[int, int, int]]:
    """Yield kind, place and length of the records of one part, without the charts inside it."""
    depth = 0
    while place + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, place)
        depth += (kind == _BEGIN) - (kind == _END)
        if depth == 1 and kind != _BEGIN:
            yield kind, place + 4, length
        if depth <= 0:
            return
        place += 4 + length


def hidden_in_xlsb(archive: zipfile.ZipFile) -> dict[str, Hidden]:
    """Return for each sheet of an XLSB file by name what is hidden on it."""
    targets = {
        element.get("Id", ""): normpath(join("/xl", element.get("Target", ""))).lstrip("/")
        for element in parse(archive.read("xl/_rels/workbook.bin.rels")).iterfind("{*}Relationship")
    }
    found: dict[str, Hidden] = {}
    for kind, content in _xlsb_records(archive.read("xl/workbook.bin")):
        if kind == _BUNDLE_SHEET:
            identity, rest = _text(content[8:])
            part = targets.get(identity, "")
            if part in archive.NameToInfo:
                found[_text(rest)[0]] = _xlsb_hidden(archive.read(part))
    return found


def _xlsb_hidden(data: bytes) -> Hidden:
    rows: list[range] = []
    columns: list[range] = []
    for kind, content in _xlsb_records(data):
        if kind == _ROW_HEADER:
            row, height, flags = struct.unpack_from("<I4xHxB", content)
            if flags & _ROW_HEADER_HIDDEN or height == 0:
                rows.append(range(row, row + 1))
        elif kind == _COLUMN_INFO:
            first, last, width, flags = struct.unpack_from("<III4xH", content)
            if flags & 1 or width == 0:
                columns.append(range(first, last + 1))
    return tuple(rows), tuple(columns)


def _xlsb_records(data: bytes) -> Iterator[tuple[int, bytes]]:
    reader = BytesIO(data)
    while head := reader.read(1):
        kind = head[0]
        if kind & 0x80:
            kind = (kind & 0x7F) | (reader.read(1) or b"\0")[0] << 7
        length = 0
        for place in range(4):
            part = (reader.read(1) or b"\0")[0]
            length |= (part & 0x7F) << (7 * place)
            if not part & 0x80:
                break
        yield kind, reader.read(length)


def _text(data: bytes) -> tuple[str, bytes]:
    """Return the text that begins here and what follows it."""
    (count,) = struct.unpack_from("<I", data)
    if count == 0xFFFFFFFF:
        return "", data[4:]
    end = 4 + 2 * count
    return data[4:end].decode("utf-16-le", "replace"), data[end:]
