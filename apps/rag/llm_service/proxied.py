"""How a model's server is reached: directly, or through the HTTP proxy that the environment names for it."""

import httpx2
from openai import DEFAULT_CONNECTION_LIMITS

from apps.core.error_handling import ProviderRejectedError
from config.proxies import Proxy

INSTEAD = (
    "Name an HTTP proxy in HTTPS_PROXY and HTTP_PROXY, or the model's server in NO_PROXY so that it is asked without"
    " one; then start Tacit again."
)


def transport_through(proxy: Proxy | None) -> httpx2.AsyncHTTPTransport:
    """Return the transport. Raises ProviderRejectedError for a proxy that can't be used: going round it may be wrong.

    The HTTP library would take the proxy from the environment itself, for this machine's own addresses too, and would
    fail at one that it can't speak to even where none is needed.
    """
    through = proxy if proxy is not None and not proxy.is_bypassed else None
    if through is not None and not through.is_usable:
        raise ProviderRejectedError(f"{unusable(through)} {INSTEAD}")
    return httpx2.AsyncHTTPTransport(proxy=through.url if through else None, limits=DEFAULT_CONNECTION_LIMITS)


def unusable(proxy: Proxy) -> str:
    return f"{proxy.variable} names a proxy of the kind {proxy.scheme}:, and Tacit uses http: and https: ones only."
