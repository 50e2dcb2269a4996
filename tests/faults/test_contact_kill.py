"""A worker dies while it delivers a contact: another one delivers it, under the same key, and nobody lends a hand."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from tests.faults.depots import RECOVERY_SECONDS, Site
from tests.faults.installation import free_port, wait_until

PORT = free_port()


class SlowReceiver(ThreadingHTTPServer):
    """Alice's webhook; it answers when it is let."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", PORT), Slow)
        self.keys: list[str] = []
        self.may_answer = threading.Event()


class Slow(BaseHTTPRequestHandler):
    server: SlowReceiver

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.keys.append(str(self.headers["Idempotency-Key"]))
        self.server.may_answer.wait(30)
        try:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
        except OSError:
            self.close_connection = True  # who asked is dead

    def log_message(self, *args: object) -> None:
        """Keep the terminal quiet."""


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    return {"TACIT_FETCH_ALLOW_HOSTS": f"127.0.0.1:{PORT}"}


@pytest.fixture
def webhook() -> Iterator[SlowReceiver]:
    with SlowReceiver() as receiver:
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        try:
            yield receiver
        finally:
            receiver.may_answer.set()
            receiver.shutdown()


def test_a_contact_whose_worker_was_killed_arrives_under_the_same_key(site: Site, webhook: SlowReceiver) -> None:
    address, owner = site.running.address, {"Authorization": f"Bearer {site.key}"}
    settings: dict[str, Any] = {
        "name": "Handbook",
        "contact_offer": "always",
        "contact_webhook_url": f"http://127.0.0.1:{PORT}/contacts",
        "contact_webhook_secret": "a long random secret",
    }
    bot = httpx.post(f"{address}/api/v1/chatbots", json=settings, headers=owner, timeout=30).json()
    sent = httpx.post(
        f"{address}/api/v1/chat/{bot['public_id']}/contact", json={"fields": {"email": "eve@example.org"}}, timeout=30
    )
    assert sent.status_code == 201, sent.text

    wait_until(lambda: len(webhook.keys) == 1, 20)
    site.running.kill("worker")
    webhook.may_answer.set()

    def delivery() -> dict[str, Any]:
        (contact,) = httpx.get(f"{address}/api/v1/chatbots/{bot['id']}/contacts", headers=owner, timeout=30).json()
        return dict(contact["messages"][0]["deliveries"][0])

    assert delivery()["state"] == "pending", "or this test proves nothing"
    wait_until(lambda: delivery()["state"] == "delivered", RECOVERY_SECONDS)
    assert delivery()["attempts"] == 2
    assert len(webhook.keys) == 2
    assert len(set(webhook.keys)) == 1
    assert "eve@example.org" not in site.running.said
