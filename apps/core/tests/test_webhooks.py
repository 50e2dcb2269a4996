"""The owner's guide shows how a webhook is verified: its code takes what Tacit posts, and nothing else."""

import re
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from apps.core.error_handling import AddressRefusedError, FetchError, FetchUnavailableError
from apps.core.webhooks import Webhook, post_signed, signature
from tests.faults.installation import free_port

GUIDE = Path(__file__).parents[3] / "docs" / "contacts.md"
SECRETS = ["a long random secret", "whsec_MDEyMzQ1Njc4OWFiY2RlZg=="]


@pytest.fixture
def is_genuine() -> Any:
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102  # our own guide
    return names["is_genuine"]


@pytest.mark.parametrize("secret", SECRETS)
def test_the_guides_code_takes_what_is_genuine_and_nothing_else(is_genuine: Any, secret: str) -> None:
    now = str(int(time.time()))
    good = {"webhook-id": "1", "webhook-timestamp": now, "webhook-signature": signature(secret, "1", now, b"{}")}

    assert is_genuine(secret, good, b"{}")
    assert not is_genuine(secret, good, b"[]")
    assert not is_genuine("another secret", good, b"{}")
    assert not is_genuine(secret, {**good, "webhook-id": "2"}, b"{}")
    old = str(int(time.time()) - 900)
    recorded = {**good, "webhook-timestamp": old, "webhook-signature": signature(secret, "1", old, b"{}")}
    assert not is_genuine(secret, recorded, b"{}")


def posted(status: int, more: dict[str, str] | None = None) -> int:
    """Post to a server that answers with this status."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            for name, value in {"Content-Length": "0", **(more or {})}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Keep the terminal quiet."""

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/"
        try:
            return post_signed(
                Webhook(url=url, secret="s", allowed_hosts=[f"127.0.0.1:{server.server_port}"]), b"{}", delivery="1"
            )
        finally:
            thread.join()


def test_any_good_status_is_good() -> None:
    assert [posted(status) for status in (200, 202, 204)] == [200, 202, 204]


@pytest.mark.parametrize(
    ("status", "told"),
    [(301, "redirects"), (401, "secret"), (403, "secret"), (404, "nothing at this address"), (418, "status 418")],
)
def test_what_a_server_refuses_is_told_in_words_for_whoever_set_the_address(status: int, told: str) -> None:
    with pytest.raises(FetchError, match=told) as raised:
        posted(status, {"Location": "http://127.0.0.1:1/"})
    assert not raised.value.retryable


def test_a_server_in_trouble_is_asked_again_when_it_says() -> None:
    with pytest.raises(FetchUnavailableError) as raised:
        posted(503, {"Retry-After": "77"})
    assert raised.value.retry_after == 77


def test_nobody_listens() -> None:
    port = free_port()
    with pytest.raises(FetchUnavailableError, match="could not be reached"):
        post_signed(Webhook(url=f"http://127.0.0.1:{port}/", secret="s"), b"{}", delivery="1")


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/", "http://localhost/", "http://10.0.0.1/", "http://169.254.169.254/latest", "http://[::1]/",
     "https://93.184.216.34:22/", "file:///etc/passwd", "http://user:pass@example.org/", "http://2130706433/",
     "nonsense"],
)  # fmt: skip
def test_an_owner_reaches_nothing_inside_the_network(url: str) -> None:
    with pytest.raises(AddressRefusedError, match="TACIT_FETCH_ALLOW_HOSTS"):
        post_signed(Webhook(url=url, secret="s", allowed_hosts=[]), b"{}", delivery="1")
