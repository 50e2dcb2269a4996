"""Posts a body to an address that the server's owner set: checked like every other, and never led elsewhere."""

from collections.abc import Mapping

from apps.core.error_handling import FetchError
from apps.core.outbound.addresses import AllowedHost, check_addresses, host_of, is_address, parse_url, port_of
from apps.core.outbound.answer import check_status
from apps.core.outbound.connection import (
    HEADERS,
    Deadline,
    PinnedBackend,
    Resolve,
    look_up,
    requested,
    resolve_host,
)

TOTAL_SECONDS = 10.0
CONNECT_SECONDS = 5.0


def post(url: str, body: bytes, *, headers: Mapping[str | bytes, str | bytes], resolve: Resolve = resolve_host) -> int:
    """Post a body and return the status, a good one. Every failure is a `FetchError`; redirects are not followed.

    The address comes from the settings, so its own host may be a private one.
    """
    target = parse_url(url)
    host, port = host_of(target), port_of(target)
    deadline = Deadline(TOTAL_SECONDS)
    found = [host] if is_address(host) else look_up(host, port, resolve, deadline)
    own = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    check_addresses(target, found, [AllowedHost.parse(own)])
    seconds = {"connect": CONNECT_SECONDS, "read": TOTAL_SECONDS, "write": TOTAL_SECONDS}
    sent: dict[str | bytes, str | bytes] = {**HEADERS, **headers, "Content-Length": str(len(body))}
    with requested(target, PinnedBackend(found, deadline), seconds, headers=sent, body=body) as response:
        if 300 <= response.status < 400:
            raise FetchError(f"{host} redirects. Set the address that it leads to.")
        check_status(host, response.status)
        return int(response.status)
