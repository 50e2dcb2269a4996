"""What axe-core says of a page as it stands, in every frame; the one place in which it is asked."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe  # noqa: TID251  # the one place
from playwright.sync_api import Error, Page

# By the guidelines (WCAG 2.2, A and AA) and by good practice.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERY_RULE: dict[str, Any] = {"runOnly": {"type": "tag", "values": TAGS}}
COLOURS: dict[str, Any] = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
SETTLED = """async () => {
    const finite = (one) => one.effect !== null && Number.isFinite(one.effect.getComputedTiming().endTime)
    for (let round = 0; round < 20; round += 1) {
        const running = document.getAnimations().filter((one) => one.playState !== "finished" && finite(one))
        if (running.length === 0) return
        await Promise.allSettled(running.map((one) => one.finished))
    }
}"""


def violations_of(page: Page, rules: dict[str, Any] = EVERY_RULE) -> str:
    """Return a report of the rules that the page breaks, "" if none; what fades in is looked at once it is there.

    A change of colours that is half done has contrasts that no visitor is left with.
    """
    for frame in page.frames:
        try:
            frame.evaluate(SETTLED)
        except Error:  # a frame that has just gone, or one whose own policy lets no script run
            continue
    found = Axe().run(page, options=rules)
    return found.generate_report() if found.violations_count else ""


def is_sound(page: Page, rules: dict[str, Any] = EVERY_RULE) -> None:
    """Assert that the page as it stands breaks no rule."""
    report = violations_of(page, rules)
    assert not report, f"{page.url}: {report}"
