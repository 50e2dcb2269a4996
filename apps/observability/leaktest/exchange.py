"""A case carried out: requests go to whoever serves the chatbot, and every byte that comes back is kept."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from apps.observability.leaktest.attacks import Case, Request
from apps.observability.leaktest.attacks.interfaces import MESSAGES

STREAM = "text/event-stream"
JSON = "application/json"
CONVERSATION = "/api/v1/chat/{bot}/conversation"
TOKEN = re.compile(r'"conversation_token":\s*"([^"]+)"')


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What came back: the whole body, of a stream too."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: str = field(repr=False)

    @property
    def is_stream(self) -> bool:
        return self.headers.get("content-type", "").startswith(STREAM)

    @property
    def events(self) -> list[tuple[str, Any]]:
        """The events of a stream; for anything else its JSON under no name; nothing of what is neither."""
        try:
            return self._stream() if self.is_stream else self._document()
        except ValueError:  # broken off, or no JSON at all: the body is read as it is
            return []

    def _stream(self) -> list[tuple[str, Any]]:
        blocks = [block.split("\n", 1) for block in self.body.split("\n\n") if block.startswith("event: ")]
        return [
            (name.removeprefix("event: "), json.loads(rest.partition("\n")[0].removeprefix("data: ")))
            for name, rest in blocks
        ]

    def _document(self) -> list[tuple[str, Any]]:
        is_json = "json" in self.headers.get("content-type", "")
        return [("", json.loads(self.body))] if is_json and self.body else []

    @property
    def token(self) -> str:
        found = TOKEN.search(self.body)
        return found[1] if found else ""


class Client(Protocol):
    """Sends a request to a server that has the chatbot."""

    async def send(self, request: Request) -> Reply: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """A case and what came back, in order. `asked` are the visitor's own words; `rows` came from its statements."""

    case: Case
    asked: str = field(repr=False)
    replies: tuple[Reply, ...] = field(default=(), repr=False)
    rows: int = 0

    @property
    def tokens(self) -> set[str]:
        return {reply.token for reply in self.replies if reply.token}


async def carry_out(
    case: Case, client: Client, *, public_id: str, other_public_id: str, stream: bool = False
) -> Attempt:
    """Send what a case sends, in the order in which it does."""
    names = {"{bot}": public_id, "{other}": other_public_id}
    if case.requests:
        return await send_as_they_are(case, client, names)
    replies: list[Reply] = []
    token = ""
    headers = {"Accept": STREAM if stream else JSON, **case.headers}
    for turn in case.turns:
        body = {"message": turn, "conversation_token": token or None, **case.fields}
        replies.append(
            await client.send(placed(Request(method="POST", path=MESSAGES, headers=headers, body=body), names))
        )
        token = replies[-1].token or token
    if token:
        again = Request(method="GET", path=CONVERSATION, headers={"Authorization": f"Bearer {token}"})
        replies.append(await client.send(placed(again, names)))
    return Attempt(case=case, asked="\n".join((*case.turns, *map(str, case.fields.values()))), replies=tuple(replies))


async def send_as_they_are(case: Case, client: Client, names: Mapping[str, str]) -> Attempt:
    """Send requests that were written out; a conversation is begun first when one of them needs its token."""
    before: list[Reply] = []
    if any("{token}" in str(request.headers) for request in case.requests):
        hello = Request(method="POST", path=MESSAGES, headers={"Accept": JSON}, body={"message": "Hello"})
        before.append(await client.send(placed(hello, names)))
        names = {**names, "{token}": before[0].token}
    replies = [await client.send(placed(request, names)) for request in case.requests]
    asked = "\n".join(f"{request.path} {dict(request.headers)} {request.body}" for request in case.requests)
    return Attempt(case=case, asked=asked, replies=(*replies, *before))


def placed(request: Request, names: Mapping[str, str]) -> Request:
    """Return the request with the bot, the other bot and the token it is meant for."""

    def fill(text: str) -> str:
        for name, value in names.items():
            text = text.replace(name, value)
        return text

    return replace(
        request, path=fill(request.path), headers={name: fill(value) for name, value in request.headers.items()}
    )


def as_bytes(request: Request) -> tuple[dict[str, str], bytes]:
    """Return headers and body of a request as they go over the line."""
    if request.body is None:
        return dict(request.headers), b""
    return {"Content-Type": JSON, **request.headers}, json.dumps(request.body).encode()


def without_ids(text: str, replies: Sequence[Reply]) -> str:
    """Return a reply's text without what is new each time: ids, tokens, the number of an error."""
    for reply in replies:
        if reply.token:
            text = text.replace(reply.token, "TOKEN")
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID", text)
    return re.sub(r"Its number is [0-9a-f]{12}", "Its number is NUMBER", text)
