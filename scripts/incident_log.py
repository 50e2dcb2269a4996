"""The log of all documented incidents, by category, made from their files."""

from collections.abc import Iterator

from apps.incidents.documents import Category, Incident, load_incidents


def incident_log() -> str:
    """Return what went wrong, why, and how it was mended, by kind of mistake."""
    incidents = load_incidents()
    return "\n".join(
        [
            "In full they stand in [incidents](incidents/README.md); `tacit errors search 'MESSAGE'` finds them.",
            "",
            "| category | incidents | open |", "|---|---|---|", *totals(incidents),
            *(line for category in Category for line in section(category, incidents)),
        ]
    )  # fmt: skip


def totals(incidents: list[Incident]) -> Iterator[str]:
    for category in Category:
        ours = [one for one in incidents if one.category is category]
        if ours:
            yield f"| {category.value} | {len(ours)} | {sum(one.status.value == 'open' for one in ours)} |"


def section(category: Category, incidents: list[Incident]) -> Iterator[str]:
    ours = [one for one in incidents if one.category is category]
    if not ours:
        return
    yield f"\n## {category.value.capitalize()}"
    for one in ours:
        yield f"\n### [{one.number:04d}](incidents/{one.file.name}): {one.title}\n"
        yield f"{one.date.isoformat()} · {one.severity.value} · {one.status.value}\n"
        yield from (f"    {message}" for message in one.messages)
        if one.messages:
            yield ""
        yield f"**Why.** {first_paragraph(one.parts['Root cause'])}\n"
        yield f"**Mended.** {first_paragraph(one.parts['Resolution'])}\n"
        yield f"**Held by** `{one.test}`" if one.test else "**Held by** no test yet"


def first_paragraph(text: str) -> str:
    return " ".join(text.split("\n\n", maxsplit=1)[0].split())
