"""The error knowledge base: documented incidents, each a Markdown file with front matter and six parts."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

from apps.core.error_handling import NotFoundError, ValidationError

FOLDER = settings.BASE_DIR / "docs" / "incidents"
PARTS = ("Description", "Detection", "Root cause", "Resolution", "Prevention", "Impact")
FILE_NAME = re.compile(r"(\d{4})-[a-z0-9]+(?:-[a-z0-9]+)*\.md")
_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)
_HEADING = re.compile(r"^## +(.+?) *$", re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


class Status(StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"


class Severity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Category(StrEnum):
    """What kind of mistake it was; the log of all incidents is ordered by it."""

    INTERFACES = "interfaces"
    DEPENDENCIES = "dependencies"
    PERFORMANCE = "performance"
    PRIVACY = "privacy"
    SECURITY = "security"
    DATA = "data"
    RELIABILITY = "reliability"


@dataclass(frozen=True, kw_only=True)
class Incident:
    """A documented incident. `test` is the node id of the test that fails if it comes back.

    In `messages` an ellipsis stands for anything; together with `fingerprints` they recognise the error when it is
    seen again.
    """

    number: int
    title: str
    status: Status
    category: Category
    severity: Severity
    date: dt.date
    test: str
    messages: tuple[str, ...]
    fingerprints: tuple[str, ...]
    parts: Mapping[str, str]
    file: Path = field(repr=False)

    @cached_property
    def _patterns(self) -> list[re.Pattern[str]]:
        return [
            re.compile(".*?".join(re.escape(piece) for piece in message.split("…")), re.DOTALL)
            for message in self.messages
        ]

    def recognises(self, *, fingerprint: str, text: str) -> bool:
        """Return whether an error with this fingerprint, or this last line of a traceback, is this one again."""
        return fingerprint in self.fingerprints or any(pattern.search(text) for pattern in self._patterns)


def load_incidents(folder: Path = FOLDER) -> list[Incident]:
    """Return all documented incidents by number; none where the documents are not installed."""
    return [read_incident(file) for file in sorted(folder.glob("[0-9]*.md"))]


@lru_cache(maxsize=1)
def known_incidents() -> tuple[Incident, ...]:
    """Return the documented incidents, read once in a process; those that are not well-formed are left out."""
    known = []
    for file in sorted(FOLDER.glob("[0-9]*.md")):
        try:
            known.append(read_incident(file))
        except (ValidationError, OSError):  # `tacit errors check` tells; a running server goes on without it
            continue
    return tuple(known)


def find_incident(number: int) -> Incident:
    """Return one of them. Raises NotFoundError."""
    found = next((one for one in load_incidents() if one.number == number), None)
    if found is None:
        raise NotFoundError(
            f"There is no incident {number}. `tacit errors search` finds those there are by their text."
        )
    return found


def read_incident(file: Path) -> Incident:
    """Return the incident in a file. Raises ValidationError, which says what to mend."""
    named, text = FILE_NAME.fullmatch(file.name), file.read_text(encoding="utf-8")
    split = _FRONT_MATTER.match(text)
    if named is None or split is None:
        raise ValidationError(
            f"{file.name} is no incident. Name it NNNN-slug.md and begin it with front matter between two lines of ---."
        )
    try:
        front = yaml.safe_load(split[1])
        return incident_of(front, parts_of(split[2]), file, number=int(named[1]))
    except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else " ".join(str(error).split())
        raise ValidationError(f"The front matter of {file.name} is wrong: {reason}. Correct it.") from error


def incident_of(front: Mapping[str, Any], parts: Mapping[str, str], file: Path, *, number: int) -> Incident:
    if front["id"] != number:
        raise ValueError(f"its id is {front['id']} and its file says {number}")
    if not isinstance(front["date"], dt.date):
        raise TypeError("its date is none; write it like 2026-11-23")
    return Incident(
        number=number,
        title=str(front["title"]).strip(),
        status=Status(front["status"]),
        category=Category(front["category"]),
        severity=Severity(front["severity"]),
        date=front["date"],
        test=str(front.get("test") or ""),
        messages=tuple(str(message) for message in front["messages"] or ()),
        fingerprints=tuple(str(one) for one in front.get("fingerprints") or ()),
        parts=parts,
        file=file,
    )


def parts_of(body: str) -> dict[str, str]:
    """Return what stands under each heading; what the skeleton asks for counts as nothing."""
    pieces = _HEADING.split(_COMMENT.sub("", body))
    return {heading: text.strip() for heading, text in zip(pieces[1::2], pieces[2::2], strict=True)}
