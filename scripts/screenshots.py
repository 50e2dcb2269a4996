"""Makes the pictures under docs/screenshots: every page, in light, in the dark and on a phone, of a demo bot in use.

python -m scripts.screenshots [names of pages, for some of them]
"""

import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from apps.core.database.urls import embedded_url

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "screenshots"
PORT = 8765
HOME = f"http://127.0.0.1:{PORT}"
READY_WITHIN = 180
COLOURS = 128  # in a picture: a third of the size, and nobody sees it
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
LOOKS: dict[str, dict[str, Any]] = {
    "": {"viewport": {"width": 1180, "height": 860}, "color_scheme": "light"},
    "-dark": {"viewport": {"width": 1180, "height": 860}, "color_scheme": "dark"},
    "-phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "has_touch": True},
}
QUESTIONS = (
    "How long is the warranty?", "What does the Heron cost?", "How do I descale the Wren?", "Can I return a machine?",
    "How long does delivery take?", "What colours does the Wren come in?", "Do you ship to France?",
    "Can I pay by invoice?", "Is there a barista course?", "Do you have vegan chocolate?",
)  # fmt: skip
# Over a month, as visitors come: more of them lately.
SPREAD = """
WITH moved AS (
    UPDATE conversations_conversation AS c
    SET created_at = c.created_at - m.back, last_message_at = c.last_message_at - m.back
    FROM (SELECT id, make_interval(days => (30 * power(random(), 2))::int, mins => (500 * random())::int) AS back
          FROM conversations_conversation) AS m
    WHERE c.id = m.id RETURNING c.id, m.back
)
UPDATE conversations_message AS said SET created_at = said.created_at - moved.back
FROM moved WHERE said.conversation_id = moved.id
"""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A Tacit of its own with the demo bot, its public address, and a way in for its owner."""

    data: Path
    share_page: str
    sign_in: str

    @property
    def public_id(self) -> str:
        return self.share_page.rsplit("/", 1)[-1]

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        asked = urllib.request.Request(  # noqa: S310  # our own address
            f"{HOME}/api/v1/chat/{self.public_id}{path}",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(asked) as answer:  # noqa: S310
            return dict(json.loads(answer.read()))


@contextmanager
def served() -> Iterator[Server]:
    """Start Tacit on an empty data folder, and wait until the demo bot can answer."""
    with tempfile.TemporaryDirectory(prefix="tacit-") as data:
        process = subprocess.Popen(
            ["env", f"TACIT_DATA_DIR={data}", sys.executable, "-m", "apps.cli.main", "up", "--port", str(PORT)],
            stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        try:
            addresses: list[str] = []
            assert process.stdout is not None  # noqa: S101  # asked for above
            for line in process.stdout:
                addresses += [word for word in line.split() if word.startswith("http")]
                if "Ctrl-C" in line:
                    break
            server = Server(
                data=Path(data),
                share_page=next(address for address in addresses if "/c/" in address),
                sign_in=next(address for address in addresses if "/sign-in/" in address),
            )
            wait_until_read(server)
            yield server
        finally:
            process.terminate()
            process.wait(30)


def wait_until_read(server: Server) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while not server.post("/messages", {"message": QUESTIONS[0]})["answered"] and time.monotonic() < deadline:
        time.sleep(2)


def be_used(server: Server) -> None:
    """Let visitors have asked over a month, so that there is something to see."""
    chance = random.Random(5)  # noqa: S311  # for questions
    for _ in range(60):
        server.post("/messages", {"message": chance.choice(QUESTIONS)})
    with psycopg.connect(embedded_url(server.data, user="tacit")) as connection:
        connection.execute("SELECT setseed(.5)")
        connection.execute(SPREAD)


def pages(page: Page) -> dict[str, str]:
    """Return every page of the owner by the name of its picture."""
    page.goto(HOME)
    bot = page.locator("a[href*='/dashboard/bots/']").first.get_attribute("href") or ""
    bot = "/".join(bot.split("/")[:4])
    found = {
        "chatbots": "/",
        "welcome": "/welcome",
        "errors": "/dashboard/errors",
        "alerts": "/dashboard/alerts",
        "organization": "/dashboard/organization/",
    }
    page.goto(f"{HOME}{bot}/sources")
    source = page.locator(f"a[href^='{bot}/sources/']").first.get_attribute("href") or ""
    page.goto(f"{HOME}{bot}/conversations?show=unanswered")
    conversation = page.locator(f"a[href^='{bot}/conversations/']").first.get_attribute("href") or ""
    page.goto(f"{HOME}/dashboard/organization/")
    for name in ("keys", "audit", "data"):
        found[name] = page.locator(f"a[href$='/{name}']").first.get_attribute("href") or ""
    found |= {"source": source, "conversation": conversation.partition("#")[0]}
    tabs = ("sources", "try", "conversations", "contacts", "insights", "privacy", "links", "share", "settings")
    return found | {tab: f"{bot}/{tab}" for tab in tabs}


def ask(page: Page) -> None:
    """Ask on the share page and open the first citation."""
    page.get_by_label("Your question").fill(QUESTIONS[0])
    page.keyboard.press("Enter")
    expect(page.locator(".turn .actions").first).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Source 1:").first.click()
    expect(page.locator("#card mark")).to_be_visible()


def try_it(page: Page) -> None:
    """Ask in the chat beside which the owner sees the proof."""
    chat = page.frame_locator("iframe").first
    chat.get_by_label("Your question").fill(QUESTIONS[0])
    page.keyboard.press("Enter")
    expect(chat.locator(".turn .actions").first).to_be_visible(timeout=20_000)
    page.wait_for_timeout(1500)
    page.evaluate("scrollTo(0, 0)")


def open_widget(page: Page) -> None:
    """Open the widget on a site."""
    page.get_by_role("button", name="Ottermere").click()
    page.wait_for_timeout(1500)


FIRST: dict[str, Callable[[Page], None]] = {"share-page": ask, "try": try_it, "widget": open_widget}


def take(visit: BrowserContext, name: str, look: str, address: str) -> None:
    page = visit.new_page()
    page.goto(address)
    page.wait_for_load_state("networkidle")
    if name in FIRST:
        FIRST[name](page)
    page.wait_for_timeout(600)
    file = PICTURES / f"{name}{look}.png"
    page.screenshot(path=file)
    page.close()
    Image.open(file).convert("RGB").quantize(COLOURS).save(file, optimize=True)


def take_all(browser: Browser, server: Server) -> None:
    visit = browser.new_context(**LOOKS[""])
    page = visit.new_page()
    page.goto(server.sign_in)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/sign-in/" not in url)
    addresses = {name: HOME + path for name, path in pages(page).items()}
    addresses |= {"share-page": server.share_page, "widget": addresses["share"] + "/site"}
    state = visit.storage_state()
    visit.close()
    for look, options in LOOKS.items():
        visit = browser.new_context(**options, storage_state=state, device_scale_factor=1)
        for name, address in addresses.items():
            if sys.argv[1:] and name not in sys.argv[1:]:
                continue
            take(visit, name, look, address)
        visit.close()


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with served() as server, sync_playwright() as playwright:
        be_used(server)
        browser = playwright.chromium.launch(executable_path=executable, args=QUIET)
        take_all(browser, server)
        browser.close()


if __name__ == "__main__":
    main()
