"""On the share page, too, an answer that is begun anew leaves nothing of the withdrawn one on the screen."""

from typing import Any

from playwright.sync_api import expect

from tests.browser.share_page import SharePage, chromium
from tests.conftest import Owner
from tests.llm_server import LLMServer, says
from tests.privacy_construction.conftest import QUESTION, PausedAnswer, source_named


def test_what_was_taken_away_leaves_the_screen(alice: Owner, bot: dict[str, Any], model: LLMServer) -> None:
    paused = PausedAnswer(
        "The warranty lasts 24 months from the day of purchase [1]. The warranty ",
        "covers the grinder and the pump [1].",
    )
    model.behave(paused.behaviour(), says("Descale the machine every two months with citric acid [1]."))
    with chromium() as browser:
        page = SharePage.open(browser.new_page(), f"{alice.address}/c/{bot['public_id']}")
        page.page.get_by_label("Your question").fill(QUESTION)
        page.page.keyboard.press("Enter")
        turn = page.turns.first
        expect(turn.locator(".prose")).to_contain_text("24 months", timeout=20_000)

        source = source_named(alice, bot, "warranty.md")
        alice.api.patch(f"/chatbots/{bot['id']}/sources/{source['id']}", json={"disclosure": "learn_only"})
        paused.go_on.set()

        expect(turn.locator(".actions")).to_be_visible(timeout=20_000)
        expect(turn).not_to_contain_text("24 months")
        expect(turn).not_to_contain_text("grinder")
        assert page.complaints == []
