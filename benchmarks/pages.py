"""What a visitor waits for: bytes of the share page, and seconds until it can be used, on a throttled line."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.footprint import free_port, start, stop
from benchmarks.product import scratch

# Lighthouse's "slow 4G": what it takes a telephone's line for.
SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}
SLOWER_PROCESSOR = 4  # times; a phone's against a desk's
RUNS = 5
PHONE = {"width": 375, "height": 667}
READY = "() => performance.getEntriesByName('ready')[0]?.startTime"
PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


def opened(browser: Browser, address: str, *, slower: float) -> tuple[Page, Any, dict[str, float]]:
    """Return a fresh visitor's page, its session of the DevTools protocol, and where the bytes of its files are put."""
    page = browser.new_context(viewport=PHONE, is_mobile=True, has_touch=True).new_page()  # type: ignore[arg-type]
    session = page.context.new_cdp_session(page)
    weights: dict[str, float] = {}
    session.on("Network.loadingFinished", lambda told: weights.update({told["requestId"]: told["encodedDataLength"]}))
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW_4G)
    session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    page.goto(address, wait_until="networkidle")
    return page, session, weights


def measured(address: str, *, slower: float = 1) -> dict[str, float]:
    """Return the medians of several first visits: kilobytes, files, and seconds to the first words and to use."""
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    found: list[dict[str, float]] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(RUNS):
            page, _, weights = opened(browser, address, slower=slower)
            page.wait_for_function(READY)
            found.append(
                {
                    "kilobytes": sum(weights.values()) / 1000,
                    "files": len(weights),
                    "painted": page.evaluate(PAINTED) / 1000,
                    "ready": page.evaluate(READY) / 1000,
                }
            )
            page.context.close()
        browser.close()
    return {name: statistics.median(one[name] for one in found) for name in found[0]}


def wait_for(address: str) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except HTTPError:
            time.sleep(0.5)
    raise RuntimeError(f"{address} was not there in time")


def table() -> Iterator[str]:
    """Yield the report's lines."""
    yield "## The share page\n"
    data, port = scratch(), free_port()
    process, _ = start(data, port)
    address = share_address(data, port)
    wait_for(address)
    figures, phone = measured(address), measured(address, slower=SLOWER_PROCESSOR)
    stop(process)
    yield f"First visits with an empty cache over a line of 1.6 Mbit/s and 150 ms latency; medians of {RUNS}.\n"
    yield "| what | figure | goal |"
    yield "|---|---|---|"
    yield f"| transferred | {figures['kilobytes']:.1f} kB in {figures['files']:.0f} files | ≤ 60 kB |"
    yield f"| first words on the screen | {figures['painted']:.2f} s | |"
    yield f"| can be used | {figures['ready']:.2f} s | ≤ 1 s |"
    yield f"| the same on a processor slowed down {SLOWER_PROCESSOR} times | {phone['ready']:.2f} s | |"


def share_address(data: Path, port: int) -> str:
    """Return the address of the demo bot's page in that data folder."""
    environment = {**os.environ, "TACIT_DATA_DIR": str(data)}  # noqa: TID251  # handed on, not read
    listed = subprocess.run(
        [sys.executable, "-m", "apps.cli.main", "bot", "list", "--json"],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return f"http://127.0.0.1:{port}{json.loads(listed.stdout)[0]['share_path']}"
