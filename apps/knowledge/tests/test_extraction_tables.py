"""Bob uploads price lists: each row says by itself what its numbers mean."""

import datetime as dt
import zipfile
from io import BytesIO

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from apps.core.chunking.blocks import Block, BlockKind
from apps.core.error_handling import EmptyDocumentError
from apps.knowledge.extraction import ExtractedFile, ExtractionLimits
from apps.knowledge.extraction.cells import NumberFormat, cell_text
from apps.knowledge.extraction.number_formats import parse_format
from apps.knowledge.extraction.reading import extract_bytes
from apps.knowledge.extraction.tables import is_amount, table_blocks


def read(data: bytes, name: str) -> ExtractedFile:
    return extract_bytes(data, file_name=name, limits=ExtractionLimits())


def read_workbook(workbook: Workbook) -> ExtractedFile:
    buffer = BytesIO()
    workbook.save(buffer)
    return read(buffer.getvalue(), "prices.xlsx")


def read_rows(*rows: tuple[object, ...]) -> tuple[Block, ...]:
    workbook = Workbook()
    for row in rows:
        sheet_of(workbook).append(row)
    return read_workbook(workbook).documents[0].blocks


def sheet_of(workbook: Workbook) -> Worksheet:
    sheet = workbook.active
    assert isinstance(sheet, Worksheet)
    return sheet


def rows_of(blocks: tuple[Block, ...]) -> list[str]:
    return [block.text for block in blocks if block.kind is BlockKind.TABLE_ROW]


def headings_of(blocks: tuple[Block, ...]) -> list[str]:
    return [block.text for block in blocks if block.kind is BlockKind.HEADING]


def test_each_sheet_is_a_page_under_its_name() -> None:
    workbook = Workbook()
    sheet_of(workbook).title = "Lamps"
    sheet_of(workbook).append(["Model", "Price"])
    sheet_of(workbook).append(["Lumen 3", 49])
    workbook.create_sheet("Cables").append(["Only a remark"])
    blocks = read_workbook(workbook).documents[0].blocks
    assert [(block.kind, block.text, block.page) for block in blocks] == [
        (BlockKind.HEADING, "Lamps", 1),
        (BlockKind.TABLE_ROW, "Model: Lumen 3; Price: 49", 1),
        (BlockKind.HEADING, "Cables", 2),
        (BlockKind.PARAGRAPH, "Only a remark", 2),
    ]


def test_a_hidden_sheet_is_never_read_and_the_owner_is_told() -> None:
    workbook = Workbook()
    sheet_of(workbook).append(["Visible to all"])
    secret = workbook.create_sheet("Margins")
    secret.append(["Lumen 3", "62 %"])
    seen = read_workbook(workbook)
    assert "62 %" in str([block.text for block in seen.documents[0].blocks])
    for state in ("hidden", "veryHidden"):
        secret.sheet_state = state
        found = read_workbook(workbook)
        assert "62 %" not in str([block.text for block in found.documents[0].blocks])
        assert [(warning.code, "Margins" in warning.message) for warning in found.warnings] == [("hidden_sheet", True)]


def price_list_from_c4() -> Workbook:
    """A table that begins neither in the first row nor in the first column."""
    workbook = Workbook()
    sheet = sheet_of(workbook)
    sheet.title = "Prices"
    rows = (("Model", "Cost", "Price", "Stock"), ("Lumen 3", 19, 49, 7), ("Lumen 4", 29, 69, 0), ("Lumen 5", 39, 89, 2))
    for row, values in enumerate(rows, start=4):
        for column, value in enumerate(values, start=3):
            sheet.cell(row, column, value)
    return workbook


def test_hidden_columns_and_rows_are_never_read_and_the_owner_is_told() -> None:
    workbook = price_list_from_c4()
    seen = read_workbook(workbook)
    assert "Model: Lumen 5; Cost: 39; Price: 89; Stock: 2" in rows_of(seen.documents[0].blocks)
    assert seen.warnings == ()
    sheet = sheet_of(workbook)
    sheet.column_dimensions["D"].hidden = True
    sheet.row_dimensions[6].hidden = True
    found = read_workbook(workbook)
    assert rows_of(found.documents[0].blocks) == [
        "Model: Lumen 3; Price: 49; Stock: 7",
        "Model: Lumen 5; Price: 89; Stock: 2",
    ]
    (warning,) = found.warnings
    assert warning.code == "hidden_cells"
    assert "“Prices” and left out: 1 row and 1 column. Unhide" in warning.message


