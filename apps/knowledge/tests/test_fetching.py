"""Alice adds pages to her chatbot; sites say in robots.txt what may be read."""

import gzip
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import pytest

from apps.core.error_handling import (
    AddressRefusedError,
    FetchError,
    FetchForbiddenError,
    FetchNotTextError,
    FetchTooLargeError,
    FetchUnavailableError,
)
from apps.core.outbound import FetchLimits
from apps.core.tests.loopback_server import LoopbackServer, answer, loopback_server, redirect
from apps.knowledge.fetching import FetchedPage, RobotsFiles, fetch_page

QUICK = FetchLimits(connect_seconds=5, read_seconds=2, total_seconds=10, max_bytes=1_000_000)


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with loopback_server() as running:
        running.behaviours["/page"] = answer("<p>Hello</p>")
        yield running


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def add_page(server: LoopbackServer, path: str = "/page", robots: RobotsFiles | None = None) -> FetchedPage:
    return fetch_page(server.url(path), limits=QUICK, allowed_hosts=[server.host], robots=robots or RobotsFiles())


def asked_for(server: LoopbackServer) -> list[str]:
    return [request.split(" ")[1] for request in server.requests]


# robots.txt


def test_a_page_is_fetched_where_the_site_has_no_robots_file(server: LoopbackServer) -> None:
    page = add_page(server)
    assert (page.body, page.content_type, page.url) == (b"<p>Hello</p>", "text/html", server.url("/page"))
    assert asked_for(server) == ["/robots.txt", "/page"]


@pytest.mark.parametrize("group", ["User-agent: *", "User-agent: Tacit", "User-agent: tacit\nUser-agent: other"])
def test_a_page_that_robots_may_not_read_is_not_fetched(server: LoopbackServer, group: str) -> None:
    server.behaviours["/robots.txt"] = answer(f"{group}\nDisallow: /private", content_type="text/plain")
    server.behaviours["/private/page"] = answer("private")
    with pytest.raises(FetchForbiddenError, match=r"robots\.txt of 127\.0\.0\.1 forbids"):
        add_page(server, "/private/page")
    assert asked_for(server) == ["/robots.txt"]
    assert add_page(server).body == b"<p>Hello</p>"


def test_rules_for_other_robots_do_not_concern_us(server: LoopbackServer) -> None:
    server.behaviours["/robots.txt"] = answer("User-agent: Other\nDisallow: /\n\nUser-agent: *\nAllow: /")
    assert add_page(server).body == b"<p>Hello</p>"


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden", "404 Not Found", "410 Gone"])
def test_a_robots_file_that_may_not_be_read_forbids_nothing(server: LoopbackServer, status: str) -> None:
    server.behaviours["/robots.txt"] = answer("User-agent: *\nDisallow: /", status=status)
    assert add_page(server).body == b"<p>Hello</p>"


@pytest.mark.parametrize("status", ["500 Oh", "503 Busy", "429 Slow down"])
def test_a_site_in_trouble_is_left_alone_and_tried_again_later(server: LoopbackServer, status: str) -> None:
    server.behaviours["/robots.txt"] = answer("User-agent: *\nAllow: /", status=status)
    robots = RobotsFiles()
    with pytest.raises(FetchUnavailableError, match=r"robots\.txt can't be read") as failure:
        add_page(server, robots=robots)
    assert failure.value.retryable
    server.behaviours["/robots.txt"] = answer("User-agent: *\nAllow: /")
    assert add_page(server, robots=robots).body == b"<p>Hello</p>"


def test_a_robots_file_that_does_not_come_is_a_site_in_trouble(server: LoopbackServer) -> None:
    server.behaviours["/robots.txt"] = server.hang
    with pytest.raises(FetchUnavailableError, match=r"robots\.txt"):
        add_page(server)


def test_a_robots_file_without_end_is_not_read_to_the_end(server: LoopbackServer) -> None:
    server.behaviours["/robots.txt"] = answer(gzip.compress(bytes(5_000_000)), content_encoding="gzip")
    with pytest.raises(FetchUnavailableError, match=r"robots\.txt"):
        add_page(server)


def test_redirects_of_the_robots_file_are_followed_but_not_into_the_servers_network(server: LoopbackServer) -> None:
    server.behaviours |= {"/robots.txt": redirect("/rules"), "/rules": answer("User-agent: *\nDisallow: /page")}
    with pytest.raises(FetchForbiddenError):
        add_page(server)
    server.behaviours["/robots.txt"] = redirect("http://169.254.169.254/")
    with pytest.raises(AddressRefusedError):
        add_page(server)
    server.behaviours["/robots.txt"] = redirect("/robots.txt")
    assert add_page(server).body == b"<p>Hello</p>"


def test_the_rules_hold_for_where_a_redirect_leads_too(server: LoopbackServer) -> None:
    server.behaviours["/robots.txt"] = answer("User-agent: *\nDisallow: /private")
    server.behaviours |= {"/start": redirect("/private"), "/private": answer("private")}
    with pytest.raises(FetchForbiddenError):
        add_page(server, "/start")
    assert asked_for(server) == ["/robots.txt", "/start"]


