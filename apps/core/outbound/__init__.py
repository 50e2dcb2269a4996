"""The one HTTP client: fetches addresses that people give, and reaches nothing that is not on the public web.

A name is looked up once per hop, every address it has is checked, and the connection goes to a checked address,
so a name can't lead elsewhere between the check and the connection. Redirects are followed by hand, each hop
checked anew. One deadline covers everything, down to a single byte. No proxy is used, whatever the environment says.
"""

from apps.core.outbound.addresses import AllowedHost
from apps.core.outbound.client import Fetched, FetchLimits, FetchRules, fetch
from apps.core.outbound.connection import PRODUCT, USER_AGENT, Resolve, resolve_host

__all__ = [
    "PRODUCT",
    "USER_AGENT",
    "AllowedHost",
    "FetchLimits",
    "FetchRules",
    "Fetched",
    "Resolve",
    "fetch",
    "resolve_host",
]
