"""The widget on somebody's site, in a real browser: on another origin, under a policy that allows hardly anything."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, FrameLocator, Locator, Page, expect

from tests.browser.accessibility import is_sound
from tests.browser.share_page import chromium
from tests.browser.site import Site, serving
from tests.conftest import Owner

RETURNS = b"""# Returns

You can return any item within 30 days of delivery. Opened items are refunded in full if nothing is missing.
"""
FRAME = "url => document.body.append(Object.assign(document.createElement('iframe'), { src: url }))"


@pytest.fixture
def site(address: str) -> Iterator[Site]:
    with serving(address) as shop:
        yield shop


@pytest.fixture
def bot(alice: Owner, site: Site, work_off: Callable[[], None]) -> dict[str, Any]:
    """Alice's bot, which her shop's site may show."""
    made = alice.make_bot("Shop", allowed_origins=[site.origin], language="en")
    alice.upload(made, ("returns.md", RETURNS))
    work_off()
    site.line = site.line_for(made["public_id"])
    return made


@pytest.fixture
def browser(bot: dict[str, Any]) -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@dataclass(frozen=True, kw_only=True)
class Visit:
    """Somebody on the site, and what the browser's console said."""

    page: Page
    said: list[ConsoleMessage]

    @classmethod
    def of(cls, browser: Browser, site: Site, **looks: Any) -> "Visit":
        page = browser.new_page(reduced_motion="reduce", **looks)
        said: list[ConsoleMessage] = []
        page.on("console", lambda message: said.append(message))  # noqa: PLW0108  # playwright marks what it is given
        page.goto(site.origin)
        return cls(page=page, said=said)

    @property
    def launcher(self) -> Locator:
        return self.page.get_by_role("button", name="Chat: Shop")

    @property
    def panel(self) -> Locator:
        return self.page.get_by_role("dialog", name="Shop")

    @property
    def chat(self) -> FrameLocator:
        return self.panel.frame_locator("iframe")

    def ask(self, question: str) -> Locator:
        """Type where the focus is, send it with Enter, and return the answer."""
        expect(self.chat.get_by_label("Your question")).to_be_focused()
        self.page.keyboard.type(question)
        self.page.keyboard.press("Enter")
        expect(self.chat.locator(".turn .actions").last).to_be_visible(timeout=20_000)
        return self.chat.locator(".turn .prose").last

    def complaints(self) -> list[str]:
        return [message.text for message in self.said if message.type in {"error", "warning"}]


def box(locator: Locator) -> dict[str, float]:
    found = locator.bounding_box()
    assert found is not None
    return {"x": found["x"], "y": found["y"], "width": found["width"], "height": found["height"]}


def test_a_visitor_opens_it_asks_and_gets_a_cited_answer_which_a_refresh_keeps(
    browser: Browser, site: Site, bot: dict[str, Any]
) -> None:
    visit = Visit.of(browser, site)
    expect(visit.launcher).to_have_attribute("aria-expanded", "false")
    visit.launcher.click()
    expect(visit.panel).to_be_visible()
    answer = visit.ask("Within how many days can I return an item?")
    expect(answer).to_contain_text("30 days")
    answer.get_by_role("button", name="Source 1:").first.click()
    expect(visit.chat.locator("#card mark")).to_contain_text("30 days")

    visit.page.reload()
    expect(visit.launcher).to_have_attribute("aria-expanded", "true")
    expect(visit.chat.locator(".turn .prose").first).to_contain_text("30 days")
    visit.page.locator("a").evaluate("link => link.click()")
    expect(visit.page).to_have_url(f"{site.origin}/about")
    expect(visit.chat.locator(".turn .prose").first).to_contain_text("30 days")

    visit.launcher.click()
    visit.page.reload()
    expect(visit.launcher).to_have_attribute("aria-expanded", "false")
    expect(visit.panel).to_have_count(0)
    assert visit.complaints() == []