def test_rules_are_remembered_for_a_while_and_by_site(server: LoopbackServer) -> None:
    clock = Clock()
    robots = RobotsFiles(clock)
    for _ in range(3):
        add_page(server, robots=robots)
    assert asked_for(server).count("/robots.txt") == 1
    clock.now += 601
    add_page(server, robots=robots)
    assert asked_for(server).count("/robots.txt") == 2
    with loopback_server() as other:
        other.behaviours["/robots.txt"] = answer("User-agent: *\nDisallow: /")
        with pytest.raises(FetchForbiddenError):
            add_page(other, robots=robots)


# Addresses and types.


def test_a_private_address_is_refused_before_its_robots_file_is_asked_for(server: LoopbackServer) -> None:
    with pytest.raises(AddressRefusedError):
        fetch_page(server.url("/page"), limits=QUICK, robots=RobotsFiles())
    assert server.requests == []


def test_a_name_that_turns_private_after_its_robots_file_was_read_is_refused(server: LoopbackServer) -> None:
    found = [["127.0.0.1"], ["10.0.0.1"]]

    def rebinding(host: str, port: int) -> Sequence[str]:
        return found.pop(0)

    with pytest.raises(AddressRefusedError):
        fetch_page(
            server.url("/page", host="rebind.example"),
            limits=QUICK,
            allowed_hosts=[f"127.0.0.1:{server.port}"],
            robots=RobotsFiles(),
            resolve=rebinding,
        )
    assert asked_for(server) == ["/robots.txt"]


@pytest.mark.parametrize(
    "content_type",
    [
        "image/png",
        "video/mp4",
        "audio/mpeg",
        "font/woff2",
        "application/wasm",
        "application/x-msdownload",
        "application/zstd",
    ],
)
def test_what_holds_no_text_is_refused_by_its_type(server: LoopbackServer, content_type: str) -> None:
    server.behaviours["/file"] = answer("...", content_type=content_type)
    with pytest.raises(FetchNotTextError, match=content_type):
        add_page(server, "/file")


@pytest.mark.parametrize(
    ("path", "content_type", "name"),
    [
        ("/", "text/html", "127.0.0.1.html"),
        ("/help/", "text/html; charset=utf-8", "help.html"),
        ("/help.html", "text/html", "help.html"),
        ("/help.php?id=3", "text/html", "help.php.html"),
        ("/download", "application/pdf", "download.pdf"),
        ("/Price%20list.pdf", "application/pdf", "Price list.pdf"),
        ("/x%2f..%2f..%2fetc%2fpasswd", "text/plain", "passwd.txt"),
        ("/..", "text/plain", "127.0.0.1.txt"),
        ("/report.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "report.docx"),
        ("/sheet.ods", "application/vnd.oasis.opendocument.spreadsheet", "sheet.ods"),
        ("/feed", "application/rss+xml", "feed"),
        ("/unknown.bin", "application/octet-stream", "unknown.bin"),
        ("/unnamed.md", "", "unnamed.md"),
    ],
)
def test_what_may_hold_text_comes_as_a_file_with_a_fitting_name(
    server: LoopbackServer, path: str, content_type: str, name: str
) -> None:
    server.behaviours[path] = answer(b"text", content_type=content_type)
    server.behaviours["/"] = answer(b"text", content_type=content_type)
    page = add_page(server, path)
    assert (page.file_name, page.body) == (name, b"text")


@pytest.mark.parametrize(
    ("sent", "content_type", "text"),
    [
        ("Grüße".encode("latin-1"), "text/html; charset=iso-8859-1", "Grüße"),
        ("“Grüße”".encode("cp1252"), "text/html; charset=iso-8859-1", "“Grüße”"),
        ("日本語".encode("shift_jis"), 'text/plain; charset="Shift_JIS"', "日本語"),
        ("Grüße".encode(), "text/html; charset=iso-8859-1", "Grüße"),
    ],
)
def test_the_charset_that_the_server_names_is_used_unless_the_text_says_otherwise(
    server: LoopbackServer, sent: bytes, content_type: str, text: str
) -> None:
    server.behaviours["/page"] = answer(sent, content_type=content_type)
    assert add_page(server).body.decode("utf-8-sig") == text


@pytest.mark.parametrize("charset", ["nonsense", "rot13", "utf-16", "ascii"])
def test_a_charset_that_is_no_help_leaves_the_page_as_it_came(server: LoopbackServer, charset: str) -> None:
    server.behaviours["/page"] = answer(b"Gr\xfc\xdfe", content_type=f"text/html; charset={charset}")
    assert add_page(server).body == b"Gr\xfc\xdfe"


def test_pages_that_are_too_large_missing_or_hang_are_refused_in_seconds(server: LoopbackServer) -> None:
    server.behaviours |= {"/large": answer("x" * 1_000_001), "/hang": server.hang}
    with pytest.raises(FetchTooLargeError):
        add_page(server, "/large")
    with pytest.raises(FetchError, match="404"):
        add_page(server, "/missing")
    with pytest.raises(FetchUnavailableError, match="in time"):
        add_page(server, "/hang")


def test_the_page_stays_out_of_reprs(server: LoopbackServer) -> None:
    page = add_page(server)
    assert "Hello" not in repr(page)
    assert urlsplit(page.url).path not in repr(page)
