"""`tacit ingest`: add files, folders and addresses, and wait until they are in the index."""

import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from django.db import connection
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from apps.chatbots.models import Chatbot
from apps.chatbots.services import find_chatbot
from apps.cli.people import AsJson
from apps.cli.readiness import prepare, print_json
from apps.core.error_handling import TacitError, ValidationError
from apps.knowledge.both_classes import warnings_of, with_marks
from apps.knowledge.models import Disclosure, Source, SourceStatus
from apps.knowledge.services import knowledge_sources

SECONDS_BETWEEN_LOOKS = 5.0
FINAL = {SourceStatus.READY, SourceStatus.FAILED, SourceStatus.CANCELLED}
LIVE_WORKER = "SELECT 1 FROM procrastinate_workers WHERE last_heartbeat > now() - interval '10 seconds' LIMIT 1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """A path or address that did not become a source."""

    name: str
    code: str
    message: str


def ingest(
    bot: Annotated[str, typer.Argument(help="The chatbot's name, id or public id.")],
    paths: Annotated[list[str], typer.Argument(help="Files, folders or web addresses.", metavar="PATH_OR_URL...")],
    learn_only: Annotated[
        bool, typer.Option("--learn-only", help="No visitor may ever learn what these say or that they exist.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add documents to a chatbot and wait until they are ready; exit 1 if any failed."""
    prepare()
    chatbot = find_chatbot(bot)
    disclosure = Disclosure.LEARN_ONLY if learn_only else Disclosure.CITABLE
    sources: dict[UUID, Source] = {}
    refused: list[Refused] = []
    for one in add_all(chatbot, expand(paths), disclosure):
        if isinstance(one, Refused):
            refused.append(one)
        else:
            sources[one.pk] = one
    with WorkerIfNeeded() as worker:
        finished = wait_for(list(sources), worker, quiet=as_json)
    tell(finished, refused, as_json=as_json)
    if refused or any(source.status != SourceStatus.READY for source in finished):
        raise typer.Exit(1)


def expand(paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each address, and each file with the name it gets; hidden files of folders are left out."""
    for raw in paths:
        if raw.startswith(("http://", "https://")):
            yield raw, raw
            continue
        path = Path(raw).expanduser()
        if path.is_dir():
            for file in sorted(path.rglob("*")):
                inside = file.relative_to(path)
                if file.is_file() and not any(part.startswith(".") for part in inside.parts):
                    yield str(file), str(inside)
        else:
            yield str(path), path.name


def add_all(chatbot: Chatbot, found: Iterable[tuple[str, str]], disclosure: str) -> Iterator[Source | Refused]:
    """Add each as a source; what can't be added is told and the others go on."""
    service = knowledge_sources()
    nothing = True
    for place, name in found:
        nothing = False
        try:
            if place.startswith(("http://", "https://")):
                yield service.add_url(chatbot=chatbot, url=place, disclosure=disclosure).source
                continue
            with Path(place).open("rb") as content:
                yield service.add_file(chatbot=chatbot, file_name=name, content=content, disclosure=disclosure).source
        except OSError as error:
            reason = f"The file can't be opened ({error.strerror}). Check the path and its rights."
            yield Refused(name=name, code="file_unreadable", message=reason)
        except TacitError as error:
            yield Refused(name=name, code=error.code, message=str(error))
    if nothing:
        raise ValidationError("There is no file to add. Name files, folders that hold some, or web addresses.")


class WorkerIfNeeded:
    """Runs a worker beside this command while no other one works (`tacit up` has one); it ends with the block."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.looked_at = 0.0

    def __enter__(self) -> "WorkerIfNeeded":
        return self

    def __exit__(self, *error: object) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait()

    def look_after(self) -> None:
        """See every few seconds that somebody works; a worker that died is replaced."""
        now = time.monotonic()
        if now - self.looked_at < SECONDS_BETWEEN_LOOKS and self.looked_at:
            return
        self.looked_at = now
        if (self.process is None or self.process.poll() is not None) and not self._somebody_works():
            self.process = subprocess.Popen([sys.executable, "-m", "apps.cli.main", "worker", "--child"])

    @staticmethod
    def _somebody_works() -> bool:
        with connection.cursor() as cursor:
            cursor.execute(LIVE_WORKER)
            return cursor.fetchone() is not None


def wait_for(ids: Sequence[UUID], worker: WorkerIfNeeded, *, quiet: bool) -> list[Source]:
    """Show how far each source is until all are ready or failed, and return them."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[state]}"))
    with Progress(*columns, console=Console(stderr=True), disable=quiet, transient=True) as progress:
        bars: dict[UUID, TaskID] = {}
        while True:
            rows = list(with_marks(Source.objects.filter(pk__in=ids).order_by("created_at", "pk")))
            for source in rows:
                show(progress, bars, source)
            if all(source.status in FINAL for source in rows):
                return rows
            worker.look_after()
            time.sleep(0.2)


def show(progress: Progress, bars: dict[UUID, TaskID], source: Source) -> None:
    """Draw a bar for what is being read; what waits or is done needs none."""
    if source.pk not in bars and source.status == SourceStatus.RUNNING:
        bars[source.pk] = progress.add_task(source.title[-40:], total=100, state="")
    if source.pk in bars:
        progress.update(bars[source.pk], completed=source.progress, state=source.stage or source.get_status_display())
        if source.status in FINAL:
            progress.remove_task(bars.pop(source.pk))


def tell(sources: Sequence[Source], refused: Sequence[Refused], *, as_json: bool) -> None:
    """Print what became of each, the failed last."""
    if as_json:
        failures: list[dict[str, Any]] = [
            {"id": None, "title": one.name, "status": "failed", "error": {"code": one.code, "message": one.message}}
            for one in refused
        ]
        print_json({"sources": [summary(source) for source in sources] + failures})
        return
    for source in sorted(sources, key=lambda source: source.status == SourceStatus.FAILED):
        if source.status == SourceStatus.READY:
            passages = "1 passage" if source.passage_count == 1 else f"{source.passage_count} passages"
            print(f"ready   {source.title}: {passages}")
            for warning in warnings_of(source):
                print(f"        note: {warning['message']}")
        elif source.status == SourceStatus.CANCELLED:
            print(f"stopped {source.title}: somebody stopped its reading.")
        else:
            print(f"failed  {source.title}: {source.error_message}")
    for one in refused:
        print(f"failed  {one.name}: {one.message}")


def summary(source: Source) -> dict[str, Any]:
    return {
        "id": source.pk,
        "title": source.title,
        "status": source.status,
        "disclosure": source.disclosure,
        "documents": source.document_count,
        "passages": source.passage_count,
        "warnings": warnings_of(source),
        "error": {"code": source.error_code, "message": source.error_message} if source.error_code else None,
    }
