"""Alice's first minutes in a real browser: from the one-time link to an answer with its proof; and her list of bots."""

import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.owners_page import DESK, link_for, sign_in
from tests.browser.share_page import chromium, complaints_of
from tests.conftest import Owner

RETURNS = b"""# Returns

You can return any item within 30 days of delivery. Opened items are refunded in full if nothing is missing.
"""


@pytest.fixture
def link(alice: Owner) -> str:
    """What `tacit up` prints; made before the browser is there, whose event loop Django refuses."""
    return link_for(alice)


@pytest.fixture
def page(link: str) -> Iterator[Page]:
    """Alice's browser, before she has signed in; it may complain of nothing."""
    with chromium() as browser:
        opened = browser.new_page(viewport=DESK)
        complaints = complaints_of(opened)
        yield opened
        assert complaints == []


def beside(work: Callable[[], None]) -> None:
    """Let the worker run in a thread: the browser's own has an event loop."""
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_alice_comes_from_the_link_to_an_answer_with_its_proof(
    page: Page, link: str, alice: Owner, work_off: Callable[[], None]
) -> None:
    sign_in(page, link)
    expect(page.get_by_role("heading", name="Welcome to Tacit")).to_be_visible()
    page.get_by_label("What is it called?").fill("Shop assistant")
    page.get_by_label("What is it for?").fill("Answers questions about returns.")
    page.get_by_role("button", name="Go on").click()

    page.get_by_label("Choose files", exact=True).set_input_files(
        FilePayload(name="returns.md", mimeType="text/markdown", buffer=RETURNS)
    )
    row = page.get_by_role("listitem").filter(has_text="returns.md")
    expect(row).to_contain_text("Waiting")
    beside(work_off)
    expect(row).to_contain_text("Ready", timeout=10_000)
    page.get_by_role("link", name="Go on: try it").click()

    chat = page.frame_locator("iframe")
    expect(chat.get_by_role("button", name="Send")).to_be_disabled()  # there is nothing to send, and it knows that
    chat.get_by_label("Your question").fill("Within how many days can I return an item?")
    page.keyboard.press("Enter")
    expect(chat.get_by_text("within 30 days of delivery").first).to_be_visible(timeout=20_000)
    expect(chat.get_by_role("button", name="Source 1:").first).to_be_visible()
    proof = page.locator("#proof")
    expect(proof.get_by_text("Passages it could use")).to_be_visible(timeout=10_000)
    expect(proof.get_by_text("Where the time went")).to_be_visible()
    expect(proof.get_by_text("cited [1]").first).to_be_visible()

    page.goto(alice.address)
    expect(page.get_by_text("Nobody has asked anything yet")).to_be_visible()  # what she tried is no visitor's


def test_alice_copies_archives_deletes_and_takes_it_back(page: Page, link: str, alice: Owner) -> None:
    made = alice.make_bot("Handbook")
    alice.upload(made, ("returns.md", RETURNS))
    sign_in(page, link)

    page.get_by_label("More for Handbook").click()
    page.get_by_role("link", name="Duplicate").click()
    page.get_by_label("What is the copy called?").fill("Handbook two")
    page.get_by_role("button", name="Duplicate").click()
    expect(page.get_by_role("status").filter(has_text="Handbook two is made")).to_be_visible()

    card = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="Handbook two"))
    expect(card).to_contain_text("Offline")
    expect(card).to_contain_text("Reading 1 source")
    page.get_by_label("More for Handbook two").click()
    page.get_by_role("button", name="Archive").click()
    expect(page.get_by_text("Handbook two is archived, and offline.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(card).to_be_visible()

    page.get_by_label("More for Handbook two").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Handbook two is deleted.")).to_be_visible()
    expect(card).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(card).to_be_visible()

    page.get_by_label("More for Handbook two").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Handbook two is deleted.")).to_be_visible()
    page.reload()  # the toast is gone, the list of deleted ones stays
    page.get_by_text("Recently deleted").click()
    page.get_by_role("button", name="Restore Handbook two").click()
    expect(card).to_be_visible()


def test_the_pages_fit_a_phone_and_menus_open_by_keyboard(page: Page, link: str, alice: Owner) -> None:
    made = alice.make_bot("A chatbot with quite a long name for such a small screen", description="Words. " * 20)
    alice.upload(made, ("returns.md", RETURNS))
    page.set_viewport_size({"width": 375, "height": 740})
    sign_in(page, link)
    for path in (
        "",
        "welcome",
        *(f"dashboard/bots/{made['id']}/{one}" for one in ("try", "duplicate", "welcome/sources")),
    ):
        page.goto(f"{alice.address}/{path}")
        expect(page.get_by_role("heading", level=1)).to_be_attached()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path

    page.goto(alice.address)
    page.get_by_label("More for A chatbot").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Duplicate")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Duplicate")).to_be_hidden()
    expect(page.get_by_label("More for A chatbot")).to_be_focused()
