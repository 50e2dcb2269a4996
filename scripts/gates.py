"""The quality gates: each is a sentence that must be true of the repository, and a check that says what is not."""

import ast
import gc
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")  # noqa: TID251  # before Django knows its settings
django.setup()

from django.apps import apps as installed  # noqa: E402  # needs the path above
from django.db.migrations.autodetector import MigrationAutodetector  # noqa: E402
from django.db.migrations.loader import MigrationLoader  # noqa: E402
from django.db.migrations.state import ProjectState  # noqa: E402

from apps.incidents.checking import complaints  # noqa: E402
from apps.incidents.documents import load_incidents  # noqa: E402
from scripts import service_accessors  # noqa: E402
from scripts.demanded_names import DEMANDED, FORBIDDEN  # noqa: E402
from scripts.generate_docs import modules, stale  # noqa: E402

PROCESSES = 2
# What a test asks for when it drives a part through its real neighbours.
REAL_NEIGHBOURS = re.compile(
    r"\b(django_db|transactional_db|alice|llm_server|embedding_server|loopback_server|Installation|EmbeddedPostgres"
    r"|subprocess)\b"
)
# Apps whose tests elsewhere go through HTTP or the command line, and name no module of theirs.
DRIVEN_FROM_OUTSIDE = {"cli": "tests/flows/test_command_line.py", "widget": "tests/browser/test_share_page.py"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """`says` is what is true when `check` yields nothing."""

    says: str
    check: Callable[[], list[str]]


def modules_import_alone() -> list[str]:
    """Import each module first in a process of its own, in which Django is set up and nothing else is loaded."""
    names = [module_name(file) for file in sorted(modules()) if file.relative_to(ROOT).parts[0] in {"apps", "config"}]
    for library in sorted(libraries()):
        import_module(library)  # once, and not in each of the processes: what is tested is our own code
    gc.freeze()  # what is shared with the processes needn't be copied to be looked through
    forks = multiprocessing.get_context("fork")
    with forks.Pool(PROCESSES, maxtasksperchild=1) as pool:
        return [complaint for complaint in pool.map(import_first, names, chunksize=1) if complaint]


def libraries() -> set[str]:
    """Return the modules of others that ours import."""
    names: set[str] = set()
    for file in modules():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module)
    return {name for name in names if name.partition(".")[0] not in {"apps", "config", "benchmarks", "chromadb"}}


def import_first(name: str) -> str:
    """Return what is wrong when a module is the first one that is imported, "" for nothing."""
    try:
        import_module(name)
    except Exception as error:  # noqa: BLE001  # a module may raise anything while it is imported, and all of it is told
        return f"{name} does not import by itself: {type(error).__name__}: {error}"
    return ""


def module_name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def demanded_names_import() -> list[str]:
    missing = [
        f"from {module} import {name} fails"
        for module, names in DEMANDED.items()
        for name in names
        if not hasattr(import_module(module), name)
    ]
    hiding = [
        f"{module} has a {name}, which hides Python's own"
        for module, names in FORBIDDEN.items()
        for name in names
        if hasattr(import_module(module), name)
    ]
    return missing + hiding


def deployment_is_clean() -> list[str]:
    """Run Django's checks of a deployment under the settings that docs/production.md asks for."""
    with tempfile.TemporaryDirectory(prefix="tacit-check-") as folder:
        environment = {
            "PATH": os.defpath,
            "TACIT_DATA_DIR": folder,
            "TACIT_PUBLIC_URL": "https://ask.example.org",
            "TACIT_EMAIL_HOST": "mail.example.org",
        }
        done = subprocess.run(
            [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
    return [line for line in done.stderr.splitlines() if line.startswith("?:")] or (
        ["manage.py check --deploy fails"] if done.returncode else []
    )


def apps_are_tested() -> list[str]:
    return [
        f"apps/{app} has no test of its {kind}"
        for app in app_names()
        for kind, files in (("logic", own_tests(app)), ("integration", integration_tests(app)))
        if not files
    ]


def app_names() -> list[str]:
    return sorted(folder.parent.name for folder in (ROOT / "apps").glob("*/__init__.py"))


@cache
def test_files() -> tuple[Path, ...]:
    found = (file for top in ("apps", "tests") for file in (ROOT / top).rglob("test_*.py"))
    return tuple(sorted(file for file in found if has_tests(file)))


def has_tests(file: Path) -> bool:
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_") for node in nodes
    )


def own_tests(app: str) -> list[Path]:
    return [file for file in test_files() if file.is_relative_to(ROOT / "apps" / app)]


def integration_tests(app: str) -> list[Path]:
    """Return the test files that drive an app through real neighbours: a database, a server, a process."""
    return [
        file
        for file in test_files()
        if concerns(file, app) and REAL_NEIGHBOURS.search(file.read_text(encoding="utf-8"))
    ]


def concerns(file: Path, app: str) -> bool:
    named = re.search(rf"\bapps\.{app}\b", file.read_text(encoding="utf-8")) is not None
    outside = DRIVEN_FROM_OUTSIDE.get(app) == file.relative_to(ROOT).as_posix()
    return named or outside or file.is_relative_to(ROOT / "apps" / app)


def migrations_are_complete() -> list[str]:
    """Compare the models with what the migrations make, without a database."""
    loader = MigrationLoader(None)
    conflicts = loader.detect_conflicts()
    changes = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(installed)).changes(loader.graph)
    return [f"{app} has two last migrations: {', '.join(names)}" for app, names in conflicts.items()] + [
        f"{app} lacks a migration: {operation.describe()}"
        for app, migrations in changes.items()
        for migration in migrations
        for operation in migration.operations
    ]


def incidents_are_complete() -> list[str]:
    """Check the documented incidents, and let pytest itself say that it collects their tests."""
    found = list(complaints())
    tests = sorted({one.test for one in load_incidents() if one.test}) if not found else []
    if not tests:
        return found
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-qq", "--no-header", *tests],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return list(uncollected(done.stdout + done.stderr)) if done.returncode else []


def uncollected(output: str) -> Iterator[str]:
    said = [line for line in output.splitlines() if line.startswith("ERROR")]
    yield from said or ["pytest does not collect the tests of the documented incidents"]


def services_have_accessors() -> list[str]:
    return list(service_accessors.complaints())


def docs_are_current() -> list[str]:
    return [f"{file.relative_to(ROOT)} is out of date; run `make docs`" for file, _ in stale()]


GATES = (
    Gate(says="Every module imports on its own", check=modules_import_alone),
    Gate(says="Every demanded name imports", check=demanded_names_import),
    Gate(says="Services are asked for through typed accessors only", check=services_have_accessors),
    Gate(says="`manage.py check --deploy` is clean under production settings", check=deployment_is_clean),
    Gate(says="Every app has tests of its logic and of its integration", check=apps_are_tested),
    Gate(says="Migrations are complete", check=migrations_are_complete),
    Gate(says="Every documented incident is complete, and its test is collected", check=incidents_are_complete),
    Gate(says="Docs generated from code are current", check=docs_are_current),
)
