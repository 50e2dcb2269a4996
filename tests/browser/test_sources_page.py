"""Alice's page of sources in a real browser: she adds, watches, flips, stops, deletes, and takes it back."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as of_django
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.owners_page import link_for, owners_page, sign_in
from tests.browser.share_page import chromium
from tests.conftest import Owner

MANUAL = Path(of_django.BASE_DIR, "demo", "documents", "citable", "wren-manual.pdf")
RETURNS = b"# Returns\n\nYou can return a machine within thirty days, with the receipt.\n"
SOON = 20_000


def payload(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


@pytest.fixture
def bot(alice: Owner) -> dict[str, Any]:
    return alice.make_bot()


@pytest.fixture
def work(work_off: Callable[[], None]) -> Callable[[], None]:
    """Run the worker in a thread until nothing is left: the browser's own has an event loop, which Django refuses."""

    def run() -> None:
        thread = threading.Thread(target=work_off)
        thread.start()
        thread.join()

    return run


@pytest.fixture
def link(alice: Owner) -> str:
    return link_for(alice)


@pytest.fixture
def page(alice: Owner, bot: dict[str, Any]) -> Iterator[Page]:
    """Alice's browser on the page; it may complain of nothing."""
    with owners_page(alice, f"dashboard/bots/{bot['id']}/sources") as opened:
        yield opened


def row(page: Page, name: str) -> Locator:
    return page.locator(".source").filter(has=page.get_by_role("heading", name=name, exact=True))


def send(page: Page, *files: FilePayload) -> None:
    page.get_by_label("Choose files").set_input_files(list(files))
    expect(page.locator(".uploads-told")).to_contain_text(f"{len(files)} of {len(files)} sent")


def pressed(line: Locator, half: str) -> None:
    expect(line.get_by_role("button", name=half, exact=True)).to_have_attribute("aria-pressed", "true")


def test_alice_sends_several_files_and_sees_each_become_ready_or_fail_with_its_reason(
    page: Page, work: Callable[[], None]
) -> None:
    files = [payload(f"note {n}.md", f"# Note {n}\n\nThe shelf {n} is green.\n".encode()) for n in range(3)]
    send(page, *files, payload("torn.pdf", b"%PDF-1.7 torn"))
    for name in ("note 0.md", "note 1.md", "note 2.md", "torn.pdf"):
        expect(row(page, name)).to_contain_text("Waiting", timeout=SOON)
    work()
    for n in range(3):
        expect(row(page, f"note {n}.md")).to_contain_text("Ready", timeout=SOON)
    torn = row(page, "torn.pdf")
    expect(torn).to_contain_text("The file is damaged")
    expect(torn).to_contain_text("upload it again")
    expect(torn.get_by_role("link", name="Choose another file for torn.pdf")).to_be_visible()
    expect(page.locator("#said")).to_have_text("Everything has been read: 3 ready, 1 failed.")


def test_a_broken_file_is_replaced_on_its_page(page: Page, work: Callable[[], None]) -> None:
    send(page, payload("torn.pdf", b"%PDF-1.7 torn"))
    work()
    row(page, "torn.pdf").get_by_role("link", name="Choose another file").click(timeout=SOON)
    page.get_by_label("New file").set_input_files(str(MANUAL))
    page.get_by_role("button", name="Replace the file").click()
    expect(page.get_by_role("heading", name="wren-manual.pdf", level=1)).to_be_visible()
    work()
    expect(page.get_by_role("heading", name="Page 3")).to_be_visible(timeout=SOON)  # it comes by itself
    expect(page.locator("#passage-4")).to_contain_text("serial number")
    page.get_by_role("link", name="Passage 4", exact=True).first.click()
    expect(page.locator("#passage-4")).to_be_in_viewport()


@pytest.fixture
def small_limit(settings: Any) -> None:
    settings.MAX_UPLOAD_BYTES = 2 * 1024 * 1024


