"""Mallory gives addresses that should lead into the server's own network; Alice gives ones that should work."""

import gzip
import inspect
import itertools
import socket
import ssl
import subprocess
import time
import tracemalloc
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpcore
import pytest

from apps.core.error_handling import (
    AddressRefusedError,
    FetchError,
    FetchNotTextError,
    FetchTooLargeError,
    FetchUnavailableError,
    SettingsError,
)
from apps.core.outbound import USER_AGENT, Fetched, FetchLimits, FetchRules, connection, fetch
from apps.core.outbound.addresses import AllowedHost
from apps.core.outbound.connection import translated
from apps.core.tests.loopback_server import LoopbackServer, answer, loopback_server, redirect

QUICK = FetchLimits(connect_seconds=1, read_seconds=1, total_seconds=1.5, max_bytes=100_000)
PUBLIC = "93.184.216.34"


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with loopback_server() as running:
        yield running


class FakeNames:
    """A resolver that gives each name's answers one after the other, the last one for ever."""

    def __init__(self, **names: Sequence[Sequence[str]]) -> None:
        self._answers = {name.replace("_", "."): list(answers) for name, answers in names.items()}
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        answers = self._answers.get(host, [[host]])
        return answers.pop(0) if len(answers) > 1 else answers[0]


def fetch_allowed(server: LoopbackServer, path: str = "/", limits: FetchLimits = QUICK) -> Fetched:
    return fetch(server.url(path), limits=limits, allowed_hosts=[server.host])


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


# Addresses that lead where they must not.


def test_the_servers_own_network_could_be_reached_but_is_refused(server: LoopbackServer) -> None:
    server.behaviours["/"] = answer("internal")
    assert fetch_allowed(server).body == b"internal"
    with pytest.raises(AddressRefusedError, match="not on the public web"):
        fetch(server.url(), limits=QUICK)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254"),  # noqa: S104 - nothing listens here
        *("100.64.0.1", "100.100.100.200", "192.0.0.192", "168.63.129.16", "198.18.0.1", "203.0.113.9"),
        *("224.0.0.1", "240.0.0.1", "255.255.255.255", "192.88.99.1"),
        *(
            "::",
            "::1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "2001:db8::1",
            "3fff::1",
            "5f00::1",
        ),
        *("::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::7f00:1"),
        *("2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "100::1"),
    ],
)
def test_mallory_reaches_no_special_address_by_number_or_by_name(host: str) -> None:
    literal = f"[{host}]" if ":" in host else host
    for address, names in ((literal, FakeNames()), ("evil.example", FakeNames(evil_example=[[PUBLIC, host]]))):
        with pytest.raises(AddressRefusedError, match="not on the public web"):
            fetch(f"http://{address}/", limits=QUICK, resolve=names)


@pytest.mark.parametrize("host", [PUBLIC, "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8", "2002:808:808::1"])
def test_public_addresses_are_not_refused(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def record(_: object, host: str, *__: object) -> httpcore.NetworkStream:
        tried.append(host)
        raise httpcore.ConnectError

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", record)
    with pytest.raises(FetchUnavailableError):
        fetch("https://site.example/", limits=QUICK, resolve=FakeNames(site_example=[[host]]))
    assert tried == [host]


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "example.com",
            "ftp://example.com/",
            "file:///etc/passwd",
            "gopher://example.com/",
            "http://",
            "http:///x",
        ),
        *("http://user:pass@example.com/", "http://example.com\\@evil.example/", "javascript:alert(1)"),
        *(
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://1.2.3.4.5/",
        ),
        *(
            "http://127.0.0.1%2f@x/",
            "http://127%2e0%2e0%2e1/",
            "http://１２７.０.０.１/",
            "http://exa mple.com/",
            "http://a..b/",
        ),
        *("http://[::1", "http://[::1%25lo]/", "http://[fe80::1%25eth0]/", "http://ex\tample.com/"),
        *("http://" + "a" * 64 + ".example/", "http://example.com/" + "a" * 5000),
    ],
)
def test_odd_forms_of_addresses_are_refused_before_anything_is_looked_up(url: str) -> None:
    names = FakeNames()
    with pytest.raises(AddressRefusedError):
        fetch(url, limits=QUICK, resolve=names)
    assert names.asked == []


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://LOCALHOST./", "localhost"),
        ("http://localhost。/", "localhost"),
        ("http://bücher.example/", "xn--bcher-kva.example"),
        ("  https://example.com:443/  ", "example.com"),
    ],
)
def test_names_are_looked_up_in_their_plain_form(url: str, host: str) -> None:
    names = FakeNames(**{host.replace(".", "_"): [["127.0.0.1"]]})
    with pytest.raises(AddressRefusedError, match="not on the public web"):
        fetch(url, limits=QUICK, resolve=names)
    assert names.asked == [host]


def test_other_ports_are_refused() -> None:
    for port in (22, 25, 5432, 6379, 9200):
        with pytest.raises(AddressRefusedError, match=f"Port {port}"):
            fetch(f"http://site.example:{port}/", limits=QUICK, resolve=FakeNames(site_example=[[PUBLIC]]))


def test_a_name_that_changes_its_address_between_check_and_connection_leads_nowhere_else(
    server: LoopbackServer,
) -> None:
    """The connection goes to the address that was checked: the name is asked for once, not once more to connect."""
    server.behaviours["/"] = answer("the checked one")
    names = FakeNames(rebind_example=[["127.0.0.1"], ["127.0.0.2"]])
    page = fetch(
        server.url(host="rebind.example"), limits=QUICK, allowed_hosts=[f"127.0.0.1/32:{server.port}"], resolve=names
    )
    assert page.body == b"the checked one"
    assert names.asked == ["rebind.example"]
    assert f"Host: rebind.example:{server.port}" in server.requests[0]


