"""Whatever a file does to its reader, the worker goes on: loops, bombs, crashes and babble end in a reason, in time."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from apps.core.chunking.blocks import Block, BlockKind
from apps.core.error_handling import (
    DocumentTooLargeError,
    EmptyDocumentError,
    ExtractionCrashError,
    ExtractionTimeoutError,
    ScannedDocumentError,
)
from apps.knowledge.extraction import ExtractedFile, ExtractionLimits, extract_safely
from apps.knowledge.extraction.limits import MIB
from apps.knowledge.extraction.results import ExtractedDocument, ExtractionWarning
from apps.knowledge.extraction.sandbox import Sandbox

PATIENCE = 15.0


def loop_forever() -> str:
    while True:
        pass


def sleep_forever() -> str:
    signal.alarm(0)  # a parser that meddles with signals: the parent's own clock ends it
    while True:
        time.sleep(60)


def allocate_without_end() -> str:
    hoard = []
    while True:
        hoard.append(bytearray(16 * MIB))


def abort() -> str:
    os.abort()


def exit_quietly() -> str:
    os._exit(0)


def print_garbage() -> str:
    for stream in (1, 2):
        os.write(stream, b"\xff\0 garbage {}\n" * 10_000)
    print("more garbage")
    return "text amid garbage"


def give_garbage() -> str:
    return object()  # type: ignore[return-value]


def give_too_much() -> str:
    return "x" * (3 * MIB)


def look_around() -> str:
    return " ".join(sorted(os.environ))  # noqa: TID251 - what the child sees of the worker's environment


def recurse_forever() -> str:
    return recurse_forever()


BEHAVIOURS: dict[str, Callable[[], str]] = {
    behaviour.__name__: behaviour
    for behaviour in (
        loop_forever,
        sleep_forever,
        allocate_without_end,
        abort,
        exit_quietly,
        print_garbage,
        give_garbage,
        give_too_much,
        look_around,
        recurse_forever,
    )
}


def hostile_reader(stream: IO[bytes], *, file_name: str, limits: ExtractionLimits) -> ExtractedFile:
    """What the children run in these tests: the file's name says how they misbehave."""
    if file_name == "scan":
        raise ScannedDocumentError("Only pictures. Do something.")
    text = BEHAVIOURS[file_name]() if file_name in BEHAVIOURS else stream.read().decode()
    block = Block(kind=BlockKind.TABLE_ROW, text=text, level=2, page=3)
    document = ExtractedDocument(title="T", blocks=(block,), external_id="id", url="u", language="de")
    return ExtractedFile(documents=(document,), warnings=(ExtractionWarning(code="c", message="m."),))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    running = Sandbox("apps.knowledge.tests.test_extraction_sandbox:hostile_reader")
    yield running
    running.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "upload"
    path.write_text("Größe 你好 \U0001f600", encoding="utf-8")
    return path


def run(sandbox: Sandbox, path: Path, name: str, **limits: float) -> ExtractedFile:
    limits = {"wall_seconds": 10.0, "memory_bytes": 200 * MIB, **limits}
    return sandbox.extract(path, file_name=name, limits=ExtractionLimits(**limits))  # type: ignore[arg-type]


def test_what_was_read_comes_back_as_it_was(sandbox: Sandbox, file: Path) -> None:
    found = run(sandbox, file, "harmless")
    (document,) = found.documents
    assert document.blocks == (Block(kind=BlockKind.TABLE_ROW, text="Größe 你好 \U0001f600", level=2, page=3),)
    assert (document.title, document.external_id, document.url, document.language) == ("T", "id", "u", "de")
    assert found.warnings == (ExtractionWarning(code="c", message="m."),)