def test_before_it_is_opened_two_small_things_are_loaded_and_no_frame(
    browser: Browser, site: Site, bot: dict[str, Any]
) -> None:
    page = browser.new_page()
    loaded: list[tuple[str, int]] = []
    page.on("requestfinished", lambda one: loaded.append((one.url, one.sizes()["responseBodySize"])))
    page.goto(site.origin)
    expect(page.get_by_role("button", name="Chat: Shop")).to_be_visible()
    page.wait_for_load_state("networkidle")
    of_tacit = {
        url.removeprefix(site.tacit).partition("?")[0]: size for url, size in loaded if url.startswith(site.tacit)
    }
    assert of_tacit.keys() == {"/widget.js", f"/api/v1/chat/{bot['public_id']}/widget"}
    assert sum(of_tacit.values()) <= 12 * 1024


def test_a_site_that_is_not_allowed_shows_nothing_and_its_console_says_what_to_do(
    browser: Browser, site: Site, bot: dict[str, Any], alice: Owner
) -> None:
    alice.api.patch(f"/chatbots/{bot['id']}", json={"allowed_origins": ["https://elsewhere.example"]})
    page = browser.new_page()
    with page.expect_console_message(lambda message: message.type == "warning") as told:
        page.goto(site.origin)
    assert f"add {site.origin} under “Share and embed”" in told.value.text
    expect(page.get_by_role("button", name="Chat: Shop")).to_have_count(0)
    assert page.evaluate("[...document.body.children].map(element => element.localName)") == ["main", "script"]


def test_a_frame_of_a_site_that_is_not_allowed_stays_empty(
    browser: Browser, site: Site, bot: dict[str, Any], alice: Owner
) -> None:
    """Who leaves the script out and frames the page himself is refused by the browser."""
    visit = Visit.of(browser, site)
    visit.launcher.click()
    expect(visit.chat.get_by_label("Your question")).to_be_visible()
    alice.api.patch(f"/chatbots/{bot['id']}", json={"allowed_origins": []})
    visit.page.evaluate(FRAME, f"{site.tacit}/embed/{bot['public_id']}")
    visit.page.wait_for_timeout(500)
    assert any("frame-ancestors" in text for text in visit.complaints())


def test_a_server_that_is_not_reached_is_told_apart_from_a_refusal(
    browser: Browser, site: Site, bot: dict[str, Any]
) -> None:
    page = browser.new_page()
    page.route("**/api/v1/chat/**", lambda route: route.abort())
    with page.expect_console_message(lambda message: "Tacit" in message.text) as told:
        page.goto(site.origin)
    assert "connect-src" in told.value.text


def test_by_keyboard_alone_it_opens_closes_and_gives_the_focus_back(
    browser: Browser, site: Site, bot: dict[str, Any]
) -> None:
    visit = Visit.of(browser, site)
    expect(visit.launcher).to_be_visible()
    visit.page.locator("#buy").focus()
    visit.page.keyboard.press("Tab")
    visit.page.keyboard.press("Tab")
    expect(visit.launcher).to_be_focused()
    visit.page.keyboard.press("Enter")
    expect(visit.chat.get_by_label("Your question")).to_be_focused()
    visit.page.keyboard.press("Escape")
    expect(visit.panel).to_have_count(0)
    expect(visit.launcher).to_be_focused()
    visit.page.keyboard.press("Space")
    expect(visit.chat.get_by_label("Your question")).to_be_focused()
    visit.page.keyboard.press("Shift+Tab")
    for _ in range(20):
        if visit.panel.get_by_role("button", name="Close the chat").evaluate("button => button.matches(':focus')"):
            break
        visit.page.keyboard.press("Shift+Tab")
    visit.page.keyboard.press("Enter")
    expect(visit.launcher).to_be_focused()
    expect(visit.launcher).to_have_attribute("aria-expanded", "false")


def test_it_takes_no_focus_by_itself_and_leaves_the_page_as_it_was(
    browser: Browser, site: Site, bot: dict[str, Any]
) -> None:
    visit = Visit.of(browser, site)
    visit.launcher.click()
    expect(visit.chat.get_by_label("Your question")).to_be_focused()
    names = set(visit.page.evaluate("Object.getOwnPropertyNames(window)"))
    visit.page.reload()
    visit.page.locator("#buy").focus()
    expect(visit.chat.get_by_label("Your question")).to_be_visible()
    visit.page.wait_for_timeout(300)
    expect(visit.page.locator("#buy")).to_be_focused()
    blank = browser.new_page()
    blank.goto(f"{site.tacit}/widget.js")
    assert not [
        name for name in names - set(blank.evaluate("Object.getOwnPropertyNames(window)")) if not name.isdigit()
    ]
    assert visit.page.evaluate("[document.styleSheets.length, document.adoptedStyleSheets.length]") == [1, 0]
    assert visit.page.evaluate("document.body.getAttribute('style')") is None


