"""A visitor's side of the chat in tests: asks over server-sent events and keeps every byte that came."""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx


@dataclass
class Heard:
    """What came over one stream."""

    status: int
    raw: str = ""
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def of(self, name: str) -> list[dict[str, Any]]:
        return [data for event, data in self.events if event == name]

    @property
    def text(self) -> str:
        return "".join(data["text"] for data in self.of("delta"))

    @property
    def done(self) -> dict[str, Any]:
        (done,) = self.of("done")
        return done

    @property
    def token(self) -> str:
        return str(self.of("start")[0]["conversation_token"])


def ask(address: str, public_id: str, question: str, token: str | None = None, **headers: str) -> Heard:
    """Ask over a stream and listen to its end."""
    with httpx.stream(
        "POST",
        f"{address}/api/v1/chat/{public_id}/messages",
        json={"message": question, "conversation_token": token},
        headers={"Accept": "text/event-stream", **headers},
        timeout=60,
    ) as response:
        heard = Heard(status=response.status_code, raw="".join(response.iter_text()))
    if response.headers["content-type"].startswith("text/event-stream"):
        heard.events = [parsed(block) for block in heard.raw.split("\n\n") if block.startswith("event: ")]
    return heard


def parsed(block: str) -> tuple[str, dict[str, Any]]:
    name, data, *_number = block.split("\n")
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))