def test_a_reason_comes_back_with_its_words(sandbox: Sandbox, file: Path) -> None:
    with pytest.raises(ScannedDocumentError, match=r"^Only pictures\. Do something\.$"):
        run(sandbox, file, "scan")


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        ("allocate_without_end", ExtractionCrashError),
        ("abort", ExtractionCrashError),
        ("exit_quietly", ExtractionCrashError),
        ("give_garbage", ExtractionCrashError),
        ("recurse_forever", ExtractionCrashError),
    ],
)
def test_a_reader_that_breaks_down_is_a_crash_and_the_next_file_is_read(
    sandbox: Sandbox, file: Path, behaviour: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        run(sandbox, file, behaviour)
    assert run(sandbox, file, "harmless").documents


def test_a_reader_that_loops_is_stopped_by_the_clock_or_by_the_work_it_has_done(sandbox: Sandbox, file: Path) -> None:
    for limits in ({"wall_seconds": 0.5}, {"cpu_seconds": 1, "wall_seconds": 60.0}):
        started = time.monotonic()
        with pytest.raises(ExtractionTimeoutError):
            run(sandbox, file, "loop_forever", **limits)
        assert time.monotonic() - started < PATIENCE


def test_a_reader_that_disarms_its_alarm_is_stopped_by_its_parent(
    sandbox: Sandbox, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.knowledge.extraction.sandbox._GRACE_SECONDS", 0.5)
    with pytest.raises(ExtractionTimeoutError):
        run(sandbox, file, "sleep_forever", wall_seconds=0.5)
    assert until(lambda: not children_of(server_of(sandbox))), "the child is killed"


def test_what_a_reader_prints_reaches_nobody(sandbox: Sandbox, file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(sandbox, file, "print_garbage").documents[0].blocks[0].text == "text amid garbage"
    assert capfd.readouterr() == ("", "")


def test_more_text_than_is_accepted_is_refused(sandbox: Sandbox, file: Path) -> None:
    with pytest.raises(DocumentTooLargeError):
        run(sandbox, file, "give_too_much", output_bytes=MIB)
    with pytest.raises(DocumentTooLargeError):
        run(sandbox, file, "harmless", file_bytes=3)


def test_a_reader_sees_nothing_of_the_worker_s_environment(
    sandbox: Sandbox, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TACIT_SECRET_KEY", "hush")
    seen = run(sandbox, file, "look_around").documents[0].blocks[0].text.split()
    assert "PYTHONPATH" in seen
    assert not [name for name in seen if name.startswith(("TACIT", "OPENAI", "DJANGO"))]


def test_a_reader_that_hangs_keeps_no_other_file_waiting(sandbox: Sandbox, file: Path) -> None:
    outcomes: list[object] = []

    def stall() -> None:
        try:
            outcomes.append(run(sandbox, file, "loop_forever", wall_seconds=3.0))
        except ExtractionTimeoutError as error:
            outcomes.append(error)

    stalled = [threading.Thread(target=stall) for _ in range(2)]
    for thread in stalled:
        thread.start()
    read = [threading.Thread(target=lambda: outcomes.append(run(sandbox, file, "harmless"))) for _ in range(8)]
    for thread in read:
        thread.start()
    for thread in read:
        thread.join(PATIENCE)
    assert sum(isinstance(outcome, ExtractedFile) for outcome in outcomes) == 8
    assert any(thread.is_alive() for thread in stalled), "the others were quicker"
    for thread in stalled:
        thread.join(PATIENCE)
    assert sum(isinstance(outcome, ExtractionTimeoutError) for outcome in outcomes) == 2


def test_a_server_that_was_killed_is_replaced(sandbox: Sandbox, file: Path) -> None:
    run(sandbox, file, "harmless")
    os.kill(server_of(sandbox), signal.SIGKILL)
    assert run(sandbox, file, "harmless").documents


def test_an_idle_server_ends_and_comes_back(file: Path) -> None:
    short_lived = Sandbox("apps.knowledge.tests.test_extraction_sandbox:hostile_reader", idle_seconds=0.2)
    run(short_lived, file, "harmless")
    first = server_of(short_lived)
    assert until(lambda: short_lived._process is not None and short_lived._process.poll() == 0)
    assert run(short_lived, file, "harmless").documents
    assert server_of(short_lived) != first
    short_lived.close()


def test_nothing_is_left_running_when_the_worker_is_killed(tmp_path: Path) -> None:
    script = (
        "import os, sys, threading, time\n"
        "from pathlib import Path\n"
        "from apps.knowledge.extraction import ExtractionLimits\n"
        "from apps.knowledge.extraction.sandbox import Sandbox\n"
        "sandbox = Sandbox('apps.knowledge.tests.test_extraction_sandbox:hostile_reader')\n"
        "path = Path(sys.argv[1])\n"
        "path.write_text('x')\n"
        "go = lambda name: sandbox.extract(path, file_name=name, limits=ExtractionLimits())\n"
        "go('harmless')\n"
        "threading.Thread(target=go, args=['loop_forever'], daemon=True).start()\n"
        "time.sleep(0.5)\n"
        "print(sandbox._process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    root = Path(__file__).resolve().parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "upload")], stdout=subprocess.PIPE, cwd=root, text=True
    ) as worker:
        assert worker.stdout is not None
        server = int(worker.stdout.readline())
        children = children_of(server)
        assert children, "a child is busy"
        worker.kill()
        assert until(lambda: not any(map(is_running, [server, *children])))


def test_real_files_are_read_in_the_sandbox(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_text("Model,Price\nLumen 3,49\n")
    limits = ExtractionLimits()
    found = extract_safely(path, file_name="prices.csv", limits=limits)
    assert [block.text for block in found.documents[0].blocks] == ["Model: Lumen 3; Price: 49"]
    path.write_text(" \n")
    with pytest.raises(EmptyDocumentError):
        extract_safely(path, file_name="prices.csv", limits=limits)


def server_of(sandbox: Sandbox) -> int:
    assert sandbox._process is not None
    return sandbox._process.pid


def children_of(process: int) -> list[int]:
    children = Path(f"/proc/{process}/task/{process}/children")
    return [int(child) for child in children.read_text().split()] if children.exists() else []


def is_running(process: int) -> bool:
    status = Path(f"/proc/{process}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def until(condition: Callable[[], bool]) -> bool:
    """Wait for a condition, for as long as a patient person would."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False
