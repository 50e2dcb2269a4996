"""Goes round the fetching of pages, a circuit for each site: one that is down holds up none of the others."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.conf import settings

from apps.core.circuit_breaker import CircuitBreaker
from apps.core.error_handling import FetchUnavailableError, SiteCircuitOpenError
from apps.core.outbound import FetchLimits
from apps.knowledge.fetching import LIMITS, FetchedPage, fetch_page

MOST_SITES = 500


class GuardedSites:
    """The breakers of the sites that were asked lately."""

    def __init__(self) -> None:
        self._breakers: OrderedDict[str, CircuitBreaker] = OrderedDict()
        self._lock = threading.Lock()

    def breaker(self, url: str) -> CircuitBreaker:
        """Return the breaker of an address's site: its host with the port."""
        site = urlsplit(url).netloc.rpartition("@")[2].lower()
        with self._lock:
            if site not in self._breakers:
                self._breakers[site] = CircuitBreaker(
                    recovery_timeout=settings.CIRCUIT_SECONDS,
                    expected_exception=FetchUnavailableError,
                    name=f"site:{site}",
                    open_error=SiteCircuitOpenError,
                )
            self._breakers.move_to_end(site)
            while len(self._breakers) > MOST_SITES:
                self._breakers.popitem(last=False)
            return self._breakers[site]

    def fetch(self, url: str, *, limits: FetchLimits = LIMITS, allowed_hosts: Sequence[str] = ()) -> FetchedPage:
        """Fetch one page or document; every failure is a `FetchError`, at once where its site is left alone."""
        return self.breaker(url).call(fetch_page, url, limits=limits, allowed_hosts=allowed_hosts)


SITES = GuardedSites()
