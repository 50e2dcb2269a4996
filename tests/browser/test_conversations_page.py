"""Alice goes from a question without an answer to an answer, and sees in pictures and tables how her chatbot does."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import is_sound
from tests.browser.owners_page import PHONE, owners_page
from tests.conftest import Owner

RETURNS = b"# Returns\n\nYou can return a machine within thirty days, with the receipt.\n"
NORWAY = "How much is delivery to Norway?"
PAGES = ("conversations", "conversations?show=unanswered", "insights", "insights?days=90")


@pytest.fixture
def bot(alice: Owner, work_off: Callable[[], None]) -> dict[str, Any]:
    made = alice.make_bot()
    alice.upload(made, ("returns.md", RETURNS), ("broken.pdf", b"%PDF-1.7\nnothing that could be read"))
    work_off()
    alice.ask(made, "Within how many days can I return a machine?")
    alice.ask(made, NORWAY)
    return made


@pytest.fixture
def page(alice: Owner, bot: dict[str, Any]) -> Iterator[Page]:
    """Alice's browser, signed in, on a phone's screen; the browser may complain of nothing."""
    with owners_page(alice, f"dashboard/bots/{bot['id']}/conversations", screen=PHONE) as opened:
        yield opened


def test_alice_answers_what_the_chatbot_could_not_and_asks_again(
    page: Page, alice: Owner, bot: dict[str, Any], work_off: Callable[[], None]
) -> None:
    page.get_by_role("link", name="Unanswered 1").click()
    expect(page.locator(".talk")).to_have_count(1)
    page.get_by_role("link", name="Add an answer").click()
    expect(page.get_by_label("Title")).to_have_value(NORWAY)
    page.get_by_label("Answer", exact=True).fill("Delivery to Norway is 14 euros and takes five days.")
    page.get_by_role("button", name="Add the answer").click()
    expect(page.get_by_text("Waiting to be read")).to_be_visible()
    with ThreadPoolExecutor(1) as worker:  # the browser's own thread has an event loop, and the worker wants one too
        worker.submit(work_off).result()
    expect(page.get_by_text("The chatbot can answer with it from now on.")).to_be_visible(timeout=10_000)

    page.get_by_role("button", name="Ask again").click()

    before, after = (
        page.get_by_role("article", name="The answer it got"),
        page.get_by_role("article", name="The answer now"),
    )
    expect(before.get_by_text("Unanswered")).to_be_visible()
    expect(after.locator(".prose")).to_contain_text("14 euros", timeout=20_000)
    expect(after.locator(".quotes")).to_contain_text(NORWAY)
    page.get_by_text("How the new answer came about").click()
    expect(page.locator(".now").get_by_text("Passages it could use")).to_be_visible()
    assert len(alice.api.get(f"/chatbots/{bot['id']}/conversations").json()) == 2  # the trial is none


def test_alice_finds_a_conversation_by_its_words_and_days(page: Page) -> None:
    page.get_by_label("Words").fill("norway delivery")
    page.get_by_role("button", name="Look for it").click()
    expect(page.locator(".talk")).to_have_count(1)
    expect(page.locator(".talk")).to_contain_text(NORWAY)
    page.get_by_label("To", exact=True).fill("2020-01-01")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="No conversation like that")).to_be_visible()
    page.get_by_role("link", name="Show all conversations").click()
    expect(page.locator(".talk")).to_have_count(2)


def test_insights_are_drawn_and_told_and_stand_in_tables(page: Page, alice: Owner, bot: dict[str, Any]) -> None:
    page.goto(f"{alice.address}/dashboard/bots/{bot['id']}/insights?days=7")
    questions = page.get_by_role("region", name="Questions per day", exact=True)
    expect(questions.get_by_text("2 questions in 7 days")).to_be_visible()
    expect(questions.get_by_role("img")).to_have_accessible_name(
        "Questions per day: 2 questions in 7 days, less than one a day. The table below has every figure."
    )
    bars = questions.locator(".field .column rect.answered, .field .column rect.unanswered")
    expect(bars).to_have_count(2)
    box = bars.first.bounding_box()
    assert box is not None
    assert box["height"] > 40
    questions.get_by_text("The figures as a table").click()
    expect(questions.get_by_role("row").last.get_by_role("cell")).to_have_text(["2", "1", "1", "0"])
    unanswered = page.get_by_role("region", name="Unanswered questions", exact=True)
    expect(unanswered.get_by_role("link", name=NORWAY, exact=True)).to_be_visible()
    with page.expect_download() as download:
        questions.get_by_role("link", name="Download as CSV").click(modifiers=["Alt"])
    assert Path(download.value.path()).read_text().startswith("Day,Questions,Answered,Unanswered,Broken off")


def test_the_errors_page_shows_a_source_that_failed_and_leads_to_it(
    page: Page, alice: Owner, bot: dict[str, Any]
) -> None:
    page.goto(f"{alice.address}/dashboard/errors")
    failing = page.get_by_role("region", name="Sources that could not be read")
    expect(failing).to_contain_text("broken.pdf")
    failing.get_by_role("link", name="broken.pdf").click()
    expect(page).to_have_url(re.compile(f"{bot['id']}.*#source-"))


def test_every_page_fits_a_phone_and_no_rule_of_accessibility_is_broken(
    page: Page, alice: Owner, bot: dict[str, Any]
) -> None:
    talks = alice.api.get(f"/chatbots/{bot['id']}/conversations").json()
    answers = [f"{one['id']}/answers/{last_answer(alice, bot, one['id'])}" for one in talks]
    paths = [f"bots/{bot['id']}/{path}" for path in (*PAGES, *(f"conversations/{answer}" for answer in answers))]
    paths += ["errors", "alerts"]
    for path in paths:
        page.goto(f"{alice.address}/dashboard/{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        is_sound(page)


def last_answer(alice: Owner, bot: dict[str, Any], conversation_id: str) -> str:
    told = alice.api.get(f"/chatbots/{bot['id']}/conversations/{conversation_id}").json()
    return str(told["messages"][-1]["id"])