def test_a_file_that_is_too_large_is_told_before_it_is_sent(
    small_limit: None, page: Page, alice: Owner, bot: dict[str, Any]
) -> None:
    expect(page.get_by_text("Up to 2 MB a file")).to_be_visible()
    page.get_by_label("Choose files").set_input_files([payload("big.txt", b"x" * (3 * 1024 * 1024))])
    expect(page.locator(".uploads-list")).to_contain_text("It has 3 MB; this server takes up to 2 MB a file.")
    expect(page.locator(".uploads-told")).to_have_text("0 of 1 sent, 1 not sent.")
    assert alice.sources(bot) == []


def test_a_whole_folder_is_sent_without_what_the_system_put_there(page: Page, tmp_path: Path) -> None:
    folder = tmp_path / "handbook" / "hr"
    folder.mkdir(parents=True)
    (tmp_path / "handbook" / "returns.md").write_bytes(RETURNS)
    (folder / "holidays.md").write_bytes(b"# Holidays\n\nEverybody has thirty.\n")
    (folder / ".DS_Store").write_bytes(b"system")
    page.get_by_label("Choose a folder").set_input_files(str(tmp_path / "handbook"))
    expect(page.locator(".uploads-told")).to_have_text("2 of 2 sent, 1 of the system's own left out.")
    expect(row(page, "holidays.md")).to_contain_text("handbook/hr/")
    expect(row(page, "returns.md")).to_contain_text("handbook/")


def test_files_dropped_anywhere_on_the_page_are_sent_as_what_was_chosen(page: Page) -> None:
    page.get_by_role("radio", name="Learn-only").check()
    transfer = page.evaluate_handle(
        "() => { const one = new DataTransfer(); one.items.add(new File(['Some text.'], 'dropped.txt')); return one; }"
    )
    page.dispatch_event("h1", "dragenter", {"dataTransfer": transfer})
    expect(page.locator("#add-sources")).to_have_class("adder live hovered")
    page.dispatch_event("h1", "drop", {"dataTransfer": transfer})
    expect(row(page, "dropped.txt")).to_be_visible()
    pressed(row(page, "dropped.txt"), "Learn-only")


def test_alice_pastes_addresses_and_writes_a_text(page: Page) -> None:
    page.get_by_text("Web addresses").first.click()
    page.get_by_label("Web addresses", exact=True).fill("https://www.example.org/a\nexample")
    page.get_by_role("button", name="Add addresses").click()
    expect(page.get_by_role("alert")).to_contain_text("These lines are no web addresses")
    expect(page.get_by_label("Web addresses", exact=True)).to_have_value("example")
    expect(row(page, "https://www.example.org/a")).to_be_visible()
    page.get_by_text("A text", exact=True).click()
    page.get_by_role("textbox", name="Title").fill("Opening hours")
    page.get_by_label("Text", exact=True).fill("We open at nine.")
    page.get_by_role("button", name="Add the text").click()
    expect(row(page, "Opening hours")).to_be_visible()


def test_alice_flips_a_source_and_a_selection_and_takes_both_back(page: Page) -> None:
    send(page, payload("one.md", b"One."), payload("two.md", b"Two."), payload("three.md", b"Three."))
    one = row(page, "one.md")
    one.get_by_role("button", name="Learn-only", exact=True).click()
    expect(one).to_contain_text("Now learn-only: from the next word on no answer uses it")
    one.get_by_role("button", name="Undo").click()
    pressed(one, "Citable")

    page.get_by_role("checkbox", name="Select one.md").check()
    page.get_by_role("checkbox", name="Select two.md").check()
    expect(page.get_by_text("2 sources selected.")).to_be_visible()
    page.get_by_role("button", name="Make learn-only").click()
    told = page.locator("#source-list > #done")
    expect(told).to_contain_text("2 sources. Now learn-only")
    for name in ("one.md", "two.md"):
        pressed(row(page, name), "Learn-only")
    told.get_by_role("button", name="Undo").click()
    for name in ("one.md", "two.md", "three.md"):
        pressed(row(page, name), "Citable")


