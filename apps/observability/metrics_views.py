"""`/metrics`: the numbers of the installation, for this machine and who has the token, and for nobody else."""

import hmac

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST

from apps.core.client_address import parsed
from apps.core.database.threads import in_database
from apps.observability.metrics import exposition

# A proxy on this machine passes strangers on; it says so in one of these.
PASSED_ON = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via")
OWN_NAMES = {"localhost", "127.0.0.1", "[::1]"}


async def metrics(request: HttpRequest) -> HttpResponse:
    if not (is_own(request) or has_token(request)):
        raise Http404
    return HttpResponse(await in_database(exposition), content_type=CONTENT_TYPE_LATEST)


def is_own(request: HttpRequest) -> bool:
    """Return whether a program on this machine asks for this machine: no proxy's request, no page of another name."""
    address = parsed(str(request.META.get("REMOTE_ADDR", "")))
    name = request.get_host().rpartition(":")[0] or request.get_host()
    return (
        address is not None
        and address.is_loopback
        and (name in OWN_NAMES or request.get_host() in OWN_NAMES)
        and not any(header in request.headers for header in PASSED_ON)
    )


def has_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    wanted = settings.METRICS_TOKEN.encode()
    return bool(wanted) and scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), wanted)
