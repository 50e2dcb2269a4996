"""A site that is down is left alone for a while, and the others are read meanwhile."""

from collections.abc import Iterator
from typing import Any

import pytest

from apps.core.circuit_breaker import CircuitState
from apps.core.error_handling import FetchError, FetchUnavailableError, SiteCircuitOpenError
from apps.core.outbound import FetchLimits
from apps.core.tests.loopback_server import LoopbackServer, answer, loopback_server
from apps.knowledge.guarded_fetching import MOST_SITES, GuardedSites

QUICK = FetchLimits(connect_seconds=5, read_seconds=5, total_seconds=10)


@pytest.fixture
def site() -> Iterator[LoopbackServer]:
    with loopback_server() as server:
        server.behaviours["/page"] = answer("<p>The ferry takes 35 minutes.")
        server.behaviours["/broken"] = answer("overloaded", status="503 Service Unavailable")
        yield server


@pytest.fixture
def other() -> Iterator[LoopbackServer]:
    with loopback_server() as server:
        server.behaviours["/page"] = answer("<p>The museum opens at nine.")
        yield server


def read(sites: GuardedSites, server: LoopbackServer, path: str) -> bytes:
    return sites.fetch(server.url(path), limits=QUICK, allowed_hosts=[server.host]).body


def asked(server: LoopbackServer, path: str) -> int:
    return [request.split(" ")[1] for request in server.requests].count(path)


def test_a_site_in_trouble_is_left_alone_and_the_others_are_read(site: LoopbackServer, other: LoopbackServer) -> None:
    sites = GuardedSites()
    for _ in range(3):
        with pytest.raises(FetchUnavailableError, match="503"):
            read(sites, site, "/broken")
    reached = len(site.requests)

    with pytest.raises(SiteCircuitOpenError, match=r"has trouble \(status 503\).* The next try is in \d+ s") as refused:
        read(sites, site, "/page")

    assert (refused.value.retry_after or 0) > 0
    assert isinstance(refused.value, FetchError)
    assert len(site.requests) == reached
    assert b"museum" in read(sites, other, "/page")


def test_pages_that_are_not_there_are_the_sites_answer_and_no_trouble(site: LoopbackServer) -> None:
    sites = GuardedSites()
    for _ in range(5):
        with pytest.raises(FetchError, match="no page"):
            read(sites, site, "/missing")
    assert b"ferry" in read(sites, site, "/page")


def test_a_site_that_asks_for_patience_gets_it(site: LoopbackServer, settings: Any) -> None:
    settings.CIRCUIT_SECONDS = 1
    sites = GuardedSites()
    site.behaviours["/busy"] = answer("slow down", status="429 Too Many Requests", retry_after="120")
    with pytest.raises(FetchUnavailableError):
        read(sites, site, "/busy")
    with pytest.raises(SiteCircuitOpenError) as refused:
        read(sites, site, "/page")
    assert 110 < (refused.value.retry_after or 0) <= 120
    assert asked(site, "/page") == 0


def test_sites_are_told_apart_by_host_and_port_and_not_kept_forever() -> None:
    sites = GuardedSites()
    first = sites.breaker("https://name:word@Example.org/a")
    assert first is sites.breaker("https://example.org/b")
    assert first.name == "site:example.org"
    assert first is not sites.breaker("https://example.org:8443/a")
    assert first.state is CircuitState.CLOSED
    for n in range(MOST_SITES):
        sites.breaker(f"https://{n}.example.org/")
    assert sites.breaker("https://example.org/") is not first
