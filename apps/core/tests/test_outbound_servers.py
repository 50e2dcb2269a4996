"""Alice gives addresses that should work, and their servers answer, hang, drip, flood, break or have no certificate."""

import gzip
import inspect
import itertools
import socket
import ssl
import subprocess
import threading
import time
import tracemalloc
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import httpcore
import pytest

from apps.core.error_handling import FetchError, FetchNotTextError, FetchTooLargeError, FetchUnavailableError
from apps.core.outbound import USER_AGENT, Fetched, FetchLimits, FetchRules, connection, fetch
from apps.core.outbound.connection import translated
from apps.core.tests.loopback_server import LoopbackServer, answer, loopback_server, redirect
from apps.core.tests.outbound_pages import HASTY, PUBLIC, QUICK, FakeNames, fetch_allowed

# What works.


def test_alice_gets_the_page_with_its_type_and_charset(server: LoopbackServer) -> None:
    server.behaviours["/page?x=1"] = answer("<p>Grüße</p>", content_type="Text/HTML; Charset=UTF-8")
    page = fetch_allowed(server, "/page?x=1#part")
    assert (page.status, page.content_type, page.charset) == (200, "text/html", "utf-8")
    assert page.body.decode() == "<p>Grüße</p>"
    assert page.url == server.url("/page?x=1")
    assert f"User-Agent: {USER_AGENT}" in server.requests[0]
    assert f"Host: {server.host}" in server.requests[0]


def test_a_packed_page_is_unpacked(server: LoopbackServer) -> None:
    packed = gzip.compress(b"first ") + gzip.compress(b"second")
    server.behaviours["/"] = answer(packed, content_encoding="gzip")
    assert fetch_allowed(server).body == b"first second"


def test_redirects_are_followed_to_the_last_page(server: LoopbackServer) -> None:
    server.behaviours |= {
        "/": redirect("/a", "301 Moved"),
        "/a": redirect(server.url("/b"), "308 Moved"),
        "/b": answer("here"),
    }
    page = fetch_allowed(server)
    assert (page.url, page.body) == (server.url("/b"), b"here")


