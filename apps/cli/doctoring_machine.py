"""What `tacit doctor` sees of the machine and the settings: port, mail, disk, memory, and choices that don't fit."""

import json
import shutil
import smtplib
from collections.abc import Iterator
from urllib.parse import urlsplit

import psutil
from django.conf import settings
from django.core.mail import get_connection

from apps.cli.doctoring_notes import Note
from apps.cli.people import ADDRESS_FILE
from apps.cli.serving import check_port
from apps.core.error_handling import DatabaseError, FetchError, FetchUnavailableError, SettingsError, StorageFullError
from apps.core.outbound import FetchLimits, FetchRules, fetch

LEAST_FREE_MB, COMFORTABLE_FREE_MB = 500, 2000
LEAST_MEMORY_MB = 500  # for Tacit's own processes, when none of them runs yet
SHORTEST_KEY = 32
MAIL_SECONDS = 10
LOCAL_NAMES = {"localhost", "127.0.0.1", "::1"}
USUAL_ADDRESS = "http://127.0.0.1:8000"


def chosen_settings() -> str:
    """Look for settings that are allowed but don't go together."""
    if broken := list(dangerous()):
        raise SettingsError(" ".join(broken))
    if weak := list(doubtful()):
        raise Note(" ".join(weak))
    return "they go together"


def dangerous() -> Iterator[str]:
    public = urlsplit(settings.PUBLIC_URL).hostname
    if settings.DEBUG and public not in LOCAL_NAMES | {None}:
        yield "TACIT_DEBUG shows settings and source to everybody who can reach TACIT_PUBLIC_URL. Take it out."
    if len(settings.SECRET_KEY) < SHORTEST_KEY:
        yield f"TACIT_SECRET_KEY is shorter than {SHORTEST_KEY} characters. Set a long random one; sessions end by it."


def doubtful() -> Iterator[str]:
    public = urlsplit(settings.PUBLIC_URL)
    if settings.DEBUG:
        yield "TACIT_DEBUG is on: error pages show settings and source. Take it out before others reach this server."
    if public.scheme == "http" and public.hostname not in LOCAL_NAMES:
        yield "TACIT_PUBLIC_URL is http: passwords and keys travel readable. Put a proxy with TLS before it."
    if settings.SIGN_UP_OPEN and not settings.EMAIL_HOST:
        yield "TACIT_SIGN_UP_OPEN without TACIT_EMAIL_HOST lets anybody use any address. Set a mail server."
    if settings.ALERT_WEBHOOK_URL.startswith("http:"):
        yield "TACIT_ALERT_WEBHOOK_URL is http: alerts are signed but readable on their way. Use https."
    if settings.METRICS_TOKEN and len(settings.METRICS_TOKEN) < SHORTEST_KEY // 2:
        yield "TACIT_METRICS_TOKEN is short. Set a long random one."


def web() -> str:
    """Ask the web process that was started last whether it is ready."""
    address = ADDRESS_FILE.read_text().strip() if ADDRESS_FILE.exists() else USUAL_ADDRESS
    parts = urlsplit(address)
    host, port = parts.hostname or "127.0.0.1", parts.port or (443 if parts.scheme == "https" else 80)
    own = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    limits = FetchLimits(max_bytes=100_000, total_seconds=10.0, max_redirects=0)
    try:
        got = fetch(f"{address}/readyz", limits=limits, allowed_hosts=[own], rules=FetchRules(success_only=False))
        reasons = [str(reason) for reason in json.loads(got.body)["reasons"]]
    except FetchError:
        if host in LOCAL_NAMES:
            check_port(host, port)
        raise Note(f"Nothing serves at {address}. `tacit up` starts everything.") from None
    except (ValueError, KeyError, TypeError):
        raise SettingsError(
            f"Another program serves at {address}. Choose another port: tacit up --port {port + 1}"
        ) from None
    if reasons:
        raise DatabaseError(" ".join(reasons))
    return f"ready at {address}"


def mail() -> str:
    if not settings.EMAIL_HOST:
        return "none is sent, as configured"
    try:
        connection = get_connection(timeout=MAIL_SECONDS)
        connection.open()
        connection.close()
    except (smtplib.SMTPException, OSError) as error:
        raise FetchUnavailableError(
            f"The mail server {settings.EMAIL_HOST} can't be used ({type(error).__name__}). Check TACIT_EMAIL_HOST,"
            " TACIT_EMAIL_PORT, TACIT_EMAIL_USER and TACIT_EMAIL_PASSWORD."
        ) from None
    return f"{settings.EMAIL_HOST} lets Tacit in"


def disk() -> str:
    free = shutil.disk_usage(settings.DATA_DIR).free // 1024**2
    if free < LEAST_FREE_MB:
        raise StorageFullError(f"Only {free} MB are free where the data lies. Make room, or PostgreSQL stops.")
    if free < COMFORTABLE_FREE_MB:
        raise Note(f"{free:,} MB are free where the data lies. Make room before you add many documents.")
    return f"{free:,} MB free"


def memory() -> str:
    free = psutil.virtual_memory().available // 1024**2
    reading = settings.EXTRACTION_MEMORY_MB
    if free < LEAST_MEMORY_MB:
        raise Note(f"{free} MB of memory are available; Tacit itself takes {LEAST_MEMORY_MB}. Stop something else.")
    if free < reading:
        raise Note(
            f"{free:,} MB of memory are available, and the reader of one document may take {reading:,}. Lower"
            " TACIT_EXTRACTION_MEMORY_MB if documents fail."
        )
    return f"{free:,} MB available"
