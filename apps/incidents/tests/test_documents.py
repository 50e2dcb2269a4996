"""Whoever documents an incident is told what is missing, until it can help a person with the same error."""

import datetime as dt
from pathlib import Path

import pytest

from apps.core.error_handling import NotFoundError, ValidationError
from apps.incidents.checking import complaints, is_test
from apps.incidents.documents import (
    FOLDER,
    PARTS,
    Category,
    Severity,
    Status,
    find_incident,
    known_incidents,
    load_incidents,
    read_incident,
)

ROOT = FOLDER.parent.parent
HERE = "apps/incidents/tests/test_documents.py::"
FRONT = """---
id: 7
title: The printer prints nothing
status: resolved
category: reliability
severity: low
date: 2026-11-20
test: TEST
messages:
  - "PrinterError: tray … is empty"
fingerprints: [0123456789ab]
---
""".replace("TEST", f"{HERE}test_an_incident_is_read_from_its_file")
BODY = "\n".join(f"\n## {part}\n\nWhat there is to say of the {part.lower()}." for part in PARTS) + "\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0007-printer.md").write_text(FRONT + BODY, "utf-8")
    (tmp_path / "README.md").write_text("# Incidents\n", "utf-8")
    return tmp_path


def complained(folder: Path) -> str:
    return "\n".join(complaints(folder, ROOT))


def changed(folder: Path, old: str, new: str) -> str:
    text = FRONT + BODY
    assert old in text
    (folder / "0007-printer.md").write_text(text.replace(old, new), "utf-8")
    return complained(folder)


def test_an_incident_is_read_from_its_file(folder: Path) -> None:
    (incident,) = load_incidents(folder)
    assert (incident.number, incident.title) == (7, "The printer prints nothing")
    assert (incident.status, incident.category, incident.severity) == (
        Status.RESOLVED, Category.RELIABILITY, Severity.LOW,
    )  # fmt: skip
    assert incident.date == dt.date(2026, 11, 20)
    assert tuple(incident.parts) == PARTS
    assert incident.parts["Root cause"] == "What there is to say of the root cause."
    assert complained(folder) == ""


@pytest.mark.parametrize("part", PARTS)
def test_each_of_the_six_parts_is_asked_for(folder: Path, part: str) -> None:
    heading = f"\n## {part}\n"
    said = f"What there is to say of the {part.lower()}."
    assert "is missing or empty" in changed(folder, heading, "\n")
    assert f"the part {part!r} is missing or empty" in changed(folder, said, "")
    assert f"the part {part!r} is missing or empty" in changed(folder, said, "<!-- still to be written -->")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("status: resolved", "status: mended", "'mended' is not a valid Status"),
        ("category: reliability", "category: printing", "'printing' is not a valid Category"),
        ("severity: low\n", "", "'severity' is missing"),
        ("date: 2026-11-20", "date: yesterday", "its date is none"),
        ("id: 7", "id: 8", "its id is 8 and its file says 7"),
        ("messages:\n  -", "messages: [\n  -", "The front matter of 0007-printer.md is wrong"),
        ("test_an_incident_is_read_from_its_file", "test_that_is_not_there", "there is no test"),
        (f"{HERE}test_an_incident_is_read_from_its_file", '""', "resolved and without a test"),
        ("## Impact", "## Fallout", "Fallout is none of the six parts"),
        ("---\nid", "id", "is no incident"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(folder: Path, old: str, new: str, complaint: str) -> None:
    assert complaint in changed(folder, old, new)


def test_parts_in_another_order_are_told(folder: Path) -> None:
    text = (FRONT + BODY).replace("## Detection", "## X").replace("## Description", "## Detection")
    (folder / "0007-printer.md").write_text(text.replace("## X", "## Description"), "utf-8")
    assert "another order" in complained(folder)


def test_two_incidents_of_one_number_are_told(folder: Path) -> None:
    (folder / "0007-another.md").write_text(FRONT + BODY, "utf-8")
    assert "2 incidents have the number 7" in complained(folder)


def test_a_file_under_another_name_is_told(folder: Path) -> None:
    (folder / "printer.md").write_text(FRONT + BODY, "utf-8")
    assert "printer.md is no incident" in complained(folder)
    with pytest.raises(ValidationError):
        read_incident(folder / "printer.md")


@pytest.mark.parametrize(
    ("node_id", "is_there"),
    [
        (f"{HERE}test_an_incident_is_read_from_its_file", True),
        (f"{HERE}test_each_of_the_six_parts_is_asked_for[Impact]", True),
        (f"{HERE}complained", False),  # a function, and no test
        (f"{HERE}test_that_is_not_there", False),
        ("apps/incidents/tests/test_documents.py", False),
        ("apps/incidents/documents.py::read_incident", False),
        ("nowhere/test_x.py::test_x", False),
    ],
)
def test_a_test_is_one_that_pytest_collects(node_id: str, is_there: bool) -> None:
    assert is_test(node_id, ROOT) is is_there


def test_a_test_in_a_class_is_one_too(tmp_path: Path) -> None:
    (tmp_path / "test_x.py").write_text(
        "class TestIt:\n    async def test_works(self): ...\nclass It:\n    def test_y(self): ...\n"
    )
    assert is_test("test_x.py::TestIt::test_works", tmp_path)
    assert not is_test("test_x.py::test_works", tmp_path)
    assert not is_test("test_x.py::It::test_y", tmp_path)


def test_an_error_that_was_met_before_is_recognised(folder: Path) -> None:
    (incident,) = load_incidents(folder)
    assert incident.recognises(fingerprint="", text="PrinterError: tray 3 of 5 is empty, says the printer")
    assert incident.recognises(fingerprint="0123456789ab", text="something else")
    assert not incident.recognises(fingerprint="ffffffffffff", text="PrinterError: the lid is open")


def test_ours_are_complete_and_the_ten_of_the_old_log_are_among_them() -> None:
    assert list(complaints()) == []
    ours = load_incidents()
    assert [one.number for one in ours] == list(range(1, len(ours) + 1))
    assert len(ours) >= 15
    old = ours[:10]
    assert all(one.test.startswith("tests/regressions/test_integration_log.py::") for one in old)
    assert len({one.test for one in old}) == 10
    assert find_incident(9).title == "The result of an embedding has no vector"
    assert len(known_incidents()) == len(ours)
    with pytest.raises(NotFoundError):
        find_incident(9999)
