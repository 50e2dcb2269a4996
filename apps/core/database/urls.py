"""Turns a database address into Django settings, and knows the address of the embedded database."""

import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from apps.core.error_handling import SettingsError

SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 100  # the kernel's limit is 107 bytes on Linux, 103 on macOS


def socket_directory(data_dir: Path) -> Path:
    """Return where the embedded database listens: in its own folder, or under `/tmp` when that path is too long.

    The place is the same for every process, whatever its TMPDIR is; only the server's user can enter it.
    """
    inside = data_dir / "postgres"
    if len(str(inside / SOCKET_NAME).encode()) <= LONGEST_SOCKET_PATH:
        return inside
    digest = hashlib.sha256(str(data_dir).encode()).hexdigest()[:12]
    return Path("/tmp") / f"tacit-{digest}"  # noqa: S108  # see above


def embedded_url(data_dir: Path, *, user: str, database: str = "tacit") -> str:
    """Return the address of the embedded database, which does not depend on whether it runs."""
    return f"postgresql://{user}@/{database}?host={quote(str(socket_directory(data_dir)), safe='')}"


def django_database(url: str, *, name: str, missing: str = "") -> dict[str, Any]:
    """Return the entry for Django's DATABASES; `name` is the variable that errors tell to correct."""
    if not url:
        raise SettingsError(f"{name} is missing. {missing}: set it to postgresql://USER:PASSWORD@HOST:PORT/DATABASE.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise SettingsError(
            f"{name} names no valid host and port. Set it to postgresql://USER:PASSWORD@HOST:PORT/DATABASE, signs like"
            " [ or / in the password percent-encoded."
        ) from None
    database = unquote(parts.path.lstrip("/"))
    options = dict(parse_qsl(parts.query))
    if parts.scheme not in {"postgresql", "postgres"} or not database or not parts.username:
        raise SettingsError(f"{name} is not usable. Set it to postgresql://USER:PASSWORD@HOST:PORT/DATABASE.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": database,
        "USER": unquote(parts.username),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", None) or parts.hostname or "",
        "PORT": str(port or ""),
        "OPTIONS": options,
        "CONN_MAX_AGE": 0,
        "ATOMIC_REQUESTS": False,
    }
