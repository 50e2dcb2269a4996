"""Posts a body to a webhook: its address is checked like every other, and it is never led elsewhere."""

from collections.abc import Mapping, Sequence

import httpx

from apps.core.error_handling import FetchError, FetchUnavailableError
from apps.core.outbound.addresses import AllowedHost, check_addresses, host_of, is_address, parse_url, port_of
from apps.core.outbound.answer import seconds_to_wait
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
SENDER = "Tacit/1.0 (webhook)"


def post(
    url: str,
    body: bytes,
    *,
    headers: Mapping[str | bytes, str | bytes],
    allowed_hosts: Sequence[str] | None = None,
    resolve: Resolve = resolve_host,
) -> int:
    """Post a body and return the status, a good one. Every failure is a `FetchError`; redirects are not followed.

    `allowed_hosts` names private hosts that may be posted to; None means that the address comes from the settings of
    the server, so its own host may be a private one.
    """
    target = parse_url(url)
    host, port = host_of(target), port_of(target)
    deadline = Deadline(TOTAL_SECONDS)
    found = [host] if is_address(host) else look_up(host, port, resolve, deadline)
    own = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    check_addresses(
        target, found, [AllowedHost.parse(one) for one in ([own] if allowed_hosts is None else allowed_hosts)]
    )
    seconds = {"connect": CONNECT_SECONDS, "read": TOTAL_SECONDS, "write": TOTAL_SECONDS}
    sent: dict[str | bytes, str | bytes] = {
        **HEADERS, "Accept": "*/*", "User-Agent": SENDER, **headers, "Content-Length": str(len(body)),
    }  # fmt: skip
    with requested(target, PinnedBackend(found, deadline), seconds, headers=sent, body=body) as response:
        check_taken(host, response.status, retry_after=seconds_to_wait(httpx.Headers(response.headers)))
        return int(response.status)


def check_taken(host: str, status: int, *, retry_after: float | None = None) -> None:
    """Raise what a status other than a good one means for whoever gave the webhook's address."""
    if 200 <= status < 300:
        return
    answered = f"{host} answered with status {status}"
    if 300 <= status < 400:
        raise FetchError(f"{host} redirects (status {status}), which is not followed. Set the address it leads to.")
    if status == 429 or status >= 500:
        raise FetchUnavailableError(f"{answered}: it has trouble. Its log says more.", retry_after=retry_after)
    if status in {401, 403}:
        raise FetchError(f"{answered}: it does not let Tacit in. Check the secret and the rights there.")
    if status in {404, 410}:
        raise FetchError(f"{answered}: there is nothing at this address. Check the webhook's address.")
    raise FetchError(f"{answered}. Check the webhook's address and what is expected there.")
