"""What a stranger wrote runs nothing in the spreadsheet of who opens it."""

import csv
import io
import re

import pytest

from apps.core.csv_lines import inert, line

DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1+1", "Bob;=1+1", "a\n=1", "a\n\n  -1", ";=x"]


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_cell_begins_with_a_formula_wherever_a_spreadsheet_parts_the_line(text: str) -> None:
    assert re.search(r"(?:^|[;\t\r\n]) *[=+\-@＝]", text), "or this test proves nothing"

    written = line(["before", text, "after"])

    (row,) = csv.reader(io.StringIO(written, newline=""))
    assert row[0::2] == ["before", "after"]
    assert not re.search(r"(?:^|[;\t\r\n]) *[=+\-@＝]", row[1])
    for part in re.split(r"[;\n\r]", written):  # where the semicolon parts cells, and quotes inside a line mean nothing
        assert not part.lstrip(" ").startswith(("=", "+", "-", "@", "＝"))


@pytest.mark.parametrize("text", ["Alice", "a-b", "alice@example.org", "1 + 1 = 2", "", "O'Neill; Bob"])
def test_plain_words_stay_as_they_are(text: str) -> None:
    assert inert(text) == text