def test_alice_stops_what_is_read_and_has_it_read_again(page: Page, work: Callable[[], None]) -> None:
    send(page, payload("returns.md", RETURNS))
    line = row(page, "returns.md")
    line.get_by_role("button", name="Cancel").click(timeout=SOON)
    expect(line).to_contain_text("Cancelled")
    work()
    expect(line).to_contain_text("Nothing of it is served")
    line.get_by_role("button", name="Read again").click()
    expect(line).to_contain_text("Waiting")
    work()
    expect(line).to_contain_text("Ready", timeout=SOON)


def test_alice_deletes_a_source_and_takes_that_back(page: Page, alice: Owner, bot: dict[str, Any]) -> None:
    send(page, payload("returns.md", RETURNS))
    row(page, "returns.md").get_by_role("button", name="Delete returns.md").click()
    told = page.locator("#done [data-told]")
    expect(told).to_contain_text("returns.md is deleted")
    expect(told).to_be_focused()
    expect(row(page, "returns.md")).to_have_count(0)
    assert alice.sources(bot) == []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(told).to_contain_text("is back")
    expect(row(page, "returns.md")).to_be_visible()
    assert len(alice.sources(bot)) == 1


def test_by_keyboard_alone(page: Page) -> None:
    send(page, payload("returns.md", RETURNS))
    line = row(page, "returns.md")
    line.get_by_role("button", name="Citable", exact=True).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    told = line.locator("[data-told]")
    expect(told).to_be_focused()
    expect(told).to_contain_text("Now learn-only")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(told).to_contain_text("Now citable")
    expect(told).to_be_focused()  # and stays so: it is where the keyboard goes on
    page.get_by_role("checkbox", name="Select returns.md").focus()
    page.keyboard.press("Space")
    expect(page.get_by_text("1 source selected.")).to_be_visible()
    page.get_by_role("searchbox").focus()
    page.keyboard.type("returns")
    expect(page.get_by_role("searchbox")).to_be_focused()
    expect(line).to_be_visible()
    page.keyboard.type("zzz")
    expect(page.get_by_text("No source is like this.")).to_be_visible()


def test_a_large_list_is_searched_and_leafed_through(page: Page, alice: Owner, bot: dict[str, Any]) -> None:
    alice.upload(bot, *((f"note {n:02}.txt", f"Note {n}.".encode()) for n in range(60)))
    page.reload()
    page.get_by_label("Order").select_option("title")
    expect(page.locator(".source h3").first).to_have_text("note 00.txt")
    page.get_by_role("link", name="Next").click()
    expect(page.locator(".source h3").first).to_have_text("note 50.txt")
    page.go_back()
    expect(page.locator(".source h3").first).to_have_text("note 00.txt")
    page.get_by_role("searchbox").fill("note 4")
    expect(page.locator(".source")).to_have_count(10)


def test_it_fits_a_phone(page: Page, work: Callable[[], None]) -> None:
    page.set_viewport_size({"width": 375, "height": 740})
    send(page, payload("a file with quite a long name that goes on and on and_has_no_places_to_break_it.md", RETURNS))
    work()
    row(page, "a file with quite a long name that goes on and on and_has_no_places_to_break_it.md").get_by_role(
        "checkbox"
    ).check()
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    page.locator(".source h3 a").click()
    expect(page.get_by_role("heading", name="What was read")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 375


def test_without_script_everything_works(alice: Owner, bot: dict[str, Any], link: str) -> None:
    with chromium() as browser:
        page = browser.new_page(java_script_enabled=False)
        sign_in(page, link)
        page.goto(f"{alice.address}/dashboard/bots/{bot['id']}/sources")
        page.get_by_label("Choose files").set_input_files([payload("one.md", b"One."), payload("two.md", b"Two.")])
        page.get_by_role("button", name="Upload").click()
        expect(page.get_by_text("2 sources were added")).to_be_visible()
        one = row(page, "one.md")
        one.get_by_role("button", name="Learn-only", exact=True).click()
        one.get_by_role("button", name="Undo").click()
        pressed(one, "Citable")
        one.get_by_role("button", name="Delete one.md").click()
        page.get_by_role("button", name="Undo").click()
        expect(one).to_be_visible()
