"""A visitor without a network: requests go through the product's own ASGI application, from this machine itself."""

import asyncio
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import psycopg
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler

from apps.core.database.requirements import connection_string
from apps.observability.leaktest.attacks import Request
from apps.observability.leaktest.exchange import Reply, as_bytes

OWN_ADDRESS = ("127.0.0.1", 0)  # not counted against the limit of questions a minute


class InProcessClient:
    """Sends requests to the application in this process: the whole way of a visitor but for the socket."""

    def __init__(self) -> None:
        self._application: Any = ASGIHandler()

    async def send(self, request: Request) -> Reply:
        """Return the whole answer to a request."""
        headers, body = as_bytes(request)
        incoming = asyncio.Queue[dict[str, Any]]()
        incoming.put_nowait({"type": "http.request", "body": body, "more_body": False})
        sent: list[dict[str, Any]] = []

        async def keep(message: dict[str, Any]) -> None:
            sent.append(message)

        # After the body nothing comes: like a visitor who waits.
        await self._application(scope_of(request, headers), incoming.get, keep)
        return reply_of(sent)


def scope_of(request: Request, headers: dict[str, str]) -> dict[str, Any]:
    path, _, query = request.path.partition("?")
    named = {"host": own_name(), "content-length": "", **{name.lower(): value for name, value in headers.items()}}
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1", "replace")) for name, value in named.items() if value],
        "client": OWN_ADDRESS,
        "server": ("127.0.0.1", 80),
    }


def own_name() -> str:
    """Return a name that this server answers to."""
    return next((name.lstrip(".") for name in settings.ALLOWED_HOSTS if name != "*"), "127.0.0.1")


def reply_of(sent: list[dict[str, Any]]) -> Reply:
    missing: dict[str, Any] = {"status": 500}
    start = next((message for message in sent if message["type"] == "http.response.start"), missing)
    body = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in start.get("headers", ())}
    return Reply(status=start["status"], headers=headers, body=body.decode("utf-8", "replace"))


async def rows_seen(statement: str, chatbot_id: UUID) -> int:
    """Return how many rows a statement gives the visitors' login, bound to a chatbot; none when it is refused."""
    connection = await psycopg.AsyncConnection.connect(connection_string(settings.VISITOR_DATABASE), autocommit=True)
    async with connection:
        await connection.execute("SELECT set_config('tacit.chatbot_id', %s, false)", [str(chatbot_id)])
        rows = 0
        try:
            for part in statement.split("; "):
                cursor = await connection.execute(part.encode())
                rows = len(await cursor.fetchall()) if cursor.description else 0
        except psycopg.Error as error:
            return 0 if error.sqlstate else 1  # what the server didn't refuse failed here, on its answer
        return rows