def test_proxies_in_the_environment_are_ignored(server: LoopbackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.behaviours["/"] = answer("direct")
    assert fetch_allowed(server).body == b"direct"


def test_a_body_and_an_address_stay_out_of_reprs(server: LoopbackServer) -> None:
    server.behaviours["/secret-path"] = answer("secret-body")
    assert "secret" not in repr(fetch_allowed(server, "/secret-path"))


# Servers that hang, drip, flood and break.


def seconds_until_given_up(server: LoopbackServer, path: str, limits: FetchLimits = HASTY) -> float:
    began = time.monotonic()
    with pytest.raises(FetchUnavailableError, match="in time"):
        fetch_allowed(server, path, limits)
    return time.monotonic() - began


def test_a_server_that_hangs_before_its_headers_is_given_up(server: LoopbackServer) -> None:
    server.behaviours["/"] = server.hang
    patient = replace(HASTY, total_seconds=30)
    assert seconds_until_given_up(server, "/", patient) < 15


def test_a_server_that_drips_headers_is_given_up_at_the_deadline(server: LoopbackServer) -> None:
    drops = (b"%c" % letter for letter in b"HTTP/1.1 200 OK\r\nx: " + b"a" * 1000)
    server.behaviours["/"] = lambda connection, _: server.drip(connection, drops, pause=0.1)
    assert 1.2 < seconds_until_given_up(server, "/") < 20


def test_a_server_that_drips_its_body_is_given_up_at_the_deadline(server: LoopbackServer) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5000\r\n\r\n"
    server.behaviours["/"] = lambda connection, _: server.drip(
        connection, itertools.chain([head], itertools.repeat(b"x")), pause=0.1
    )
    assert 1.2 < seconds_until_given_up(server, "/") < 20


def test_redirects_share_one_deadline(server: LoopbackServer) -> None:
    def slow(path: str) -> None:
        behave = redirect(path)
        server.behaviours[f"/{len(server.behaviours)}"] = lambda connection, text: (
            behave(connection, text) if not server.stopping.wait(0.6) else None
        )

    for number in range(5):
        slow(f"/{number + 1}")
    assert seconds_until_given_up(server, "/0") > 1.2


def test_a_resolver_that_hangs_is_given_up() -> None:
    given_up, began = threading.Event(), time.monotonic()

    def resolve(host: str, port: int) -> list[str]:
        given_up.wait(60)
        return [PUBLIC]

    with pytest.raises(FetchUnavailableError, match="in time"):
        fetch("http://slow.example/", limits=HASTY, resolve=resolve)
    assert time.monotonic() - began < 30
    given_up.set()


def test_a_body_without_end_is_stopped_at_the_limit(server: LoopbackServer) -> None:
    def flood(connection: socket.socket, _: str) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n")
        while not server.stopping.is_set():
            connection.sendall(b"x" * 65536)

    server.behaviours["/"] = flood
    with pytest.raises(FetchTooLargeError, match=r"0\.1 MB"):
        fetch_allowed(server)


def test_a_body_that_says_it_is_too_large_is_not_read(server: LoopbackServer) -> None:
    server.behaviours["/"] = answer("x", content_length="100001")
    with pytest.raises(FetchTooLargeError):
        fetch_allowed(server)


def test_headers_without_end_are_stopped(server: LoopbackServer) -> None:
    def flood(connection: socket.socket, _: str) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while not server.stopping.is_set():
            connection.sendall(b"x-more: " + b"y" * 8000 + b"\r\n")

    server.behaviours["/"] = flood
    with pytest.raises(FetchUnavailableError, match="nonsense"):
        fetch_allowed(server)


def test_a_gzip_bomb_does_not_go_off(server: LoopbackServer) -> None:
    packer = zlib.compressobj(wbits=31)
    bomb = b"".join(packer.compress(bytes(1_000_000)) for _ in range(60)) + packer.flush()
    assert len(bomb) < QUICK.max_bytes
    server.behaviours["/"] = answer(bomb, content_encoding="gzip")
    tracemalloc.start()
    try:
        with pytest.raises(FetchTooLargeError):
            fetch_allowed(server)
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("body", [gzip.compress(b"x" * 1000)[:-9], b"no gzip at all", b""])
def test_a_broken_archive_is_an_unusable_answer(server: LoopbackServer, body: bytes) -> None:
    server.behaviours["/"] = answer(body, content_encoding="gzip")
    with pytest.raises(FetchUnavailableError, match="broke off or sent nonsense"):
        fetch_allowed(server)


def test_an_unknown_packing_is_named(server: LoopbackServer) -> None:
    server.behaviours["/"] = answer(b"...", content_encoding="br")
    with pytest.raises(FetchError, match="packs its pages"):
        fetch_allowed(server)


@pytest.mark.parametrize(
    "sent", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc", b"\x16\x03\x01 nonsense\r\n\r\n"]
)
def test_a_server_that_breaks_off_or_sends_nonsense_may_be_tried_again(server: LoopbackServer, sent: bytes) -> None:
    server.behaviours["/"] = lambda connection, _: connection.sendall(sent)
    with pytest.raises(FetchUnavailableError) as failure:
        fetch_allowed(server)
    assert failure.value.retryable


@pytest.mark.parametrize(
    ("status", "error", "retry"),
    [
        *((404, FetchError, False), (410, FetchError, False), (401, FetchError, False), (403, FetchError, False)),
        *((418, FetchError, False), (304, FetchError, False), (429, FetchUnavailableError, True)),
        *((500, FetchUnavailableError, True), (503, FetchUnavailableError, True)),
    ],
)
def test_an_error_status_says_what_it_is_and_whether_to_try_again(
    server: LoopbackServer, status: int, error: type[FetchError], retry: bool
) -> None:
    server.behaviours["/"] = answer(status=f"{status} Oh", content_length="" if status == 304 else "0")
    with pytest.raises(error, match=str(status)) as failure:
        fetch_allowed(server)
    assert failure.value.retryable is retry


def test_a_body_of_an_unwanted_type_is_not_read(server: LoopbackServer) -> None:
    def endless(connection: socket.socket, _: str) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: video/mp4\r\n\r\n")
        server.stopping.wait(20)

    server.behaviours["/"] = endless
    rules = FetchRules(accepts=lambda content_type: content_type == "text/html")
    began = time.monotonic()
    with pytest.raises(FetchNotTextError, match="video/mp4"):
        fetch(server.url(), limits=QUICK, allowed_hosts=[server.host], rules=rules)
    assert time.monotonic() - began < QUICK.read_seconds


def test_a_closed_port_and_an_unknown_host_are_told_apart(server: LoopbackServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(FetchUnavailableError, match="could not be reached"):
        fetch(f"http://127.0.0.1:{port}/", limits=QUICK, allowed_hosts=[f"127.0.0.1:{port}"])

    def unknown(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    def busy(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    with pytest.raises(FetchError, match="no host") as failure:
        fetch("http://nowhere.example/", limits=QUICK, resolve=unknown)
    assert not failure.value.retryable
    with pytest.raises(FetchUnavailableError, match="looked up"):
        fetch("http://nowhere.example/", limits=QUICK, resolve=busy)


def test_the_next_address_of_a_host_is_tried_when_the_first_does_not_answer(server: LoopbackServer) -> None:
    server.behaviours["/"] = answer("second")
    names = FakeNames(two_example=[["::1", "127.0.0.1"]])
    allowed = [f"two.example:{server.port}"]
    assert fetch(server.url(host="two.example"), limits=QUICK, allowed_hosts=allowed, resolve=names).body == b"second"


def test_no_error_of_the_http_library_is_left_untranslated() -> None:
    errors = [kind for _, kind in inspect.getmembers(httpcore, inspect.isclass) if issubclass(kind, Exception)]
    assert len(errors) > 10
    for kind in [*errors, TimeoutError, ConnectionResetError, zlib.error]:
        with pytest.raises(FetchError), translated("site.example"):
            raise kind


# TLS.


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for site.example, with its key, in one file."""
    path = tmp_path_factory.mktemp("tls") / "site.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=site.example"]
    names = ["-addext", "subjectAltName=DNS:site.example", "-keyout", str(path), "-out", str(path.with_suffix(".crt"))]
    try:
        subprocess.run([*command, *names], check=True, capture_output=True, timeout=60)
    except FileNotFoundError:
        pytest.skip("openssl is not installed, so no certificate can be made")
    path.write_text(path.read_text() + path.with_suffix(".crt").read_text())
    return path


@pytest.fixture
def tls_server(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_suffix(".crt")))
    connection._certificates.cache_clear()
    with loopback_server(context) as running:
        yield running
    connection._certificates.cache_clear()


def fetch_tls(server: LoopbackServer, host: str) -> Fetched:
    names = FakeNames(site_example=[["127.0.0.1"]], other_example=[["127.0.0.1"]])
    url, allowed = server.url(host=host, scheme="https"), [f"127.0.0.1:{server.port}"]
    return fetch(url, limits=QUICK, allowed_hosts=allowed, resolve=names)


def test_the_certificate_is_checked_against_the_name_though_the_connection_goes_to_a_number(
    tls_server: LoopbackServer,
) -> None:
    tls_server.behaviours["/"] = answer("over TLS")
    assert fetch_tls(tls_server, "site.example").body == b"over TLS"
    with pytest.raises(FetchError, match=r"certificate of other\.example is not valid") as failure:
        fetch_tls(tls_server, "other.example")
    assert not failure.value.retryable
    assert len(tls_server.requests) == 1


def test_a_certificate_that_nobody_vouches_for_is_refused(
    tls_server: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    connection._certificates.cache_clear()
    with pytest.raises(FetchError, match="certificate"):
        fetch_tls(tls_server, "site.example")
