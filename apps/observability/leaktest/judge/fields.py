"""The fields that visitors' payloads may have, written down once more: the judge trusts no schema of the product."""

from collections.abc import Iterator
from typing import Any

CITATION = {"n", "title", "url", "page", "quote"}
PASSAGE = CITATION | {"heading", "passage"}
DONE = {"message_id", "html", "citations", "answered", "offer_contact"}
ANSWER = DONE | {"conversation_token", "text"}
SPOKEN = {"message_id", "role", "text", "html", "citations", "answered", "complete", "feedback"}
PROBLEM = {"type", "title", "status", "code", "detail", "errors"}
EVENTS = {
    "start": {"conversation_token", "message_id"},
    "delta": {"text"},
    "citation": CITATION,
    "done": DONE,
    "error": PROBLEM,
}
DOCUMENTS = (ANSWER, SPOKEN, PASSAGE, PROBLEM, {"messages"}, {"value"})
INNER = {"citations": CITATION, "messages": SPOKEN, "errors": {"field", "reason"}}


def undeclared(name: str, payload: Any) -> Iterator[str]:
    """Yield the fields of an event, or of a JSON body when `name` is empty, that nobody has allowed."""
    if not isinstance(payload, dict):
        return
    allowed = EVENTS.get(name, set()) if name else closest(payload)
    yield from sorted(payload.keys() - allowed)
    for field, inner in INNER.items():
        values = payload.get(field) or []
        for value in values if isinstance(values, list) else []:
            yield from (f"{field}.{one}" for one in sorted(set(value) - inner))
            for citation in value.get("citations", []):
                yield from (f"{field}.citations.{one}" for one in sorted(set(citation) - CITATION))


def closest(payload: dict[str, Any]) -> set[str]:
    return min(DOCUMENTS, key=lambda document: len(payload.keys() - document))