def test_hidden_columns_next_to_each_other_are_one_entry_of_the_file_and_all_left_out() -> None:
    workbook = price_list_from_c4()
    sheet_of(workbook).column_dimensions.group("D", "E", hidden=True)
    found = read_workbook(workbook)
    assert rows_of(found.documents[0].blocks)[0] == "Model: Lumen 3; Stock: 7"
    assert "2 columns" in found.warnings[0].message


def test_a_column_of_no_width_is_hidden_too() -> None:
    workbook = price_list_from_c4()
    sheet_of(workbook).column_dimensions["D"].width = 12.5
    plain, narrowed = BytesIO(), BytesIO()
    workbook.save(plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(narrowed, "w") as target:
        for member in source.namelist():
            target.writestr(member, source.read(member).replace(b'width="12.5"', b'width="0"'))
    assert "Cost: 19" in str(rows_of(read(plain.getvalue(), "prices.xlsx").documents[0].blocks))
    assert "Cost: 19" not in str(rows_of(read(narrowed.getvalue(), "prices.xlsx").documents[0].blocks))


def test_hidden_rows_and_columns_without_text_are_worth_no_warning() -> None:
    workbook = price_list_from_c4()
    sheet_of(workbook).column_dimensions["A"].hidden = True
    sheet_of(workbook).row_dimensions[2].hidden = True
    found = read_workbook(workbook)
    assert found.warnings == ()
    assert rows_of(found.documents[0].blocks)[0] == "Model: Lumen 3; Cost: 19; Price: 49; Stock: 7"


def test_a_workbook_of_which_all_is_hidden_is_empty() -> None:
    workbook = price_list_from_c4()
    sheet_of(workbook).column_dimensions.group("A", "Z", hidden=True)
    with pytest.raises(EmptyDocumentError):
        read_workbook(workbook)


def test_numbers_are_written_as_the_sheet_shows_them() -> None:
    workbook = Workbook()
    sheet = sheet_of(workbook)
    sheet.append(["Model", "Discount", "Price", "Weight", "Since", "Factor", "On sale"])
    sheet.append(["Lumen 3", 0.125, 49.5, 2.5, dt.datetime(2024, 3, 1), 0.1 + 0.2, True])  # noqa: DTZ001 - a cell has no zone
    for cell, shown in (("B2", "0.0%"), ("C2", '#,##0.00 "€"'), ("D2", '0.0" kg"'), ("E2", "dd/mm/yyyy")):
        sheet[cell].number_format = shown
    assert rows_of(read_workbook(workbook).documents[0].blocks) == [
        "Model: Lumen 3; Discount: 12.5%; Price: 49.50 €; Weight: 2.5 kg; Since: 2024-03-01; Factor: 0.3; On sale: yes"
    ]


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("0%", NumberFormat(decimals=0, percent=True)),
        ("[$€-407] #,##0.00", NumberFormat(decimals=2, prefix="€")),
        ('_("$"* #,##0.00_);_("$"* (#,##0.00)', NumberFormat(decimals=2, prefix="$")),
        ("#,##0", NumberFormat(decimals=0)),
        ("General", None),
        ("dd/mm/yyyy", None),
        ("# ?/?", None),
        ("0.00E+00", None),
        ("0,,", None),
        ("@", None),
    ],
)
def test_format_codes_are_understood_or_left_alone(code: str, shown: NumberFormat | None) -> None:
    assert parse_format(code) == shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12.0, "12"),
        (1234567890123.0, "1234567890123"),
        (0.30000000000000004, "0.3"),
        (-0.0000001, "-1e-07"),
        (float("nan"), ""),
        (dt.timedelta(hours=26, minutes=5), "26:05"),
        (dt.time(9, 30), "09:30"),
        (False, "no"),
        (None, ""),
        ("a\n b", "a b"),
    ],
)
def test_values_have_no_noise(value: float | str | dt.time | dt.timedelta | None, text: str) -> None:
    assert cell_text(value) == text


