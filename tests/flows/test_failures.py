"""Files that can't be read, or only in part: each ends with a code and with what to do, and the others go on."""

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from tests.conftest import Owner
from tests.flows import documents

MEGABYTE = 1024 * 1024
GOOD = ("warranty.md", b"# Warranty\n\nThe warranty of the Wren lasts 24 months.\n")


@dataclass(frozen=True, kw_only=True)
class Bad:
    """A file, the code that its source must end with, and words of the sentence that say what to do."""

    file_name: str
    content: bytes = field(repr=False)
    code: str
    what_to_do: str


@dataclass(frozen=True, kw_only=True)
class Partly:
    """A file of which a part can be read: the code of the warning, and what is found in the rest."""

    file_name: str
    content: bytes = field(repr=False)
    code: str
    question: str
    says: str


def picture(size: int = 200) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((size, size), 60).save(file, "PNG")
    return file.getvalue()


def scanned_pdf(*texts: str) -> bytes:
    """A PDF with a picture on each page, and text only where there is some."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4)
    for text in texts:
        canvas.drawImage(ImageReader(io.BytesIO(picture())), 0, 0, *A4)
        canvas.drawString(50, 200, text)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def long_pdf(pages: int) -> bytes:
    """A PDF of many pages that all show the same text, small enough to be sent."""
    text = b"BT /F1 12 Tf 72 700 Td (The ring binder has many pages.) Tj ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count %d /Kids [%s] >>" % (pages, b" ".join(b"%d 0 R" % (5 + n) for n in range(pages))),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
    ]
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842]"
        b" /Resources << /Font << /F1 3 0 R >> >> /Contents 4 0 R >>"
    )
    file = io.BytesIO(b"%PDF-1.7\n")
    file.seek(0, io.SEEK_END)
    places = []
    for number, content in enumerate([*objects, *[page] * pages], start=1):
        places.append(file.tell())
        file.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    start = file.tell()
    file.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1))
    file.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    file.write(b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, start))
    return file.getvalue()


PDF = documents.pdf([["Opening hours", "The shop opens at nine."]])
DOCX = documents.docx("Opening hours", ["The shop opens at nine."])
HOURS = {"hours.txt": "The shop opens at nine."}
BAD = [
    Bad(
        file_name="locked.pdf",
        content=documents.pdf([["Opening hours"]], password="open sesame"),
        code="document_encrypted",
        what_to_do="without the password",
    ),
    Bad(file_name="torn.pdf", content=b"%PDF-1.7\n" + PDF[200:500], code="document_damaged", what_to_do="save it anew"),
    Bad(file_name="torn.docx", content=DOCX[: len(DOCX) // 2], code="document_damaged", what_to_do="save it anew"),
    Bad(file_name="nothing.txt", content=b"", code="document_empty", what_to_do="Upload one that does"),
    Bad(file_name="blank.txt", content=b" \n\n \t\n", code="document_empty", what_to_do="Upload one that does"),
    Bad(file_name="blank.docx", content=documents.docx("", []), code="document_empty", what_to_do="Upload one that"),
    Bad(file_name="blank.pdf", content=documents.pdf([[""]]), code="document_empty", what_to_do="Upload one that does"),
    Bad(file_name="scan.pdf", content=scanned_pdf("", ""), code="document_needs_ocr", what_to_do="text recognition"),
    Bad(file_name="photo.png", content=picture(), code="document_needs_ocr", what_to_do="text recognition"),
    Bad(file_name="photo.pdf", content=picture(), code="document_needs_ocr", what_to_do="text recognition"),
    Bad(
        file_name="noise.bin",
        content=bytes(range(256)) * 40,
        code="document_format_unknown",
        what_to_do="Save it as PDF, DOCX, HTML or text",
    ),
    Bad(
        file_name="tool.docx",
        content=b"\x7fELF\x02\x01\x01" + bytes(9) + bytes(range(256)),
        code="document_format_unknown",
        what_to_do="Upload documents only",
    ),
    Bad(file_name="huge.txt", content=b"All work. " * MEGABYTE, code="document_too_large", what_to_do="Split it"),
    Bad(
        file_name="doll.zip",
        content=documents.packed({"inner.zip": documents.packed({"innermost.zip": documents.packed(HOURS)})}),
        code="archive_too_deep",
        what_to_do="Unpack it",
    ),
    Bad(
        file_name="bomb.zip",
        content=documents.packed({f"{number}.txt": b" " * 100 * MEGABYTE for number in range(6)}),
        code="document_too_large",
        what_to_do="Split it",
    ),
]
PARTLY = [
    Partly(
        file_name="binder.pdf",
        content=long_pdf(10_000),
        code="pages_left_out",
        question="How many pages has the ring binder?",
        says="The ring binder has many pages.",
    ),
    Partly(
        file_name="partly.pdf",
        content=scanned_pdf("", "The attic is closed on Sundays."),
        code="page_needs_ocr",
        question="When is the attic closed?",
        says="closed on Sundays",
    ),
    Partly(
        file_name="mixed.zip",
        content=documents.packed({"good.md": "# Attic\n\nThe attic is closed on Sundays.\n", "bad.pdf": b"%PDF-1.7"}),
        code="archive_incomplete",
        question="When is the attic closed?",
        says="closed on Sundays",
    ),
]


@pytest.fixture
def limited(settings: Any) -> None:
    """A server that accepts files of up to four megabytes."""
    settings.MAX_UPLOAD_BYTES = 4 * MEGABYTE


def test_each_bad_file_ends_with_a_reason_and_the_good_one_answers(
    alice: Owner, work_off: Callable[[], None], subtests: pytest.Subtests, limited: None
) -> None:
    bot = alice.make_bot()
    begun = time.monotonic()
    alice.upload(bot, *((bad.file_name, bad.content) for bad in BAD), GOOD)
    work_off()
    sources = {source["file_name"]: source for source in alice.sources(bot)}

    assert time.monotonic() - begun < 60
    assert len(sources) == len(BAD) + 1
    assert sources[GOOD[0]]["status"] == "ready"
    assert "24 months" in alice.ask(bot, "How long does the warranty of the Wren last?")["citations"][0]["quote"]
    for bad in BAD:
        with subtests.test(bad.file_name):
            source = sources[bad.file_name]
            assert (source["status"], source["error"]["code"]) == ("failed", bad.code)
            assert bad.what_to_do in source["error"]["message"]
            assert source["error"]["message"].endswith(".")
            assert (source["document_count"], source["passage_count"]) == (0, 0)
            assert alice.api.get(f"/chatbots/{bot['id']}/sources/{source['id']}/documents").json() == []


@pytest.mark.parametrize("partly", PARTLY, ids=lambda partly: partly.file_name)
def test_what_can_be_read_in_part_is_ready_with_a_warning(
    alice: Owner, work_off: Callable[[], None], limited: None, partly: Partly
) -> None:
    bot = alice.make_bot()
    alice.upload(bot, (partly.file_name, partly.content))
    work_off()

    (source,) = alice.sources(bot)

    assert (source["status"], source["error"]) == ("ready", None)
    assert partly.code in [warning["code"] for warning in source["warnings"]]
    assert all(warning["message"].endswith(".") for warning in source["warnings"])
    assert partly.says in alice.ask(bot, partly.question)["citations"][0]["quote"]


@pytest.mark.parametrize(
    ("file_name", "content"),
    [
        (
            "says-latin.html",
            "<html><head><meta charset=iso-8859-1><title>Küche</title></head><body><p>Die Größe der Küche beträgt 31 m²"
            " – mit Flur.</p></body></html>".encode(),
        ),
        ("no-mark.txt", "Über die Küche\n\nDie Größe der Küche beträgt 31 m² – mit Flur.\n".encode("utf-16-le")),
        ("old.txt", "Über die Küche\n\nDie Größe der Küche beträgt 31 m² – mit Flur.\n".encode("cp1252")),
        ("wide.csv", "Raum;Größe\nKüche;31 m² – mit Flur\nBad;8 m²\n".encode("utf-16")),
    ],
)
def test_a_misleading_charset_misleads_nobody(
    alice: Owner, work_off: Callable[[], None], file_name: str, content: bytes
) -> None:
    bot = alice.make_bot()
    alice.upload(bot, (file_name, content))
    work_off()

    answer = alice.ask(bot, "Wie ist die Größe der Küche?")

    assert "31 m² – mit Flur" in answer["citations"][0]["quote"]


def test_alice_mends_a_file_and_it_answers(alice: Owner, work_off: Callable[[], None]) -> None:
    bot = alice.make_bot()
    (failed,) = alice.upload(bot, ("warranty.md", b" \n"))
    work_off()
    assert [source["status"] for source in alice.sources(bot)] == ["failed"]

    (mended,) = alice.upload(bot, GOOD)
    work_off()

    assert mended["id"] == failed["id"]
    assert [(source["status"], source["error"]) for source in alice.sources(bot)] == [("ready", None)]
    assert alice.ask(bot, "How long does the warranty of the Wren last?")["answered"]


def test_a_file_grown_too_large_fails_and_what_it_was_goes_on_serving(
    alice: Owner, work_off: Callable[[], None], limited: None
) -> None:
    bot = alice.make_bot()
    (first,) = alice.upload(bot, GOOD)
    work_off()

    (grown,) = alice.upload(bot, (GOOD[0], GOOD[1] * (5 * MEGABYTE // len(GOOD[1]))))

    assert (grown["id"], grown["status"], grown["error"]["code"]) == (first["id"], "failed", "document_too_large")
    assert "24 months" in alice.ask(bot, "How long does the warranty of the Wren last?")["text"]


def test_far_more_than_ten_files_may_hold_is_refused_at_once(alice: Owner, limited: None) -> None:
    bot = alice.make_bot()
    refused = alice.api.post(f"/chatbots/{bot['id']}/sources", files={"files": ("huge.txt", b"x" * 42 * MEGABYTE)})
    assert (refused.status_code, refused.json()["code"]) == (413, "request_too_large")
    assert alice.sources(bot) == []


def test_retry_reads_again_what_failed_for_a_reason_outside_the_file(
    alice: Owner, work_off: Callable[[], None], settings: Any
) -> None:
    settings.EXTRACTION_MAX_PAGES = 1
    bot = alice.make_bot()
    (source,) = alice.upload(bot, ("manual.pdf", scanned_pdf("", "The attic is closed on Sundays.")))
    work_off()
    address = f"/chatbots/{bot['id']}/sources/{source['id']}"
    failed = alice.api.get(address).json()
    assert (failed["status"], failed["error"]["code"]) == ("failed", "document_needs_ocr")

    settings.EXTRACTION_MAX_PAGES = 10
    retried = alice.api.post(f"{address}/retry")
    work_off()

    assert (retried.status_code, retried.json()["status"], retried.json()["error"]) == (202, "queued", None)
    assert alice.api.get(address).json()["status"] == "ready"
    assert "Sundays" in alice.ask(bot, "When is the attic closed?")["text"]


def test_retry_of_a_file_that_was_not_kept_says_to_upload_it_again(
    alice: Owner, work_off: Callable[[], None], limited: None
) -> None:
    bot = alice.make_bot()
    (refused,) = alice.upload(bot, ("huge.txt", b"All work. " * MEGABYTE))
    assert refused["status"] == "failed"

    alice.api.post(f"/chatbots/{bot['id']}/sources/{refused['id']}/retry")
    work_off()

    (source,) = alice.sources(bot)
    assert source["status"] == "failed"
    assert "Upload it again" in source["error"]["message"]


def test_whoever_watches_sees_each_source_wait_run_and_end(alice: Owner, work_off: Callable[[], None]) -> None:
    bot = alice.make_bot()
    long = "\n\n".join(
        f"Clause {n} of the charter binds member {n * 7} of the guild to duty {n * 3}." for n in range(900)
    )
    with watching(alice, bot) as seen:
        alice.upload(bot, ("charter.txt", long.encode()), ("broken.pdf", b"%PDF-1.7 no"))
        wait_until(lambda: len({told["id"] for told in seen}) == 2)
        work_off()
        wait_until(lambda: {told["status"] for told in seen} >= {"ready", "failed"})

    of_charter = [told for told in seen if told["file_name"] == "charter.txt"]
    assert unique([told["status"] for told in of_charter]) == ["queued", "running", "ready"]
    progress = [told["progress"] for told in of_charter]
    assert progress == sorted(progress)
    assert (progress[0], progress[-1]) == (0, 100)
    of_broken = [told for told in seen if told["file_name"] == "broken.pdf"]
    assert (of_broken[0]["status"], of_broken[-1]["status"]) == ("queued", "failed")
    assert of_broken[-1]["error"]["code"] == "document_damaged"


@contextmanager
def watching(owner: Owner, bot: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """Listen to the events of a chatbot's sources, and give what was told so far."""
    seen: list[dict[str, Any]] = []
    leave, listening = threading.Event(), threading.Event()

    def listen() -> None:
        address = f"{owner.api.base_url}chatbots/{bot['id']}/sources/events"
        with httpx.stream("GET", address, headers=owner.api.headers, timeout=60) as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            for line in stream.iter_lines():
                listening.set()
                if line.startswith("data: "):
                    seen.append(json.loads(line.removeprefix("data: ")))
                if leave.is_set():
                    return

    thread = threading.Thread(target=listen)
    thread.start()
    assert listening.wait(10)
    yield seen
    leave.set()
    owner.upload(bot, ("last.txt", b"The last word wakes the listener."))
    thread.join(20)


def wait_until(true: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.05)


def unique(items: list[str]) -> list[str]:
    return list(dict.fromkeys(items))
