"""A visitor on the share page, in a real browser: asks, watches the answer come, and reads its proof."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.share_page import SharePage, chromium
from tests.conftest import Owner

RETURNS = b"""# Returns

You can return any item within 30 days of delivery. Opened items are refunded in full if nothing is missing.

# Warranty

The warranty lasts 24 months from the day of delivery.
"""


def test_a_visitor_asks_and_reads_the_proof(alice: Owner, work_off: Callable[[], None]) -> None:
    bot = alice.make_bot("Shop", suggested_questions=["Can I return an opened item?"])
    alice.upload(bot, ("returns.md", RETURNS))
    work_off()
    with chromium() as browser:
        page = SharePage.open(browser.new_page(), f"{alice.address}/c/{bot['public_id']}")

        answer = page.ask("Within how many days can I return an item?")

        expect(answer).to_contain_text("30 days")
        passage = page.read_citation(answer, 1)
        assert "within 30 days of delivery" in passage
        assert page.quote() in passage
        page.page.keyboard.press("Escape")
        page.page.reload()
        expect(page.turns.first).to_contain_text("30 days")
        assert page.complaints == []


def test_a_quote_with_signs_in_it_is_found_in_its_passage(alice: Owner, work_off: Callable[[], None]) -> None:
    bot = alice.make_bot("Shop")
    alice.upload(
        bot, ("batteries.md", b"# Batteries\n\nA re-charged AA/AAA battery (1.5 V) lasts two-and-a-half days.\n")
    )
    work_off()
    with chromium() as browser:
        page = SharePage.open(browser.new_page(), f"{alice.address}/c/{bot['public_id']}")

        answer = page.ask("How long does a re-charged AA/AAA battery last?")

        page.read_citation(answer, 1)
        assert "two-and-a-half days" in page.quote()
        assert page.complaints == []


def test_what_the_bot_does_not_know_it_says(alice: Owner, work_off: Callable[[], None]) -> None:
    bot = alice.make_bot("Shop")
    alice.upload(bot, ("returns.md", RETURNS))
    work_off()
    with chromium() as browser:
        page = SharePage.open(browser.new_page(), f"{alice.address}/c/{bot['public_id']}")

        answer = page.ask("Who painted the Mona Lisa?")

        expect(answer).to_contain_text("no information")
        expect(answer.get_by_role("button", name="Source 1:")).to_have_count(0)
        assert page.complaints == []


def test_the_owner_signs_in_with_the_one_time_link(alice: Owner) -> None:
    users = alice.users
    token = users.create_sign_in_link(user=users.ensure_owner(email="alice@example.org").user)
    alice.make_bot("Shop")
    with chromium() as browser:
        page = browser.new_page()
        page.goto(f"{alice.address}/sign-in/{token}")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Shop")).to_be_visible()
        expect(page.get_by_text("by extraction")).to_be_visible()
        page.locator("summary", has_text="Account").click()
        page.get_by_role("button", name="Sign out").click()

        page.goto(f"{alice.address}/sign-in/{token}")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("used already")
