"""Reads from an XLSX file how its numbers are shown: as per cent, as money, with which unit, how many decimals."""

import re
import zipfile
from collections.abc import Mapping
from io import BytesIO
from posixpath import join, normpath

from lxml import etree

from apps.knowledge.extraction.cells import NumberFormat
from apps.knowledge.extraction.xml import attributes, iterate, parse

_LARGEST_SHEET = 60_000_000
_BUILT_IN = {1: "0", 2: "0.00", 3: "0", 4: "0.00", 9: "0%", 10: "0.00%", 37: "0", 38: "0", 39: "0.00", 40: "0.00"}
_BUILT_IN |= {5: "0", 6: "0", 7: "0.00", 8: "0.00", 41: "0", 42: "0", 43: "0.00", 44: "0.00"}
_UNSHOWN = re.compile(r"_.|\*.|\[(?!\$)[^\]]*\]")
_LITERAL = re.compile(r'"([^"]*)"|\\(.)|\[\$([^\]-]*)(?:-[^\]]*)?\]|([$€£¥₩₹ ()+-])')
_DIGITS = re.compile(r"[#0?](?:[#0?,]*[#0?])?(?:\.([#0?]+))?")
_NO_NUMBER = re.compile(r"[ymdhsaeg@/]|general", re.IGNORECASE)
_SHOWS_NOTHING = ";;;"
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")

Formats = Mapping[tuple[int, int], NumberFormat]


def number_formats(data: bytes) -> dict[str, Formats]:
    """Return for each sheet by name how the numbers in its cells are shown; empty where the file doesn't tell."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            styles = _styles(archive)
            if not any(styles):
                return {}
            return {name: _sheet_formats(archive, part, styles) for name, part in sheet_parts(archive).items()}
    except (zipfile.BadZipFile, KeyError, ValueError, etree.XMLSyntaxError, RuntimeError, NotImplementedError):
        # The numbers themselves can be read all the same.
        return {}


def parse_format(code: str) -> NumberFormat | None:
    """Return how a format code shows a positive number, None for dates, fractions and what shows it as it is."""
    if code.strip() == _SHOWS_NOTHING:
        return NumberFormat(hidden=True)
    code = _UNSHOWN.sub("", code.split(";", maxsplit=1)[0])
    literals: list[str] = []

    def keep(match: re.Match[str]) -> str:
        literals.append(next(part for part in match.groups() if part is not None))
        return "\0"

    bare = _LITERAL.sub(keep, code)
    digits = _DIGITS.search(bare)
    if digits is None or _NO_NUMBER.search(bare) or bare[digits.end() :].startswith(","):
        return None
    before = bare[: digits.start()].count("\0")
    decimals = len(digits[1]) if digits[1] else 0
    prefix, suffix = "".join(literals[:before]).strip("()+ "), "".join(literals[before:]).strip("()-+")
    if "%" in bare:
        return NumberFormat(decimals=decimals, percent=True)
    return NumberFormat(decimals=decimals, prefix=prefix.lstrip("-"), suffix=suffix.rstrip())


def _styles(archive: zipfile.ZipFile) -> list[NumberFormat | None]:
    root = parse(archive.read("xl/styles.xml"))
    codes = dict(_BUILT_IN)
    for element in root.iterfind(".//{*}numFmts/{*}numFmt"):
        codes[int(element.get("numFmtId", "0"))] = element.get("formatCode", "")
    used = [int(element.get("numFmtId", "0")) for element in root.iterfind("{*}cellXfs/{*}xf")]
    return [parse_format(codes[number]) if number in codes else None for number in used]


def sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return for each sheet of an XLSX file by name the member of the archive that holds it."""
    targets = {
        element.get("Id", ""): element.get("Target", "")
        for element in parse(archive.read("xl/_rels/workbook.xml.rels")).iterfind("{*}Relationship")
    }
    parts = {}
    for sheet in parse(archive.read("xl/workbook.xml")).iterfind(".//{*}sheet"):
        target = targets.get(attributes(sheet).get("id", ""), "")
        parts[sheet.get("name", "")] = normpath(join("/xl", target)).lstrip("/")
    return parts


def _sheet_formats(archive: zipfile.ZipFile, part: str, styles: list[NumberFormat | None]) -> Formats:
    found: dict[tuple[int, int], NumberFormat] = {}
    if part not in archive.namelist() or archive.getinfo(part).file_size > _LARGEST_SHEET:
        return found
    with archive.open(part) as member:
        for cell in iterate(member, "{*}c"):
            style = int(cell.get("s", "0"))
            shown = styles[style] if style < len(styles) else None
            place = _REFERENCE.fullmatch(cell.get("r", "")) if shown else None
            if shown and place and (shown.hidden or cell.get("t", "n") == "n"):
                found[int(place[2]) - 1, _column(place[1])] = shown
    return found


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1
