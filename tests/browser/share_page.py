"""The share page as a visitor uses it: Chromium, and the things one does on the page."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

expect.set_options(timeout=20_000)  # ms; a page on a busy machine is late, and only what fails takes so long

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, headless; skips the test where there is none."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=QUIET)
        yield browser
        browser.close()


def complaints_of(page: Page) -> list[str]:
    """Return a list to which every error of the page and of its console is added from now on."""
    complaints: list[str] = []
    page.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints


@dataclass(frozen=True, kw_only=True)
class SharePage:
    """One visitor's page. Every problem that the browser's console reports is kept in `complaints`."""

    page: Page
    complaints: list[str]

    @classmethod
    def open(cls, page: Page, address: str) -> "SharePage":
        complaints = complaints_of(page)
        page.goto(address)
        return cls(page=page, complaints=complaints)

    @property
    def turns(self) -> Locator:
        return self.page.locator(".turn")

    @property
    def card(self) -> Locator:
        return self.page.locator("#card")

    def ask(self, question: str) -> Locator:
        """Type a question, send it with Enter and return its answer once that is complete."""
        turn = self.turns.nth(self.turns.count())
        self.page.get_by_label("Your question").fill(question)
        self.page.keyboard.press("Enter")
        expect(turn.locator(".actions")).to_be_visible(timeout=20_000)
        return turn.locator(".prose")

    def read_citation(self, answer: Locator, n: int) -> str:
        """Open the card of a number in an answer and return its passage, once the whole of it has come."""
        with self.page.expect_response(lambda response: response.url.endswith(f"/citations/{n}")):
            answer.get_by_role("button", name=f"Source {n}:").first.click()
        expect(self.card).to_be_visible()
        return self.card.locator(".passage").inner_text()

    def quote(self) -> str:
        """The words that the open card highlights."""
        return self.card.locator("mark").inner_text()
