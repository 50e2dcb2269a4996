"""A request that is too large is refused before it is kept, whether it tells its length or not."""

import asyncio
import json
import uuid
from collections.abc import Mapping
from typing import Any

import pytest

from apps.core.body_limit import MARGIN, BodyLimit, Receive, Send

MEGABYTE = 1024 * 1024
ID = uuid.uuid4()
EVERYWHERE_ELSE = 6 * MEGABYTE


class Reader:
    """The application within, as Django is: it reads the whole body, then answers whoever is still there."""

    def __init__(self) -> None:
        self.read = 0

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            self.read += len(message["body"])
            if not message["more_body"]:
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})


def sent(path: str, size: int, *, told: bool) -> tuple[int, dict[str, Any], int]:
    """Send a body in pieces, and return the status, the problem that was told, and how much was read within."""
    reader, left, answer = Reader(), size, list[Mapping[str, Any]]()

    async def receive() -> Mapping[str, Any]:
        nonlocal left
        piece = min(left, 64 * 1024)
        left -= piece
        return {"type": "http.request", "body": b"x" * piece, "more_body": left > 0}

    async def send(message: Mapping[str, Any]) -> None:
        answer.append(message)

    headers = [(b"content-length", str(size).encode())] if told else []
    asyncio.run(BodyLimit(reader)({"type": "http", "path": path, "headers": headers}, receive, send))
    problem = json.loads(answer[1]["body"]) if answer[0]["status"] != 200 else {}
    return answer[0]["status"], problem, reader.read


@pytest.fixture(autouse=True)
def small_files(settings: Any) -> None:
    settings.MAX_UPLOAD_BYTES = 2 * MEGABYTE


@pytest.mark.parametrize("path", ["/api/v1/chat/x/messages", "/accounts/login/", f"/dashboard/bots/{ID}/sources/act"])
@pytest.mark.parametrize("told", [True, False])
def test_what_is_too_large_is_refused_and_what_is_not_is_read(path: str, told: bool) -> None:
    assert sent(path, EVERYWHERE_ELSE, told=told) == (200, {}, EVERYWHERE_ELSE)
    status, problem, read = sent(path, EVERYWHERE_ELSE + 1, told=told)
    assert (status, problem["status"], problem["code"]) == (413, 413, "request_too_large")
    assert read <= (0 if told else EVERYWHERE_ELSE)


@pytest.mark.parametrize(
    "path",
    [
        f"/api/v1/chatbots/{ID}/sources",
        f"/dashboard/bots/{ID}/sources/add",
        f"/dashboard/bots/{ID}/sources/{ID}/replace",
    ],
)
@pytest.mark.parametrize("told", [True, False])
def test_where_files_are_taken_ten_of_the_largest_fit(path: str, told: bool) -> None:
    ten = 10 * 2 * MEGABYTE + MARGIN
    assert sent(path, ten, told=told)[0] == 200
    assert sent(path, ten + 1, told=told)[0] == 413


def test_a_length_that_is_none_does_not_let_more_in() -> None:
    reader, told = Reader(), list[Mapping[str, Any]]()

    async def receive() -> Mapping[str, Any]:
        return {"type": "http.request", "body": b"x" * MEGABYTE, "more_body": True}

    async def send(message: Mapping[str, Any]) -> None:
        told.append(message)

    scope = {"type": "http", "path": "/", "headers": [(b"Content-Length", b"-1")]}
    asyncio.run(BodyLimit(reader)(scope, receive, send))
    assert told[0]["status"] == 413
    assert reader.read <= EVERYWHERE_ELSE
