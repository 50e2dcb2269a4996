"""An error is known again by where in our code it came up, whatever it said and wherever the repository lies."""

import datetime as dt
import json
import traceback
from pathlib import Path

import pytest

from apps.core.error_handling import EmptyDocumentError
from apps.incidents.checking import complaints
from apps.incidents.documents import parts_of, read_incident
from apps.incidents.drafts import draft, write_draft
from apps.incidents.tracebacks import Frame, Trace, fingerprint, our_file, read_traceback, trace_of

SECRET = "the margin on the RX-200 is 43 %"


def fails(said: str) -> None:
    json.loads(said)


def raised(said: str) -> Exception:
    try:
        fails(said)
    except ValueError as error:
        return error
    raise AssertionError


def test_the_same_error_has_the_same_fingerprint_whatever_it_says() -> None:
    one, another = trace_of(raised("{nonsense")), trace_of(raised("[" + SECRET))
    assert one.message != another.message
    assert one.fingerprint == another.fingerprint
    assert one.error_type == "json.decoder.JSONDecodeError"
    assert [frame.function for frame in one.frames] == ["raised", "fails"]
    assert one.frames[-1].file == "apps/incidents/tests/test_tracebacks.py"


def test_another_place_or_another_type_is_another_error() -> None:
    here = Frame(file="apps/core/services.py", line=3, function="get")
    assert fingerprint("KeyError", [here]) == fingerprint("KeyError", [Frame(file=here.file, line=99, function="get")])
    assert fingerprint("KeyError", [here]) != fingerprint("TypeError", [here])
    assert fingerprint("KeyError", [here]) != fingerprint("KeyError", [])


def test_a_printed_traceback_gives_what_the_exception_gives() -> None:
    error = raised("{nonsense")
    printed = "".join(traceback.format_exception(error))
    assert read_traceback(f"some log line: hello\n{printed}") == trace_of(error)


def test_of_several_exceptions_the_last_one_counts() -> None:
    try:
        try:
            fails("x")
        except ValueError as cause:
            raise EmptyDocumentError from cause
    except EmptyDocumentError as error:
        printed, trace = "".join(traceback.format_exception(error)), trace_of(error)
    assert trace.error_type == "apps.core.error_handling.EmptyDocumentError"
    assert read_traceback(printed) == trace


def test_a_traceback_from_another_machine_has_the_same_fingerprint() -> None:
    printed = "".join(traceback.format_exception(raised("x")))
    root = __file__.removesuffix("apps/incidents/tests/test_tracebacks.py")
    moved = printed.replace(root, "/srv/apps/tacit/")
    assert moved != printed
    there, here = read_traceback(moved), read_traceback(printed)
    assert there is not None
    assert here is not None
    assert there.fingerprint == here.fingerprint


@pytest.mark.parametrize("text", ["", "all is well", "cannot import name 'X' from 'y'", "Note: this is no error"])
def test_a_text_without_a_traceback_gives_none(text: str) -> None:
    assert read_traceback(text) is None


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        ("/srv/tacit/apps/core/services.py", "apps/core/services.py"),
        ("/srv/apps/tacit/config/urls.py", "config/urls.py"),
        ("apps/core/services.py", "apps/core/services.py"),
        ("/usr/lib/python3.11/json/decoder.py", ""),
        ("/x/.venv/lib/python3.11/site-packages/django/apps/registry.py", ""),
        ("<string>", ""),
    ],
)
def test_our_code_is_told_from_that_of_others(path: str, ours: str) -> None:
    assert our_file(path) == ours


def test_an_exception_that_can_not_be_written_as_text_does_no_harm() -> None:
    class UnspeakableError(Exception):
        def __str__(self) -> str:
            raise ZeroDivisionError

    assert trace_of(UnspeakableError()).error_type.endswith("UnspeakableError")


def test_neither_the_message_nor_a_local_stands_in_a_repr() -> None:
    trace = trace_of(raised(SECRET))
    assert SECRET not in repr(trace)
    assert SECRET not in " ".join(map(str, trace.frames))


def test_a_draft_asks_for_the_six_parts_and_recognises_the_error(tmp_path: Path) -> None:
    trace = trace_of(raised("x: \"quoted\" 'twice' # {and more}"))
    file = write_draft(trace, folder=tmp_path)
    second = write_draft(Trace(error_type="circuit_open", message="", frames=()), title="A breaker", folder=tmp_path)

    incident = read_incident(file)
    assert (incident.number, incident.file.name) == (1, file.name)
    assert incident.recognises(fingerprint=trace.fingerprint, text="")
    assert incident.recognises(fingerprint="", text=trace.text)
    assert "fails" in incident.parts["Description"]
    told = list(complaints(tmp_path, tmp_path))
    assert sum("is missing or empty" in line for line in told if line.startswith(file.name)) == 5
    assert second.name == "0002-a-breaker.md"


def test_what_a_draft_asks_counts_as_nothing_written() -> None:
    empty = draft(Trace(error_type="", message="", frames=()), number=3, title="x", date=dt.date(2026, 1, 1))
    written = parts_of(empty.split("---\n", 2)[2])
    assert {part for part, text in written.items() if text} <= {"Description"}
