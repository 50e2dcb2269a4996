"""Makes the pictures under docs/screenshots: the demo bot's page as visitors see it, light, dark and on a phone."""

import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "screenshots"
PORT = 8765
QUESTION = "How long is the warranty?"
READY_WITHIN = 180
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
VIEWS = {
    "share-page": {"viewport": {"width": 1100, "height": 820}, "color_scheme": "light"},
    "share-page-dark": {"viewport": {"width": 1100, "height": 820}, "color_scheme": "dark"},
    "share-page-phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "has_touch": True},
}


def serve(data: str) -> tuple[subprocess.Popen[str], str, str]:
    """Start Tacit on an empty data folder; return it with the demo's address and the sign-in link."""
    process = subprocess.Popen(
        ["env", f"TACIT_DATA_DIR={data}", sys.executable, "-m", "apps.cli.main", "up", "--port", str(PORT)],
        stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    addresses: list[str] = []
    assert process.stdout is not None  # noqa: S101  # asked for above
    for line in process.stdout:
        addresses += [word for word in line.split() if word.startswith("http")]
        if "Ctrl-C" in line:
            break
    page = next(address for address in addresses if "/c/" in address)
    link = next(address for address in addresses if "/sign-in/" in address)
    return process, page, link


def wait_until_read(page: str) -> None:
    """Wait until the demo bot can answer."""
    address = page.replace("/c/", "/api/v1/chat/") + "/messages"
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        asked = urllib.request.Request(  # noqa: S310  # our own address
            address, data=b'{"message": "How long is the warranty?"}', headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(asked) as answer:  # noqa: S310
            if b'"answered":true' in answer.read():
                return
        time.sleep(2)


def picture(browser: Browser, name: str, address: str) -> None:
    """Ask on the share page, open the first citation and take a picture."""
    page = browser.new_page(**VIEWS[name], device_scale_factor=1)  # type: ignore[arg-type]
    page.goto(address)
    page.get_by_label("Your question").fill(QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator(".turn .actions").first).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Source 1:").first.click()
    expect(page.locator("#card mark")).to_be_visible()
    page.wait_for_timeout(600)
    page.screenshot(path=PICTURES / f"{name}.png")
    page.close()


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory(prefix="tacit-") as data:
        process, address, link = serve(data)
        try:
            wait_until_read(address)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=executable, args=QUIET)
                for name in VIEWS:
                    picture(browser, name, address)
                page = browser.new_page(viewport={"width": 1100, "height": 620})
                page.goto(link)
                page.get_by_role("button", name="Sign in").click()
                page.screenshot(path=PICTURES / "owner.png")
                browser.close()
        finally:
            process.terminate()
            process.wait(30)


if __name__ == "__main__":
    main()
