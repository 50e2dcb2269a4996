"""Begins the document of an incident from what is known of an error; the six parts are for a person to write."""

import datetime as dt
import json
import re
from pathlib import Path

from apps.incidents.documents import FILE_NAME, FOLDER
from apps.incidents.tracebacks import Trace

ASKED = {
    "Description": "What did people see, since when, how often? The exact message, and the symptoms.",
    "Detection": "How and when was it found, and in which test? If by a person: why had no test found it?",
    "Root cause": "Why did it happen, and what let it through?",
    "Resolution": "The steps, and the change in the code.",
    "Prevention": "The test, check or rule that fails if it comes back.",
    "Impact": "Severity, scope, time to resolve; what operators have to do.",
}
LONGEST_SLUG = 60


def write_draft(trace: Trace, *, title: str = "", folder: Path = FOLDER, today: dt.date | None = None) -> Path:
    """Write the skeleton of an incident and return its file."""
    number = next_number(folder)
    name = title or trace.text
    file = folder / f"{number:04d}-{slug(name)}.md"
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(draft(trace, number=number, title=name, date=today or dt.datetime.now(dt.UTC).date()), "utf-8")
    return file


def next_number(folder: Path) -> int:
    numbers = [int(named[1]) for file in folder.glob("*.md") if (named := FILE_NAME.fullmatch(file.name))]
    return max(numbers, default=0) + 1


def slug(title: str) -> str:
    words = re.findall(r"[a-z0-9]+", title.lower())
    return "-".join(words)[:LONGEST_SLUG].strip("-") or "unnamed"


def draft(trace: Trace, *, number: int, title: str, date: dt.date) -> str:
    """Return the skeleton: front matter that recognises the error, and the six parts with what belongs into them."""
    front = [
        "---",
        f"id: {number}",
        f"title: {quoted(title)}",
        "status: open",
        "category: reliability",
        "severity: medium",
        f"date: {date.isoformat()}",
        'test: ""',
        f"messages: [{quoted(trace.text)}]" if trace.message else "messages: []",
        f"fingerprints: [{quoted(trace.fingerprint)}]" if trace.frames else "fingerprints: []",
        "---",
    ]
    parts = [f"## {part}\n\n<!-- {question} -->\n{given(part, trace)}" for part, question in ASKED.items()]
    return "\n".join(front) + "\n\n" + "\n".join(parts)


def quoted(text: str) -> str:
    """Return a text as YAML reads it in double quotes."""
    return json.dumps(text, ensure_ascii=False)


def given(part: str, trace: Trace) -> str:
    """Return what is known already."""
    if part != "Description":
        return ""
    places = "\n".join(f"    {frame}" for frame in trace.frames)
    return f"\n    {trace.text}\n\nIn our code:\n\n{places}\n" if places else f"\n    {trace.text}\n"
