"""What the code of the product imports, and whether pyproject.toml declares it."""

import ast
import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
OWN = {"apps", "config"}


def product_files() -> list[Path]:
    return sorted(
        file
        for top in sorted(OWN)
        for file in (ROOT / top).rglob("*.py")
        if not {"tests", "migrations"} & set(file.relative_to(ROOT).parts)
    )


def modules() -> Iterator[ModuleType]:
    """Yield every module of the product, imported."""
    for file in product_files():
        parts = file.relative_to(ROOT).with_suffix("").parts
        yield import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))


def imported(source: str) -> set[str]:
    """Return the packages that a source text imports, without the standard library and our own."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return {name.partition(".")[0] for name in names} - set(sys.stdlib_module_names) - OWN


def undeclared(sources: Mapping[str, str], requirements: Sequence[str]) -> list[str]:
    """Return a line for each import whose distribution is not among the requirements or their extras."""
    known = set().union(*(distributions(requirement) for requirement in requirements))
    homes = homes_of_packages()
    return [
        f"{name} imports {package}"
        for name, source in sources.items()
        for package in sorted(imported(source))
        if not known & {canonical(home) for home in homes.get(package, [package])}
    ]


@cache
def homes_of_packages() -> Mapping[str, list[str]]:
    return importlib.metadata.packages_distributions()


def distributions(requirement: str) -> set[str]:
    """Return the distribution that a requirement names, and those that its extras ask for."""
    parsed = Requirement(requirement)
    found = {canonical(parsed.name)}
    for extra in parsed.extras:
        for line in importlib.metadata.requires(parsed.name) or []:
            asked = Requirement(line)
            if asked.marker is not None and asked.marker.evaluate({"extra": extra}):
                found.add(canonical(asked.name))
    return found


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return list(project["project"]["dependencies"])