def test_titles_lead_their_tables_and_several_tables_share_a_sheet() -> None:
    blocks = read_rows(
        ("Lamps", None, None),
        ("Model", "Price", "Stock"),
        ("Lumen 3", 49, 7),
        (),
        ("Cables", None, None),
        ("Length", "Price", None),
        ("1 m", 9, None),
    )
    assert headings_of(blocks) == ["Sheet", "Lamps", "Cables"]
    assert rows_of(blocks) == ["Model: Lumen 3; Price: 49; Stock: 7", "Length: 1 m; Price: 9"]


def test_tables_side_by_side_are_told_apart() -> None:
    blocks = read_rows(("Model", "Price", None, "Length", "Cost"), ("Lumen 3", 49, None, "1 m", 9))
    assert rows_of(blocks) == ["Model: Lumen 3; Price: 49", "Length: 1 m; Cost: 9"]


def test_empty_rows_and_columns_are_dropped_and_a_table_goes_on_after_an_empty_row() -> None:
    blocks = read_rows(
        (None, "Model", None, "Price"),
        (None, "Lumen 3", None, 49),
        (),
        (None, "Lumen 4", None, 69),
    )
    assert rows_of(blocks) == ["Model: Lumen 3; Price: 49", "Model: Lumen 4; Price: 69"]


def test_stacked_headers_become_one_name() -> None:
    workbook = Workbook()
    sheet = sheet_of(workbook)
    for row in (["", "2022", "", "2023", ""], ["Zone", "Sales", "Profit", "Sales", "Profit"], ["North", 10, 1, 20, 3]):
        sheet.append(row)
    sheet.merge_cells("B1:C1")
    sheet.merge_cells("D1:E1")
    assert rows_of(read_workbook(workbook).documents[0].blocks) == [
        "Zone: North; 2022 – Sales: 10; 2022 – Profit: 1; 2023 – Sales: 20; 2023 – Profit: 3"
    ]


def test_a_merged_label_counts_for_each_of_its_rows() -> None:
    workbook = Workbook()
    sheet = sheet_of(workbook)
    for row in (["Family", "Model", "Price"], ["Lumen", "3", 49], ["", "4", 69]):
        sheet.append(row)
    sheet.merge_cells("A2:A3")
    assert rows_of(read_workbook(workbook).documents[0].blocks)[1] == "Family: Lumen; Model: 4; Price: 69"


def test_a_workbook_without_text_says_so() -> None:
    with pytest.raises(EmptyDocumentError):
        read_workbook(Workbook())


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("comma", b"Model,Price\nLumen 3,49\n"),
        ("semicolon, Western charset", "Modèle;Prix\nLumen 3;49\n".encode("cp1252")),
        ("tab, UTF-16", "Model\tPrice\nLumen 3\t49\n".encode("utf-16")),
        ("bar, no BOM", "Model|Price\r\nLumen 3|49\r\n".encode("utf-16-le")),
    ],
)
def test_delimited_text_of_any_kind(name: str, data: bytes) -> None:
    (row,) = rows_of(read(data, "prices.csv").documents[0].blocks)
    assert row in {"Model: Lumen 3; Price: 49", "Modèle: Lumen 3; Prix: 49"}


def test_a_quoted_cell_may_hold_delimiters_and_line_breaks() -> None:
    data = b'Question,Answer\n"How long, please?","Two years.\nThen ask us; we help."\n'
    assert rows_of(read(data, "faq.csv").documents[0].blocks) == [
        "Question: How long, please?; Answer: Two years. Then ask us; we help."
    ]


def test_two_columns_of_words_are_labels_and_what_they_say() -> None:
    rows = [["Warranty", "two years"], ["Colour", "dark grey"]]
    assert [block.text for block in table_blocks(rows)] == ["Warranty: two years", "Colour: dark grey"]


def test_a_header_that_repeats_on_the_next_page_is_not_a_row() -> None:
    rows = [["Model", "Price"], ["Lumen 3", "49"], ["Model", "Price"], ["Lumen 4", "69"]]
    assert [block.text for block in table_blocks(rows)] == ["Model: Lumen 3; Price: 49", "Model: Lumen 4; Price: 69"]


