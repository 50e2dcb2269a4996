"""Makes files that hide something in ways no library writes: XLS, XLSB and PDF, record by record."""

import io
import struct
import zipfile

SECRET = "Gwendolyn settles for seventeen percent"
SEEN = "The warranty lasts twenty-four months from the day of purchase and covers the pump."


def record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def label(row: int, column: int, text: str) -> bytes:
    return record(0x0204, struct.pack("<HHHHB", row, column, 0, len(text), 0) + text.encode("latin-1"))


def row_of(row: int, *, hidden: bool) -> bytes:
    return record(0x0208, struct.pack("<HHHHHHHH", row, 0, 4, 255, 0, 0, 0x100 | 0x20 * hidden, 0))


def xls(*, hidden: bool, padding: int = 4096) -> bytes:
    """An XLS workbook with a row and a column that are hidden, or not."""
    begin = struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0)
    sheet = record(0x0809, begin) + record(0x007D, struct.pack("<HHHHHH", 3, 3, 2000, 0, int(hidden), 0))
    sheet += b"".join(row_of(row, hidden=hidden and row == 2) for row in range(3))
    cells = (("Part", "Text", "Price", "Internal"), ("Pump", SEEN, "61", SECRET), ("Floor", SECRET, "17", "x"))
    sheet += b"".join(label(row, column, text) for row, line in enumerate(cells) for column, text in enumerate(line))
    sheet += record(0x000A, b"")
    head = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    length = len(head) + 4 + 8 + 6 + 4
    head += record(0x0085, struct.pack("<IBBBB", length, 0, 0, 6, 0) + b"Prices") + record(0x000A, b"")
    assert len(head) == length
    return compound_file("Workbook", (head + sheet).ljust(padding, b"\0"))


def compound_file(name: str, content: bytes) -> bytes:
    """An OLE file with one stream of whole sectors: table, directory, stream."""
    count = len(content) // 512
    table = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, count + 2), 0xFFFFFFFE]
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<I", 0) + b"\xff" * 4 * 108
    directory = entry_of("Root Entry", 5, 0xFFFFFFFE, 0, 1) + entry_of(name, 2, 2, len(content), 0xFFFFFFFF)
    table += [0xFFFFFFFF] * (128 - len(table))
    return header + struct.pack("<128I", *table) + directory.ljust(512, b"\0") + content


def entry_of(name: str, kind: int, sector: int, length: int, child: int) -> bytes:
    named = name.encode("utf-16-le")
    entry = named.ljust(64, b"\0") + struct.pack("<HBB", len(named) + 2, kind, 1)
    entry += struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, child) + bytes(36)
    return entry + struct.pack("<IQ", sector, length)


def binary(kind: int, content: bytes) -> bytes:
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    length = len(content)
    size = bytes([length]) if length < 128 else bytes([length & 0x7F | 0x80, length >> 7])
    return head + size + content


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def xlsb(*, hidden: bool) -> bytes:
    """An XLSB workbook with a row and a column that are hidden, or not."""
    cells = (("Part", "Text", "Price", "Internal"), ("Pump", SEEN, "61", SECRET), ("Floor", SECRET, "17", "x"))
    sheet = binary(129, b"") + binary(148, struct.pack("<IIII", 0, 2, 0, 3)) + binary(390, b"")
    sheet += binary(60, struct.pack("<IIIIH", 3, 3, 2000, 0, int(hidden))) + binary(391, b"") + binary(145, b"")
    for row, line in enumerate(cells):
        flags = 0x10 if hidden and row == 2 else 0
        sheet += binary(0, struct.pack("<IIHBBB", row, 0, 300, 0, flags, 0) + struct.pack("<I", 0))
        sheet += b"".join(binary(6, struct.pack("<II", column, 0) + wide(text)) for column, text in enumerate(line))
    sheet += binary(146, b"") + binary(130, b"")
    book = binary(131, b"") + binary(143, b"")
    book += binary(156, struct.pack("<II", 0, 1) + wide("rId1") + wide("Prices")) + binary(144, b"") + binary(132, b"")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.bin", book)
        relation = '<Relationship Id="rId1" Type="worksheet" Target="worksheets/sheet1.bin"/>'
        archive.writestr("xl/_rels/workbook.bin.rels", f'<Relationships xmlns="r">{relation}</Relationships>')
        archive.writestr("xl/worksheets/sheet1.bin", sheet)
    return file.getvalue()


def layered(*, off: bool) -> bytes:
    """A PDF with a text on a layer that is off, or on."""
    lines = (f"BT /F1 12 Tf 72 700 Td ({SEEN}) Tj ET", f"/OC /L1 BDC BT /F1 12 Tf 72 600 Td ({SECRET}) Tj ET EMC")
    content = "\n".join(lines)
    objects = (
        f"<</Type/Catalog/Pages 2 0 R/OCProperties<</OCGs[6 0 R]/D<</{'OFF' if off else 'ON'}[6 0 R]>>>>>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        "/Resources<</Font<</F1 5 0 R>>/Properties<</L1 6 0 R>>>>>>",
        f"<</Length {len(content)}>>stream\n{content}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        "<</Type/OCG/Name(Internal)>>",
    )
    return pdf_of(objects)


def pdf_of(objects: tuple[str, ...]) -> bytes:
    out, places = "%PDF-1.7\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{one}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    trailer = f"trailer<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{len(out)}\n%%EOF"
    return f"{out}xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{trailer}".encode()