def test_a_sites_own_styles_do_not_reach_it(browser: Browser, site: Site, bot: dict[str, Any]) -> None:
    visit = Visit.of(browser, site, viewport={"width": 1200, "height": 900})
    found = box(visit.launcher)
    assert (found["width"], found["height"]) == (60, 60)
    assert (found["x"], found["y"]) == (1120, 820)
    visit.launcher.click()
    assert box(visit.panel.locator("iframe"))["height"] > 500


def test_on_a_phone_it_covers_the_screen_and_can_be_closed(browser: Browser, site: Site, bot: dict[str, Any]) -> None:
    visit = Visit.of(browser, site, viewport={"width": 375, "height": 667}, has_touch=True)
    visit.launcher.tap()
    expect(visit.chat.get_by_label("Your question")).to_be_visible()
    assert box(visit.panel) == {"x": 0, "y": 0, "width": 375, "height": 667}
    field_box = box(visit.chat.get_by_label("Your question"))
    assert field_box["x"] >= 0
    assert field_box["x"] + field_box["width"] <= 375
    close = visit.panel.get_by_role("button", name="Close the chat")
    assert min(box(close)["width"], box(close)["height"]) >= 44
    close.tap()
    expect(visit.panel).to_have_count(0)
    expect(visit.launcher).to_be_visible()


@pytest.mark.parametrize("case", ["en end right", "en start left", "ar end left", "ar start right"])
def test_both_corners_in_both_directions(
    browser: Browser, site: Site, bot: dict[str, Any], alice: Owner, case: str
) -> None:
    language, corner, side = case.split()
    alice.api.patch(f"/chatbots/{bot['id']}", json={"language": language, "widget_corner": corner})
    page = browser.new_page(reduced_motion="reduce", viewport={"width": 1200, "height": 900})
    page.goto(site.origin)
    launcher = page.locator(".launcher")
    assert box(launcher)["x"] == (1120 if side == "right" else 20)
    launcher.click()
    panel = page.get_by_role("dialog")
    expect(panel.frame_locator("iframe").locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    edge = box(panel)["x"] + (box(panel)["width"] if side == "right" else 0)
    assert edge == (1180 if side == "right" else 20)


def test_it_survives_a_site_that_puts_a_new_body_in_place(browser: Browser, site: Site, bot: dict[str, Any]) -> None:
    visit = Visit.of(browser, site)
    visit.launcher.click()
    expect(visit.chat.get_by_label("Your question")).to_be_focused()
    visit.page.evaluate("document.documentElement.replaceChild(document.createElement('body'), document.body)")
    expect(visit.launcher).to_have_attribute("aria-expanded", "true")
    expect(visit.chat.get_by_label("Your question")).to_be_visible()


def test_the_owners_colour_is_on_the_button_with_a_sign_that_can_be_seen(
    browser: Browser, site: Site, bot: dict[str, Any], alice: Owner
) -> None:
    alice.api.patch(f"/chatbots/{bot['id']}", json={"accent_colour": "#ffd400"})
    visit = Visit.of(browser, site)
    shown = visit.launcher.evaluate(
        "button => [getComputedStyle(button).backgroundColor, getComputedStyle(button).color]"
    )
    assert shown == ["rgb(255, 212, 0)", "rgb(0, 0, 0)"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_about_it_shuts_people_with_disabilities_out(
    browser: Browser, site: Site, bot: dict[str, Any], scheme: Literal["light", "dark"]
) -> None:
    """The site's policy is set aside, since the checker is a script that it rightly refuses; so are its own styles."""
    page = browser.new_page(reduced_motion="reduce", bypass_csp=True, color_scheme=scheme)
    page.route("**/site.css", lambda route: route.fulfill(body="", content_type="text/css"))
    page.goto(site.origin)
    visit = Visit(page=page, said=[])
    expect(visit.launcher).to_be_visible()
    is_sound(page)
    visit.launcher.click()
    visit.ask("Within how many days can I return an item?")
    is_sound(page)