@pytest.mark.parametrize(
    "cell", ["49", "-3.5 %", "€ 1,200.50", "USD 12", "12/05/2024", "40만원", "180 g", "(337)", "3 km/h"]
)
def test_amounts_are_recognised(cell: str) -> None:
    assert is_amount(cell)


@pytest.mark.parametrize("cell", ["Lumen 3", "6.4 Internal PXC", "3.1 Layout of the models", "n/a", "", "1" * 60 + "x"])
def test_words_are_no_amounts(cell: str) -> None:
    assert not is_amount(cell)


ODS = """<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" office:version="1.2"><office:automatic-styles>
<style:style style:name="ta2" style:family="table"><style:table-properties table:display="false"/></style:style>
</office:automatic-styles><office:body><office:spreadsheet>
<table:table table:name="Lamps"><table:table-row><table:table-cell office:value-type="string"><text:p>Model</text:p>
</table:table-cell><table:table-cell office:value-type="string"><text:p>Price</text:p></table:table-cell>
</table:table-row>
<table:table-row><table:table-cell office:value-type="string"><text:p>Lumen 3</text:p></table:table-cell>
<table:table-cell office:value-type="float" office:value="49"><text:p>49,00</text:p></table:table-cell>
</table:table-row>
</table:table><table:table table:name="Margins" table:style-name="ta2"><table:table-row>
<table:table-cell office:value-type="string"><text:p>62 percent</text:p></table:table-cell></table:table-row>
</table:table>
</office:spreadsheet></office:body></office:document-content>""".replace("\n", "")


def read_ods(content: str) -> ExtractedFile:
    mime = "application/vnd.oasis.opendocument.spreadsheet"
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in (("mimetype", mime), ("content.xml", content), ("META-INF/manifest.xml", MANIFEST)):
            archive.writestr(name, text)
    return read(buffer.getvalue(), "prices.ods")


def ods_rows(*rows: tuple[str, ...], hidden: dict[int, str]) -> str:
    """Return the rows of an ODS table; `hidden` gives the visibility of some by their numbers from 0."""
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    return "".join(
        f'<table:table-row table:visibility="{hidden.get(number, "visible")}">'
        f"<table:table-cell/>{''.join(map(cell.format, row))}</table:table-row>"
        for number, row in enumerate(rows)
    )


def test_hidden_and_filtered_rows_and_columns_of_libreoffice_are_never_read() -> None:
    start, end = ODS.index("<table:table "), ODS.index("</office:spreadsheet>")
    rows = ods_rows(
        ("Model", "Cost", "Margin", "Price"),
        ("Lumen 3", "19", "30", "49"),
        ("Lumen 4", "29", "40", "69"),
        ("Lumen 5", "39", "50", "89"),
        ("Lumen 6", "49", "60", "109"),
        hidden={2: "collapse", 3: "filter"},
    )
    columns = (
        '<table:table-column table:number-columns-repeated="2"/>'
        '<table:table-column table:visibility="collapse" table:number-columns-repeated="2"/><table:table-column/>'
    )
    empty = '<table:table-row table:number-rows-repeated="3"><table:table-cell/></table:table-row>'
    table = f'<table:table table:name="Lamps">{columns}{empty}{rows}</table:table>'
    found = read_ods(f"{ODS[:start]}{table}{ODS[end:]}")
    assert rows_of(found.documents[0].blocks) == ["Model: Lumen 3; Price: 49", "Model: Lumen 6; Price: 109"]
    assert [warning.code for warning in found.warnings] == ["hidden_cells"]
    assert "2 rows and 2 columns" in found.warnings[0].message


def test_a_sheet_from_libreoffice_is_read_and_its_hidden_ones_are_not() -> None:
    found = read_ods(ODS)
    assert [block.text for block in found.documents[0].blocks] == ["Lamps", "Model: Lumen 3; Price: 49"]
    assert [warning.code for warning in found.warnings] == ["hidden_sheet"]


MANIFEST = """<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">
<manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>
</manifest:manifest>"""
