"""Fetches one page or document of a website for the ingest flow, as the site's robots.txt permits."""

import codecs
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from urllib.parse import unquote, urlsplit

from protego import Protego

from apps.core.error_handling import (
    AddressRefusedError,
    FetchError,
    FetchForbiddenError,
    FetchTooLargeError,
    FetchUnavailableError,
)
from apps.core.monitoring import timed
from apps.core.outbound import PRODUCT, Fetched, FetchLimits, FetchRules, Resolve, fetch, resolve_host

LIMITS = FetchLimits()
ROBOTS_BYTES = 500 * 1024  # what RFC 9309 asks of a reader at least
ROBOTS_SECONDS = 8.0
REMEMBERED_SECONDS = 600
REMEMBERED_SITES = 500

# What may hold text. An unnamed type may: extraction looks at the content and says what is wrong with it.
READABLE = re.compile(
    r"text/.*|message/rfc822|(application/(?:.*\+)?(?:xml|json|json-seq|x-?ndjson|jsonl|pdf|x-pdf|rtf|zip|"
    r"x-zip-compressed|msword|vnd\.openxmlformats-.*|vnd\.ms-.*|vnd\.oasis\.opendocument\..*|"
    r"octet-stream|binary|x-download|force-download))|"
)
EXTENSIONS = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/pdf": ".pdf",
    "application/json": ".json",
    "application/rtf": ".rtf",
    "application/epub+zip": ".epub",
    "application/zip": ".zip",
    "message/rfc822": ".eml",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchedPage:
    """A page as a file: text that is not UTF-8 is made so by the charset that the server named for it."""

    url: str = field(repr=False)
    file_name: str = field(repr=False)
    content_type: str
    body: bytes = field(repr=False)


class RobotsFiles:
    """The robots.txt of the sites that were asked lately."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, Protego]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, site: str, read: Callable[[str], Protego]) -> Protego:
        """Return the site's rules, read anew if they are not remembered; `site` is scheme and host with port."""
        with self._lock:
            expires, rules = self._known.get(site, (0.0, None))
        if rules is None or expires <= self._clock():
            rules = read(site)
            with self._lock:
                self._known[site] = (self._clock() + REMEMBERED_SECONDS, rules)
                self._known.move_to_end(site)
                while len(self._known) > REMEMBERED_SITES:
                    self._known.popitem(last=False)
        return rules


ROBOTS = RobotsFiles()


@timed("tacit_ingest_stage_seconds", stage="fetch")
def fetch_page(
    url: str,
    *,
    limits: FetchLimits = LIMITS,
    allowed_hosts: Sequence[str] = (),
    robots: RobotsFiles = ROBOTS,
    resolve: Resolve = resolve_host,
) -> FetchedPage:
    """Fetch one page or document; every failure is a `FetchError`. `allowed_hosts`: see `apps.core.outbound.fetch`."""
    read = partial(_read_robots, limits=limits, allowed_hosts=allowed_hosts, resolve=resolve)
    rules = FetchRules(accepts=_may_hold_text, before_hop=partial(_check_robots, robots=robots, read=read))
    fetched = fetch(url, limits=limits, allowed_hosts=allowed_hosts, rules=rules, resolve=resolve)
    return FetchedPage(
        url=fetched.url, file_name=_file_name(fetched), content_type=fetched.content_type, body=_in_utf8(fetched)
    )


def _may_hold_text(content_type: str) -> bool:
    return READABLE.fullmatch(content_type) is not None


def _check_robots(url: str, *, robots: RobotsFiles, read: Callable[[str], Protego]) -> None:
    parts = urlsplit(url)
    if not robots.get(f"{parts.scheme}://{parts.netloc}", read).can_fetch(url, PRODUCT):
        raise FetchForbiddenError(
            f"The robots.txt of {parts.hostname} forbids reading this page. "
            "Ask the site's owner, or upload the page as a file."
        )


def _read_robots(site: str, *, limits: FetchLimits, allowed_hosts: Sequence[str], resolve: Resolve) -> Protego:
    """Read a site's rules as RFC 9309 says: no file allows everything, a site in trouble nothing."""
    seconds = min(limits.total_seconds, ROBOTS_SECONDS)
    robots_limits = replace(limits, max_bytes=ROBOTS_BYTES, total_seconds=seconds)
    rules = FetchRules(success_only=False)
    try:
        answer = fetch(
            f"{site}/robots.txt", limits=robots_limits, allowed_hosts=allowed_hosts, rules=rules, resolve=resolve
        )
    except AddressRefusedError:
        raise
    except (FetchUnavailableError, FetchTooLargeError) as error:
        raise _no_rules(site) from error
    except FetchError:  # a circle of redirects and the like: there is no such file
        return Protego.parse("")
    if answer.status == 429 or answer.status >= 500:
        raise _no_rules(site)
    found = answer.body.decode("utf-8-sig", errors="replace") if answer.status < 300 else ""
    return Protego.parse(found)


def _no_rules(site: str) -> FetchUnavailableError:
    return FetchUnavailableError(
        f"{site}/robots.txt can't be read just now, so the page may not be read. Try later, or upload the page."
    )


def _file_name(fetched: Fetched) -> str:
    """Return a name for the file: the last part of the address, or the host's name, with a fitting extension."""
    parts = urlsplit(fetched.url)
    last = unquote(parts.path).rstrip("/").rsplit("/", 1)[-1]
    name = re.sub(r"[\x00-\x1f\x7f/\\:]+", " ", last).strip(" .") or str(parts.hostname)
    extension = EXTENSIONS.get(fetched.content_type, "")
    return name[:150] if name.lower().endswith(extension) else name[:150] + extension


def _in_utf8(fetched: Fetched) -> bytes:
    """Return the body, as UTF-8 if the server named another charset and the text isn't UTF-8 all the same."""
    if not fetched.charset or not fetched.content_type.startswith("text/"):
        return fetched.body
    try:
        fetched.body.decode("utf-8")
    except UnicodeDecodeError:
        return _recoded(fetched.body, fetched.charset)
    return fetched.body


def _recoded(body: bytes, charset: str) -> bytes:
    try:
        name = codecs.lookup(charset).name
        return body.decode("cp1252" if name == "iso8859-1" else name).encode("utf-8-sig")
    except (LookupError, UnicodeError):
        return body