def test_a_name_that_changes_its_address_between_redirects_is_refused(server: LoopbackServer) -> None:
    server.behaviours |= {"/": redirect("/inside"), "/inside": answer("internal")}
    names = FakeNames(rebind_example=[["127.0.0.1"], ["169.254.169.254"]])
    with pytest.raises(AddressRefusedError):
        fetch(
            server.url(host="rebind.example"), limits=QUICK, allowed_hosts=[f"127.0.0.1:{server.port}"], resolve=names
        )
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "//localhost/",
        "http://user@example.com/",
        "file:///etc/passwd",
    ],
)
def test_a_redirect_to_a_refused_address_is_not_followed(server: LoopbackServer, target: str) -> None:
    server.behaviours["/"] = redirect(target)
    with pytest.raises(AddressRefusedError):
        fetch_allowed(server)


def test_redirects_in_a_circle_and_without_end_are_given_up(server: LoopbackServer) -> None:
    server.behaviours |= {"/": redirect("/a"), "/a": redirect("/")}
    with pytest.raises(FetchError, match="circle"):
        fetch_allowed(server)
    server.behaviours |= {f"/{n}": redirect(f"/{n + 1}") for n in range(20)}
    with pytest.raises(FetchError, match="circle or too often"):
        fetch_allowed(server, "/0")
    assert len(server.requests) == 2 + 6


# What an owner of the server allows.


@pytest.mark.parametrize(
    ("entry", "allowed"),
    [
        ("intra.example:{port}", True),
        ("INTRA.example.:{port}", True),
        ("127.0.0.0/8:{port}", True),
        ("127.0.0.1:{port}", True),
        ("intra.example", False),
        ("127.0.0.0/8", False),
        ("127.0.0.1:1", False),
        ("other.example:{port}", False),
        ("10.0.0.0/8:{port}", False),
    ],
)
def test_an_allowed_host_is_fetched_at_the_allowed_port_only(server: LoopbackServer, entry: str, allowed: bool) -> None:
    server.behaviours["/"] = answer("intranet")
    url, names = server.url(host="intra.example"), FakeNames(intra_example=[["127.0.0.1"]])
    entries = [entry.format(port=server.port)]
    if allowed:
        assert fetch(url, limits=QUICK, allowed_hosts=entries, resolve=names).body == b"intranet"
    else:
        with pytest.raises(AddressRefusedError):
            fetch(url, limits=QUICK, allowed_hosts=entries, resolve=names)


def test_entries_are_read_in_all_their_forms_and_nonsense_is_named() -> None:
    assert AllowedHost.parse("fd00::/8").network is not None
    assert AllowedHost.parse("[fd00::1]:9000").port == 9000
    assert AllowedHost.parse("bücher.intranet").host == "xn--bcher-kva.intranet"
    for nonsense in ("", "http://wiki/", "wiki/page", "10.0.0.0/99", "a b", "user@wiki", "*"):
        with pytest.raises(SettingsError, match="TACIT_FETCH_ALLOW_HOSTS"):
            AllowedHost.parse(nonsense)


# Servers that hang, drip, flood and break.


def seconds_until_given_up(server: LoopbackServer, path: str, limits: FetchLimits = QUICK) -> float:
    began = time.monotonic()
    with pytest.raises(FetchUnavailableError, match="in time"):
        fetch_allowed(server, path, limits)
    return time.monotonic() - began


def test_a_server_that_hangs_before_its_headers_is_given_up(server: LoopbackServer) -> None:
    server.behaviours["/"] = server.hang
    assert seconds_until_given_up(server, "/") < 1.4


def test_a_server_that_drips_headers_is_given_up_at_the_deadline(server: LoopbackServer) -> None:
    drops = (b"%c" % letter for letter in b"HTTP/1.1 200 OK\r\nx: " + b"a" * 1000)
    server.behaviours["/"] = lambda connection, _: server.drip(connection, drops, pause=0.1)
    assert 1.2 < seconds_until_given_up(server, "/") < 2.5


def test_a_server_that_drips_its_body_is_given_up_at_the_deadline(server: LoopbackServer) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5000\r\n\r\n"
    server.behaviours["/"] = lambda connection, _: server.drip(
        connection, itertools.chain([head], itertools.repeat(b"x")), pause=0.1
    )
    assert 1.2 < seconds_until_given_up(server, "/") < 2.5


def test_redirects_share_one_deadline(server: LoopbackServer) -> None:
    def slow(path: str) -> None:
        behave = redirect(path)
        server.behaviours[f"/{len(server.behaviours)}"] = lambda connection, text: (
            behave(connection, text) if not server.stopping.wait(0.6) else None
        )

    for number in range(5):
        slow(f"/{number + 1}")
    assert seconds_until_given_up(server, "/0") < 2.5


def test_a_resolver_that_hangs_is_given_up() -> None:
    began = time.monotonic()
    with pytest.raises(FetchUnavailableError, match="in time"):
        fetch("http://slow.example/", limits=QUICK, resolve=lambda *_: time.sleep(4) or [PUBLIC])
    assert time.monotonic() - began < 2.5


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
    assert time.monotonic() - began < 1


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
