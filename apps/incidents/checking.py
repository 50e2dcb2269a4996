"""Finds what is wrong with documented incidents: a part that is missing or empty, a test that is not there."""

import ast
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from apps.core.error_handling import ValidationError
from apps.incidents.documents import FOLDER, PARTS, Incident, Status, read_incident


def complaints(folder: Path = FOLDER, root: Path = FOLDER.parent.parent) -> Iterator[str]:
    """Yield a sentence for everything that is wrong; `root` is where the tests' node ids begin."""
    incidents: list[Incident] = []
    for file in sorted(file for file in folder.glob("*.md") if file.name != "README.md"):
        try:
            incidents.append(read_incident(file))
        except ValidationError as error:
            yield str(error)
    for number, times in Counter(one.number for one in incidents).items():
        if times > 1:
            yield f"{times} incidents have the number {number}. Give all but one the next that is free."
    for incident in incidents:
        yield from complaints_of(incident, root)


def complaints_of(incident: Incident, root: Path) -> Iterator[str]:
    name = incident.file.name
    for part in PARTS:
        if not incident.parts.get(part):
            yield f"{name}: the part {part!r} is missing or empty. Write it."
    if tuple(part for part in incident.parts if part in PARTS) != tuple(
        part for part in PARTS if part in incident.parts
    ):
        yield f"{name}: its parts stand in another order than {', '.join(PARTS)}."
    if unknown := [part for part in incident.parts if part not in PARTS]:
        yield f"{name}: {', '.join(unknown)} is none of the six parts. Move it into one of them."
    if incident.test and not is_test(incident.test, root):
        yield f"{name}: there is no test {incident.test}. Correct its node id."
    if incident.status is Status.RESOLVED and not incident.test:
        yield f"{name}: resolved and without a test that fails if it comes back. Write one, or set its status to open."


def is_test(node_id: str, root: Path) -> bool:
    """Return whether pytest would collect a test of this node id: its file, its class if it names one, its function."""
    path, _, names = node_id.partition("[")[0].partition("::")
    file = root / path
    if not (names and file.name.startswith("test_") and file.suffix == ".py" and file.is_file()):
        return False
    return names in tests_in(file)


@lru_cache
def tests_in(file: Path) -> frozenset[str]:
    """Return the tests of a file, as `function` and `Class::function`."""
    return frozenset(collected(ast.parse(file.read_text(encoding="utf-8")).body))


def collected(body: list[ast.stmt], prefix: str = "") -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield prefix + node.name
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield from collected(node.body, f"{prefix}{node.name}::")
