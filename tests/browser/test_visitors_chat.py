"""A visitor with a bad line, a phone, a keyboard alone or a wish for a person, in a real browser."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, expect

from apps.conversations.models import Author, Message
from tests.browser.accessibility import is_sound
from tests.browser.line import Line
from tests.browser.share_page import SharePage
from tests.browser.visiting import PATIENCE, browser, change, context, kept, page
from tests.conftest import Owner
from tests.llm_server import LLMServer, says
from tests.privacy_construction.conftest import QUESTION, PausedAnswer, bot, model

__all__ = ["bot", "browser", "context", "model", "page"]  # fixtures

FIRST = "The warranty lasts 24 months from the day of purchase [1]. The warranty "
REST = "covers the grinder and the pump [1]. Ask again if there is more."


@pytest.fixture
def paused(model: LLMServer) -> Iterator[PausedAnswer]:
    said = PausedAnswer(FIRST, REST)
    model.behave(said.behaviour(), says(FIRST + REST))
    yield said
    said.go_on.set()


def begin(page: SharePage, question: str = QUESTION) -> Locator:
    """Ask and return the turn once its first words stand there."""
    turn = page.turns.nth(page.turns.count())
    page.page.get_by_label("Your question").fill(question)
    page.page.keyboard.press("Enter")
    expect(turn.locator(".prose")).to_contain_text("24 months", timeout=PATIENCE)
    return turn


# A line that breaks.


def test_an_answer_survives_a_line_that_breaks(
    alice: Owner, bot: dict[str, Any], context: BrowserContext, paused: PausedAnswer, model: LLMServer
) -> None:
    with Line(alice.address) as line:
        page = SharePage.open(context.new_page(), f"{line.address}/c/{bot['public_id']}")
        turn = begin(page)
        line.cut()
        expect(turn.locator(".waiting")).to_contain_text("Picking the answer up again", timeout=PATIENCE)
        expect(turn.locator(".prose")).to_contain_text("24 months")
        is_sound(page.page)
        line.mend()
        paused.go_on.set()

        expect(turn.locator(".actions")).to_be_visible(timeout=PATIENCE)
        expect(turn.locator(".prose")).to_contain_text("24 months")
        expect(turn.locator(".prose")).to_contain_text("grinder")
        expect(turn.locator(".waiting")).to_have_count(0)
        assert len(model.requests) == 1


def test_a_line_that_stays_dead_is_told_and_the_question_is_kept(
    alice: Owner, bot: dict[str, Any], context: BrowserContext, paused: PausedAnswer
) -> None:
    with Line(alice.address) as line:
        page = SharePage.open(context.new_page(), f"{line.address}/c/{bot['public_id']}")
        turn = begin(page)
        page.page.clock.install()
        line.cut()
        expect(turn.locator(".waiting")).to_contain_text("Picking the answer up again", timeout=PATIENCE)
        for _ in range(8):
            page.page.clock.run_for(9_000)
            page.page.wait_for_timeout(100)
        expect(turn.get_by_role("alert")).to_contain_text("can’t be reached", timeout=PATIENCE)
        expect(turn.locator(".prose")).to_contain_text("24 months")
        line.mend()
        paused.go_on.set()
        turn.get_by_role("button", name="Try again").click()

        expect(turn.locator(".actions")).to_be_visible(timeout=PATIENCE)


def test_an_answer_survives_a_refresh(page: SharePage, paused: PausedAnswer, model: LLMServer) -> None:
    begin(page)
    page.page.reload()
    turn = page.turns.first
    expect(turn.locator(".prose")).to_contain_text("24 months", timeout=PATIENCE)
    expect(page.page.locator("#stop")).to_be_visible()
    paused.go_on.set()

    expect(turn.locator(".actions")).to_be_visible(timeout=PATIENCE)
    expect(turn.locator(".prose")).to_contain_text("grinder")
    expect(page.turns).to_have_count(1)
    assert len(model.requests) == 1
    assert page.complaints == []


def test_a_question_asked_offline_is_asked_again_by_itself(page: SharePage) -> None:
    page.page.context.set_offline(True)
    page.page.get_by_label("Your question").fill(QUESTION)
    page.page.keyboard.press("Enter")
    turn = page.turns.first
    expect(turn.get_by_role("alert")).to_contain_text("offline")
    expect(page.page.locator("#connection")).to_contain_text("offline")
    is_sound(page.page)
    page.page.context.set_offline(False)

    expect(turn.locator(".prose")).to_contain_text("24 months", timeout=PATIENCE)
    expect(turn.get_by_role("alert")).to_have_count(0)
    expect(page.page.locator("#connection")).to_be_hidden()


def test_a_slow_answer_is_explained(page: SharePage, model: LLMServer) -> None:
    page.page.clock.install()
    paused = PausedAnswer("", FIRST)
    model.behave(paused.behaviour())
    page.page.get_by_label("Your question").fill(QUESTION)
    page.page.keyboard.press("Enter")
    waiting = page.turns.first.locator(".waiting")
    expect(waiting).to_contain_text("Looking it up")
    page.page.clock.fast_forward(9_000)

    expect(waiting).to_contain_text("longer than usual")
    paused.go_on.set()


# Stop and try again.


def test_a_stopped_answer_stays_with_its_proof_and_can_be_asked_again(
    page: SharePage,
    paused: PausedAnswer,
    model: LLMServer,
) -> None:
    turn = begin(page)
    page.page.get_by_role("button", name="Stop the answer").click()
    expect(turn.get_by_role("alert")).to_contain_text("You stopped this answer")
    expect(turn.locator(".prose")).to_contain_text("24 months")
    assert "from the day of purchase" in page.read_citation(turn.locator(".prose"), 1)
    page.page.keyboard.press("Escape")
    paused.go_on.set()
    assert model.wait_for_hang_up()
    is_sound(page.page)

    turn.get_by_role("button", name="Try again").click()
    expect(turn.locator(".prose")).to_contain_text("grinder", timeout=PATIENCE)
    expect(turn.get_by_role("alert")).to_have_count(0)
    page.page.reload()
    expect(page.turns).to_have_count(1)
    expect(page.turns.first.locator(".prose")).to_contain_text("grinder")
    assert page.complaints == []


def test_a_new_conversation_stops_the_answer_of_the_old_one(
    page: SharePage,
    paused: PausedAnswer,
    model: LLMServer,
) -> None:
    begin(page)
    page.page.get_by_role("button", name="New conversation").click()
    expect(page.turns).to_have_count(0)
    paused.go_on.set()

    assert model.wait_for_hang_up(5)
    expect(page.page.locator("#suggestions, .welcome").first).to_be_visible()


def test_who_asks_too_fast_sees_when_to_go_on(
    alice: Owner,
    bot: dict[str, Any],
    browser: Browser,
) -> None:
    change(alice, bot, visitor_messages_per_minute=1)
    with browser.new_context(extra_http_headers={"X-Forwarded-For": "203.0.113.7"}) as context:
        page = SharePage.open(context.new_page(), f"{alice.address}/c/{bot['public_id']}")
        page.ask(QUESTION)
        page.page.get_by_label("Your question").fill("And the pump?")
        page.page.keyboard.press("Enter")

        note = page.turns.nth(1).get_by_role("alert")
        expect(note).to_contain_text("Please wait a moment")
        expect(note.get_by_role("button")).to_be_disabled()
        expect(note.get_by_role("button")).to_contain_text("Try again in")


# What one can do with an answer.


def test_an_answer_is_copied_with_its_sources(page: SharePage) -> None:
    page.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.ask(QUESTION)
    page.page.get_by_role("button", name="Copy the answer").click()
    expect(page.page.locator(".thanks")).to_have_text("Copied")
    copied = page.page.evaluate("navigator.clipboard.readText()")

    assert "24 months" in copied
    assert "[1]" in copied.split("\n\n")[0]
    assert copied.split("\n\n")[-1].startswith("[1] Warranty")


def test_a_thumb_takes_a_word_along(page: SharePage) -> None:
    page.ask(QUESTION)
    page.page.get_by_role("button", name="This answer did not help").click()
    page.page.get_by_label("Would you like to say why?").fill("I meant the pump.")
    is_sound(page.page)
    page.page.keyboard.press("Enter")
    expect(page.page.get_by_label("Would you like to say why?")).to_have_count(0)

    answer = kept(lambda: Message.objects.get(author=Author.BOT))
    assert (answer.feedback, answer.feedback_comment) == ("down", "I meant the pump.")
    page.page.reload()
    expect(page.page.get_by_role("button", name="This answer did not help")).to_have_attribute("aria-pressed", "true")


def test_what_a_model_writes_as_markup_stays_inert(page: SharePage, model: LLMServer) -> None:
    asked: list[str] = []
    page.page.on("request", lambda request: asked.append(request.url))
    model.behave(
        says(
            "The warranty lasts 24 months from the day of purchase [1]. ![warranty](https://evil.example/24.png)"
            " <img src=https://evil.example/months.png onerror=alert(1)> [warranty](javascript:alert(1))"
        )
    )
    answer = page.ask(QUESTION)

    expect(answer).to_contain_text("24 months")
    assert answer.locator("img, script, iframe, [style]").count() == 0
    assert answer.locator("a").count() == 0
    assert not [url for url in asked if "evil" in url]
    assert page.complaints == []


# Any visitor.


def test_everything_can_be_reached_with_a_keyboard(
    alice: Owner,
    bot: dict[str, Any],
    page: SharePage,
) -> None:
    change(alice, bot, suggested_questions=[QUESTION])
    page.page.reload()
    keys = page.page.keyboard
    page.page.get_by_role("link", name="Skip to the question").focus()
    keys.press("Tab")
    expect(page.page.get_by_role("button", name=QUESTION)).to_be_focused()
    keys.press("Enter")
    answer = page.turns.first
    expect(answer.locator(".actions")).to_be_visible(timeout=PATIENCE)
    expect(answer.locator(".asked")).to_be_focused()
    keys.press("Tab")
    expect(answer.get_by_role("button", name="Source 1: Warranty").first).to_be_focused()
    keys.press("Enter")
    expect(page.card).to_be_focused()
    expect(page.card.locator("mark")).to_contain_text("24 months")
    is_sound(page.page)
    keys.press("Escape")
    expect(page.card).to_be_hidden()
    expect(answer.get_by_role("button", name="Source 1: Warranty").first).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone_and_any_eye(
    scheme: Any,
    alice: Owner,
    bot: dict[str, Any],
    browser: Browser,
) -> None:
    change(alice, bot, contact_offer="always", suggested_questions=["How long is the warranty of a grinder that hums?"])
    with browser.new_context(
        viewport={"width": 375, "height": 667}, has_touch=True, is_mobile=True, color_scheme=scheme
    ) as context:
        page = SharePage.open(context.new_page(), f"{alice.address}/c/{bot['public_id']}")
        is_sound(page.page)
        answer = page.ask(QUESTION)
        is_sound(page.page)
        page.read_citation(answer, 1)
        is_sound(page.page)
        page.page.keyboard.press("Escape")
        page.page.locator(".bar .contact-open").tap()
        expect(page.page.get_by_role("dialog")).to_be_visible()
        is_sound(page.page)
        assert page.page.evaluate("document.documentElement.scrollWidth") == 375
        assert page.complaints == []


def test_arabic_runs_from_right_to_left(alice: Owner, bot: dict[str, Any], browser: Browser) -> None:
    with browser.new_context(locale="ar", viewport={"width": 375, "height": 667}) as context:
        page = SharePage.open(context.new_page(), f"{alice.address}/c/{bot['public_id']}")
        root = page.page.locator("html")
        expect(root).to_have_attribute("dir", "rtl")
        expect(root).to_have_attribute("lang", "ar")
        send, field = page.page.locator("#send").bounding_box(), page.page.locator("#question").bounding_box()
        assert send
        assert field
        assert send["x"] < field["x"]
        page.page.locator("#question").fill(QUESTION)
        page.page.keyboard.press("Enter")
        expect(page.turns.first.locator(".actions")).to_be_visible(timeout=PATIENCE)
        assert page.page.evaluate("document.documentElement.scrollWidth") == 375
        is_sound(page.page)
        assert page.complaints == []


def test_the_page_weighs_at_most_sixty_kilobytes(
    alice: Owner,
    bot: dict[str, Any],
    context: BrowserContext,
) -> None:
    change(alice, bot, contact_offer="always", suggested_questions=[QUESTION] * 4)
    page = context.new_page()
    session = context.new_cdp_session(page)
    weights: dict[str, float] = {}
    session.on("Network.loadingFinished", lambda told: weights.update({told["requestId"]: told["encodedDataLength"]}))
    session.send("Network.enable")
    page.goto(f"{alice.address}/c/{bot['public_id']}", wait_until="networkidle")
    expect(page.locator("html.ready")).to_have_count(1)

    assert len(weights) >= 8
    assert sum(weights.values()) <= 60_000, weights
