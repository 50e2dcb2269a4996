"""Mallory gives addresses that should lead into the server's own network; an owner allows some of them."""

import httpcore
import pytest

from apps.core.error_handling import AddressRefusedError, FetchError, FetchUnavailableError, SettingsError
from apps.core.outbound import fetch
from apps.core.outbound.addresses import AllowedHost
from apps.core.tests.loopback_server import LoopbackServer, answer, redirect
from apps.core.tests.outbound_pages import PUBLIC, QUICK, FakeNames, fetch_allowed

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
