"""Fetches an address: hop by hop, each one checked, and the answer read within the limits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import httpcore
import httpx

from apps.core.error_handling import FetchError, FetchNotTextError
from apps.core.outbound.addresses import AllowedHost, check_addresses, host_of, is_address, parse_url, port_of
from apps.core.outbound.answer import body_of, check_status, content_type_of, seconds_to_wait
from apps.core.outbound.connection import Deadline, PinnedBackend, Resolve, look_up, requested, resolve_host

REDIRECTS = {301, 302, 303, 307, 308}


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchLimits:
    """What a fetch may cost: bytes after decompression, seconds, hops. `total_seconds` covers all hops."""

    max_bytes: int = 20_000_000
    connect_seconds: float = 5.0
    read_seconds: float = 10.0
    total_seconds: float = 30.0
    max_redirects: int = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchRules:
    """What else a fetch keeps to.

    `accepts` is asked about the content type before the body is read. `before_hop` sees each URL before it is
    requested and may raise. Without `success_only`, an answer with an error status is returned like any other.
    """

    accepts: Callable[[str], bool] = lambda _: True
    before_hop: Callable[[str], None] = lambda _: None
    success_only: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """What came back: `url` is the last one after redirects, `content_type` lower-case and without parameters."""

    url: str = field(repr=False)
    status: int
    content_type: str
    charset: str | None
    body: bytes = field(repr=False)


DEFAULT_LIMITS = FetchLimits()
DEFAULT_RULES = FetchRules()


def fetch(
    url: str,
    *,
    limits: FetchLimits = DEFAULT_LIMITS,
    allowed_hosts: Sequence[str] = (),
    rules: FetchRules = DEFAULT_RULES,
    resolve: Resolve = resolve_host,
) -> Fetched:
    """Fetch an address, within the limits, following redirects. Every failure is a `FetchError`.

    `allowed_hosts` names private hosts that may be fetched all the same: `wiki.intranet`, `10.1.0.0/16`,
    `wiki.intranet:9000`; an entry with a port opens that port, one without opens the usual ones.
    A malformed entry is a `SettingsError`: parse them with `AllowedHost.parse` at start.
    """
    allowed = [AllowedHost.parse(entry) for entry in allowed_hosts]
    deadline = Deadline(limits.total_seconds)
    seconds = {"connect": limits.connect_seconds, "read": limits.read_seconds, "write": limits.read_seconds}
    current = parse_url(url)
    visited: set[httpx.URL] = set()
    while len(visited) <= limits.max_redirects and current not in visited:
        visited.add(current)
        rules.before_hop(str(current))
        found = _addresses(current, resolve, deadline)
        check_addresses(current, found, allowed)
        with requested(current, PinnedBackend(found, deadline), seconds) as response:
            headers = httpx.Headers(response.headers)
            if response.status not in REDIRECTS or "location" not in headers:
                return _received(current, response, limits, rules)
        current = parse_url(headers["location"], base=current)
    raise FetchError(f"{host_of(current)} redirects in a circle or too often. Give the address of the page itself.")


def _addresses(url: httpx.URL, resolve: Resolve, deadline: Deadline) -> Sequence[str]:
    host = host_of(url)
    return [host] if is_address(host) else look_up(host, port_of(url), resolve, deadline)


def _received(url: httpx.URL, response: httpcore.Response, limits: FetchLimits, rules: FetchRules) -> Fetched:
    site, headers = host_of(url), httpx.Headers(response.headers)
    if rules.success_only:
        check_status(site, response.status, retry_after=seconds_to_wait(headers))
    content_type, charset = content_type_of(headers)
    if not rules.accepts(content_type):
        raise FetchNotTextError(
            f"{site} sends {content_type or 'something'} there, which Tacit can't read. "
            "Give the address of a page or document, or upload a file."
        )
    body = b"".join(body_of(site, response, headers, limits.max_bytes))
    return Fetched(url=str(url), status=response.status, content_type=content_type, charset=charset, body=body)
