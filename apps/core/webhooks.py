"""Webhooks: how what is posted to somebody's server is signed, as the Standard Webhooks specification says."""

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from apps.core.error_handling import AddressRefusedError
from apps.core.services import load

OUTBOUND = "apps.core.outbound.posting.post"  # loaded only when there is something to post
REFUSED = (
    "Nothing is sent to this address: it is not on the public web, or its port is unusual. Give an address that begins "
    "with https://, or let whoever runs this server allow it with TACIT_FETCH_ALLOW_HOSTS."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Webhook:
    """Where something is posted to and what it is signed with.

    `allowed_hosts` are the private hosts that it may lead to; None is for an address that stands in the settings of the
    server, whose own host may be a private one.
    """

    url: str = field(repr=False)
    secret: str = field(repr=False)
    allowed_hosts: Sequence[str] | None = None


def post_signed(webhook: Webhook, body: bytes, *, delivery: str, more: Mapping[str, str] | None = None) -> int:
    """Post JSON to a webhook and return the status; `delivery` is the same at every attempt. Raises FetchError."""
    now = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "webhook-id": delivery,
        "webhook-timestamp": now,
        "webhook-signature": signature(webhook.secret, delivery, now, body),
        **(more or {}),
    }
    try:
        return int(load(OUTBOUND)(webhook.url, body, headers=headers, allowed_hosts=webhook.allowed_hosts))
    except AddressRefusedError:
        raise AddressRefusedError(REFUSED) from None


def signature(secret: str, delivery: str, timestamp: str, body: bytes) -> str:
    """Return `v1,` and the HMAC-SHA256 of id, timestamp and body in base64."""
    signed = b".".join([delivery.encode(), timestamp.encode(), body])
    digest = hmac.new(key_of(secret), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def key_of(secret: str) -> bytes:
    """Return the key that a secret stands for: `whsec_` goes before base64, anything else is taken as it is."""
    if secret.startswith("whsec_"):
        try:
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            pass
    return secret.encode()
