"""`tacit doctor`: checks everything a run needs and says what to do about each."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TypeAlias

import typer
from django.db import Error

from apps.cli.doctoring_notes import Note
from apps.cli.people import AsJson
from apps.cli.readiness import print_json
from apps.core.error_handling import TacitError
from apps.core.services import load

Check: TypeAlias = Callable[[], str]

# In the order in which a mend helps. Loaded only when somebody asks: the models' libraries take memory.
CHECKS = {
    "settings": "apps.cli.doctoring_machine.chosen_settings",
    "database": "apps.cli.doctoring_database.reachable",
    "migrations": "apps.cli.doctoring_database.migrations",
    "visitors' login": "apps.cli.doctoring_database.visitors",
    "clock": "apps.cli.doctoring_database.clock",
    "worker": "apps.cli.doctoring_database.worker",
    "queue": "apps.cli.doctoring_database.queue",
    "sources": "apps.cli.doctoring_database.sources",
    "alerts": "apps.cli.doctoring_database.alerts",
    "embedding model": "apps.cli.doctoring_models.embedding_model",
    "reader": "apps.cli.doctoring_models.reader",
    "language model": "apps.cli.doctoring_models.language_model",
    "web": "apps.cli.doctoring_machine.web",
    "mail": "apps.cli.doctoring_machine.mail",
    "disk": "apps.cli.doctoring_machine.disk",
    "memory": "apps.cli.doctoring_machine.memory",
}
NEED_DATABASE = {"migrations", "visitors' login", "clock", "worker", "queue", "sources", "alerts"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What a check found: `state` is ok, note or broken."""

    check: str
    state: str
    message: str


def doctor(as_json: AsJson = False) -> None:
    """Check what Tacit needs; exit 1 if something is broken."""
    findings = examine_all()
    if as_json:
        print_json({"findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            print(f"{finding.state:7} {finding.check}: {finding.message}")
    if any(finding.state == "broken" for finding in findings):
        raise typer.Exit(1)


def examine_all() -> list[Finding]:
    """Run every check; what needs a database that is broken is not looked at."""
    findings: list[Finding] = []
    for name, path in CHECKS.items():
        if name in NEED_DATABASE and any(one.check == "database" and one.state == "broken" for one in findings):
            message = "Not looked at, since the database can't be used. Mend that first."
            findings.append(Finding(check=name, state="note", message=message))
        else:
            findings.append(examine(name, load(path)))
    return findings


def examine(name: str, check: Check) -> Finding:
    """Run one check: an error breaks, a note is told and breaks nothing."""
    try:
        return Finding(check=name, state="ok", message=check())
    except Note as note:
        return Finding(check=name, state="note", message=str(note))
    except TacitError as error:
        return Finding(check=name, state="broken", message=str(error))
    except Error as error:
        message = f"The database did not do what was asked ({type(error).__name__}). See its log, and try again."
        return Finding(check=name, state="broken", message=message)
