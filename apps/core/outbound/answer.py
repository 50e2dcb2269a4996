"""Reads an answer: its status, its type, and no more of its body than was asked for."""

import zlib
from collections.abc import Iterable, Iterator
from email.message import Message

import httpcore
import httpx

from apps.core.error_handling import FetchError, FetchTooLargeError, FetchUnavailableError

UNPACK_BYTES = 65_536


def check_status(site: str, status: int, *, retry_after: float | None = None) -> None:
    """Raise what an error status means for the person who gave the address."""
    if status == 429 or status >= 500:
        raise FetchUnavailableError(f"{site} has trouble (status {status}). Try again later.", retry_after=retry_after)
    if status in {401, 403, 407, 451}:
        raise FetchError(f"{site} does not let Tacit read this page (status {status}). Upload it as a file.")
    if status in {404, 410}:
        raise FetchError(f"{site} has no page at this address (status {status}). Check the address.")
    if not 200 <= status < 300:
        raise FetchError(f"{site} answers with status {status}. Open the address in a browser and check it.")


def seconds_to_wait(headers: httpx.Headers) -> float | None:
    """Return how many seconds a site asks to be let alone; None where it doesn't, or names a date."""
    value = headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() else None


def content_type_of(headers: httpx.Headers) -> tuple[str, str | None]:
    """Return the type, lower-case and without parameters, empty if there is none; and the charset."""
    message = Message()
    message["content-type"] = value = headers.get("content-type", "")
    return value.split(";")[0].strip().lower(), message.get_content_charset()


def body_of(site: str, response: httpcore.Response, headers: httpx.Headers, max_bytes: int) -> Iterator[bytes]:
    """Yield the body, decompressed; never more than `max_bytes` of it, sent or decompressed."""
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding not in {"", "identity", "gzip", "x-gzip"}:
        raise FetchError(f"{site} packs its pages in a way that Tacit does not know. Upload the page as a file.")
    if int(headers.get("content-length", "0")) > max_bytes:
        raise _too_large(site, max_bytes)
    sent = _limited(site, response.iter_stream(), max_bytes)
    return _limited(site, _unpacked(sent), max_bytes) if encoding.endswith("gzip") else sent


def _limited(site: str, parts: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    left = max_bytes
    for part in parts:
        left -= len(part)
        if left < 0:
            raise _too_large(site, max_bytes)
        yield part


def _too_large(site: str, max_bytes: int) -> FetchTooLargeError:
    return FetchTooLargeError(
        f"{site} sends more than the {max_bytes / 1e6:g} MB that this server accepts. "
        "Download what matters and upload it as a file."
    )


def _unpacked(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack gzip, a small piece at a time, so that a bomb is noticed before it has gone off."""
    decoder = zlib.decompressobj(wbits=31)
    for part in parts:
        rest = part
        while rest:
            if decoder.eof:  # several archives in a row are one
                decoder = zlib.decompressobj(wbits=31)
            yield decoder.decompress(rest, UNPACK_BYTES)
            rest = decoder.unconsumed_tail or decoder.unused_data
    yield decoder.flush()
    if not decoder.eof:
        raise zlib.error("the archive broke off")
