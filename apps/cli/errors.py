"""`tacit errors`: what went wrong here, and the knowledge base of what went wrong before and how it was fixed."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from apps.cli.people import AsJson
from apps.cli.readiness import prepare, print_json
from apps.core.error_handling import NotFoundError, TacitError, ValidationError
from apps.incidents.checking import complaints
from apps.incidents.documents import FOLDER, Incident, find_incident, load_incidents
from apps.incidents.drafts import write_draft
from apps.incidents.services import SeenError, errors
from apps.incidents.tracebacks import Frame, Trace, read_traceback
from apps.observability.incident_search import find_incidents, shelve
from apps.retrieval.services import embeddings

commands = typer.Typer(help="What went wrong, and how it was fixed before.", invoke_without_command=True)
LONGEST_NUMBER = 4
Folder = Annotated[Path, typer.Option(help="Where the documented incidents are.", exists=True, file_okay=False)]


@commands.callback()
def recorded(context: typer.Context, as_json: AsJson = False) -> None:
    """List the errors that were recorded here; with a command, look into the knowledge base."""
    if context.invoked_subcommand is not None:
        return
    prepare()
    seen = errors().seen_by_all()
    if as_json:
        print_json([asdict(one) for one in seen])
        return
    for one in seen:
        print("\n".join(lines_of(one)))
    if not seen:
        print("No error was recorded.")


@commands.command("search")
def search(
    text: Annotated[str, typer.Argument(help="An error message, or a traceback; - reads standard input.")],
    number: Annotated[int, typer.Option("-k", min=1, help="How many.")] = 3,
    as_json: AsJson = False,
) -> None:
    """Find documented incidents by an error message."""
    incidents = load_incidents()
    if not incidents:
        raise NotFoundError("No incident is documented in docs/incidents. Run this in a clone of the repository.")
    service = embeddings()
    asked = sys.stdin.read() if text == "-" else text
    found = find_incidents(asked, shelve(incidents, service), service, k=number)
    if as_json:
        print_json({"incidents": [{**as_dict(one.incident), "score": one.score} for one in found]})
        return
    for one in found:
        print(f"{one.incident.number:04d}  {one.score:.2f}  {one.incident.title}  ({one.incident.status.value})")
        print(f"      {first_paragraph(one.incident.parts.get('Resolution', ''))}")
    print("\n`tacit errors show NUMBER` shows all of it.")


@commands.command("show")
def show(
    which: Annotated[str, typer.Argument(help="The number of an incident, or the fingerprint of a recorded error.")],
    as_json: AsJson = False,
) -> None:
    """Show an incident, or an error that was recorded."""
    if which.isdecimal() and len(which) <= LONGEST_NUMBER:
        incident = find_incident(int(which))
        if as_json:
            print_json(as_dict(incident))
        else:
            print(incident.file.read_text(encoding="utf-8"), end="")
        return
    prepare()
    one = errors().find(which)
    if as_json:
        print_json(asdict(one))
    else:
        print("\n".join([*lines_of(one), *(f"    {frame}" for frame in one.frames)]))


@commands.command("new")
def new(
    recorded: Annotated[str, typer.Option(help="The fingerprint of a recorded error.")] = "",
    title: Annotated[str, typer.Option(help="What went wrong, in one line.")] = "",
    folder: Folder = FOLDER,
    as_json: AsJson = False,
) -> None:
    """Begin to document an incident, from a traceback on standard input or from a recorded error."""
    file = write_draft(trace_recorded(recorded) if recorded else trace_on_stdin(), title=title, folder=folder)
    if as_json:
        print_json({"file": str(file)})
        return
    print(file)
    typer.echo("Write its six parts, and take out what quotes a document, a question or a key.", err=True)


@commands.command("check")
def check(folder: Folder = FOLDER, as_json: AsJson = False) -> None:
    """Check the documented incidents: all six parts, and the test that fails if it comes back. 1 if any is wrong."""
    found = list(complaints(folder))
    number = len(list(folder.glob("[0-9]*.md")))
    if as_json:
        print_json({"incidents": number, "complaints": found})
    else:
        print("\n".join(found) if found else f"{number} incidents, nothing to complain of.")
    if found:
        raise typer.Exit(1)


def trace_on_stdin() -> Trace:
    trace = None if sys.stdin.isatty() else read_traceback(sys.stdin.read())
    if trace is None:
        raise ValidationError(
            "There is no traceback on standard input. Pipe one in, or name a recorded error with --recorded."
        )
    return trace


def trace_recorded(fingerprint: str) -> Trace:
    prepare()
    one = errors().find(fingerprint)
    return Trace(error_type=one.error_type or one.code, message="", frames=tuple(map(frame_of, one.frames)))


def frame_of(told: str) -> Frame:
    """Return the frame that was written down as `file:line in function`."""
    place, _, function = told.partition(" in ")
    file, _, line = place.rpartition(":")
    return Frame(file=file, line=int(line), function=function)


def lines_of(one: SeenError) -> list[str]:
    """Return what a terminal shows of a recorded error."""
    what = one.error_type or f"{one.code} {one.subject}"
    lines = [f"{one.fingerprint}  {one.count}×  last {one.last_seen:%Y-%m-%d %H:%M}  {one.kind}  {what}"]
    if one.frames:
        lines.append(f"    {one.frames[-1]}")
    if one.told != TacitError.default_message():
        lines.append(f"    {one.told}")
    if one.incident is not None:
        lines.append(f"    Seen before: {one.incident.number:04d} {one.incident.title}")
        lines.append(f"    Fixed by: {first_paragraph(one.incident.resolution)}")
    return lines


def first_paragraph(text: str) -> str:
    return " ".join(text.split("\n\n", maxsplit=1)[0].split())


def as_dict(incident: Incident) -> dict[str, Any]:
    return {
        "number": incident.number,
        "title": incident.title,
        "status": incident.status.value,
        "category": incident.category.value,
        "severity": incident.severity.value,
        "date": incident.date.isoformat(),
        "test": incident.test,
        "messages": list(incident.messages),
        "fingerprints": list(incident.fingerprints),
        **{part.lower().replace(" ", "_"): text for part, text in incident.parts.items()},
    }
