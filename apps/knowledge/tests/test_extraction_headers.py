"""Bob's price lists have headers of two rows: each column comes out with one name."""

import pytest
from openpyxl import Workbook

from apps.knowledge.tests.test_extraction_tables import headings_of, read, read_rows, read_workbook, rows_of, sheet_of

POSTAGE = (("Weight", "Inland", "", "Abroad", ""), ("", "Letter", "Parcel", "Letter", "Parcel"))
POSTAGE_ROW = "Weight: {}; Inland – Letter: {}; Inland – Parcel: {}; Abroad – Letter: {}; Abroad – Parcel: {}"


@pytest.mark.parametrize("merged", [("A1:A2", "B1:C1", "D1:E1"), ()], ids=["merged", "not merged"])
@pytest.mark.parametrize("row", [("50 g", 1.1, 3.2, 1.7, 9), ("light", "green", "red", "blue", "pink")])
def test_two_header_rows_give_each_column_one_name(row: tuple[object, ...], merged: tuple[str, ...]) -> None:
    workbook = Workbook()
    for values in (*POSTAGE, row):
        sheet_of(workbook).append([value or None for value in values])
    for cells in merged:
        sheet_of(workbook).merge_cells(cells)
    assert rows_of(read_workbook(workbook).documents[0].blocks) == [POSTAGE_ROW.format(*row)]


def test_columns_with_and_without_a_group_stand_side_by_side() -> None:
    blocks = read_rows(
        ("Name", "Home", None, "Phone"), (None, "Street", "Town", None), ("Ann", "Mill Road 5", "Orme", "555 0188")
    )
    assert rows_of(blocks) == ["Name: Ann; Home – Street: Mill Road 5; Home – Town: Orme; Phone: 555 0188"]


def test_what_the_numbers_are_in_is_no_name_of_a_column() -> None:
    blocks = read_rows(
        ("In millions of euros", "2023", None, "2024", None),
        (None, "Sales", "Costs", "Sales", "Costs"),
        ("Boats", 9, 7, 8, 6),
    )
    assert headings_of(blocks) == ["Sheet", "In millions of euros"]
    assert rows_of(blocks) == ["Boats; 2023 – Sales: 9; 2023 – Costs: 7; 2024 – Sales: 8; 2024 – Costs: 6"]


def test_a_column_that_says_the_same_twice_makes_no_header() -> None:
    assert rows_of(read_rows(("Skiff", "yes", "yes"), ("Punt", "yes", "no"))) == ["Skiff: yes; yes", "Punt: yes; no"]


@pytest.mark.parametrize(
    "header",
    [
        "<tr><td rowspan=2>Weight<td colspan=2>Inland<tr><td>Letter<td>Parcel",
        "<tr><th rowspan=2>Weight<th colspan=2>Inland<tr><td>Letter<td>Parcel",
        "<thead><tr><th rowspan=2>Weight<th colspan=2>Inland<tr><th>Letter<th>Parcel</thead>",
    ],
)
def test_two_header_rows_of_a_web_page_do_too(header: str) -> None:
    page = f"<html><body><table>{header}<tr><td>50 g<td>1.10<td>3.20</table></body></html>"
    assert rows_of(read(page.encode(), "post.html").documents[0].blocks) == [
        "Weight: 50 g; Inland – Letter: 1.10; Inland – Parcel: 3.20"
    ]
