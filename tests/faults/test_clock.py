"""The clock jumps, by a day forwards and backwards, while sources are read and visitors ask: nobody notices."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import INJECTED
from tests.faults.depots import FILES, RECOVERY_SECONDS, Site
from tests.faults.installation import free_port, wait_until

DAY = 24 * 3600
PAGE = (
    b"<html><title>Hours</title><body><h1>Hours</h1><p>The depot of Corfe opens at 07:15 every day.</p></body></html>"
)


@pytest.fixture(scope="module")
def page_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def site_settings(orders: Path, page_port: int) -> dict[str, str]:
    (orders / "clock").write_text("0")
    return {
        "PYTHONPATH": str(INJECTED),
        "TACIT_TEST_ORDERS": str(orders),
        "TACIT_FETCH_ALLOW_HOSTS": f"127.0.0.1:{page_port}",
    }


@pytest.mark.parametrize("jumps", [(DAY,), (-DAY,), (DAY, -DAY, 0)], ids=["forwards", "backwards", "to and fro"])
def test_a_clock_that_jumps_while_sources_are_read_changes_nothing(
    site: Site, undisturbed: tuple[Any, Any], orders: Path, jumps: tuple[int, ...]
) -> None:
    bot = site.make_bot(f"Clock {jumps}")
    site.upload(bot, FILES)
    for jump in jumps:
        wait_until(lambda: site.is_half_written(bot) or site.has_ended(bot), 60)
        (orders / "clock").write_text(str(jump))
        time.sleep(1)
    begun = time.monotonic()
    wait_until(lambda: site.has_ended(bot), RECOVERY_SECONDS)

    print(f"clock {jumps}: all is well after {time.monotonic() - begun:.1f} s")
    assert site.content(bot) == undisturbed
    assert site.answers(bot)
    (orders / "clock").write_text("0")


class BusyAtFirst(BaseHTTPRequestHandler):
    """A site that is not there for anybody who asks the first time."""

    asked = 0

    def do_GET(self) -> None:
        if self.path != "/hours":
            self.send_error(404)
            return
        type(self).asked += 1
        self.send_response(503 if self.asked == 1 else 200)
        body = b"" if self.asked == 1 else PAGE
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def busy_site(page_port: int) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", page_port), BusyAtFirst)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{page_port}/hours"
    server.shutdown()
    server.server_close()


def test_a_retry_that_a_wrong_clock_set_for_tomorrow_does_not_wait_until_then(
    site: Site, orders: Path, busy_site: str
) -> None:
    (orders / "clock").write_text(str(DAY))
    time.sleep(1)
    bot = site.make_bot("Tomorrow")
    address = f"/chatbots/{bot['id']}/sources"
    assert site.request("POST", address, json={"kind": "url", "url": busy_site}).status_code == 202
    wait_until(lambda: BusyAtFirst.asked == 1, 30)
    time.sleep(1)
    (orders / "clock").write_text("0")

    begun = time.monotonic()
    wait_until(lambda: site.request("GET", address).json()[0]["status"] == "ready", RECOVERY_SECONDS)
    print(f"set for tomorrow: ready after {time.monotonic() - begun:.1f} s")
