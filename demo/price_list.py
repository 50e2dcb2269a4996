"""The price list: an Excel workbook from `text/price_list.toml`, one sheet to the table."""

import tomllib
from io import BytesIO
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

HEAD_FONT, HEAD_FILL = (
    Font(bold=True, color="FFFFFF"),
    PatternFill("solid", fgColor="1C6A72"),
)
PRICE_FORMAT = "£#,##0.00"


def build_price_list(source: Path) -> bytes:
    content = tomllib.loads(source.read_text(encoding="utf-8"))
    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.title, book.properties.creator = (
        content["title"],
        "Ottermere Coffee Works",
    )
    for sheet in content["sheets"]:
        _fill(book.create_sheet(sheet["name"]), sheet, content["valid"])
    target = BytesIO()
    book.save(target)
    return target.getvalue()


def _fill(sheet: Worksheet, content: dict[str, Any], valid: str) -> None:
    sheet.append([f"Ottermere Coffee Works: {content['name']}"])
    sheet.append([valid])
    sheet.append([])
    sheet.append(content["columns"])
    for row in content["rows"]:
        sheet.append(row)
    sheet["A1"].font = Font(bold=True, size=16, color="0B3B44")
    sheet.freeze_panes = "A5"
    for cell in sheet[4]:
        cell.font, cell.fill = HEAD_FONT, HEAD_FILL
    for index, width in enumerate(content["widths"], start=1):
        sheet.column_dimensions[get_column_letter(index)].width = width
    for row in sheet.iter_rows(min_row=5):
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if isinstance(cell.value, float):
                cell.number_format = PRICE_FORMAT
