"""Checks that services are asked for through typed accessors, which the type checker and the layers see.

An accessor has its service's name, takes nothing and returns what the service is:
`def users() -> UserService: return cast("UserService", ServiceRegistry.get("users"))`.
"""

import ast
import inspect
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings

from apps.core.services import load

ROOT = Path(__file__).resolve().parent.parent
PLACES = ("apps", "benchmarks", "config", "demo", "scripts")


def complaints(root: Path = ROOT) -> Iterator[str]:
    """Yield each call that goes past the accessors, and each service whose accessor is missing or says another type."""
    promised: defaultdict[str, list[str]] = defaultdict(list)
    for file in source_files(root):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        accessors = [node for node in tree.body if isinstance(node, ast.FunctionDef) and is_accessor(node)]
        for accessor in accessors:
            promised[accessor.name].append(returned_type(accessor))
        allowed = {line for accessor in accessors for line in registry_lines(accessor)}
        for line in sorted(set(registry_lines(tree)) - allowed):
            yield f"{file.relative_to(root)}:{line} asks the registry instead of the service's accessor"
    yield from wrong_promises(promised)


def source_files(root: Path) -> Iterator[Path]:
    files = (file for place in PLACES for file in sorted((root / place).rglob("*.py")))
    return (file for file in files if "tests" not in file.relative_to(root).parts)


def registry_lines(tree: ast.AST) -> Iterator[int]:
    """Yield the lines where `ServiceRegistry.get` is called or handed on."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node).endswith("ServiceRegistry.get"):
            yield node.lineno


def is_accessor(function: ast.FunctionDef) -> bool:
    """Tell whether a function does nothing but hand out the service of its own name under its type."""
    expected = f"return cast({returned_type(function)!r}, ServiceRegistry.get({function.name!r}))"
    statements = [ast.unparse(node) for node in function.body if not isinstance(node, ast.Expr)]
    return statements == [expected] and not ast.unparse(function.args)


def returned_type(function: ast.FunctionDef) -> str:
    return ast.unparse(function.returns).strip("'") if function.returns else ""


def wrong_promises(promised: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield the services without their one accessor, and what makes something else than the accessor promises."""
    for name, path in settings.SERVICES.items():
        if len(promised.get(name, ())) != 1:
            yield f"The service {name!r} has {len(promised.get(name, ()))} accessors, not one"
            continue
        for maker in (path, *settings.SERVICE_WRAPPERS.get(name, ())):
            if promised[name][0] not in types_made_by(load(maker)):
                yield f"{name}() promises {promised[name][0]}, which {maker} does not make"


def types_made_by(maker: Callable[..., Any]) -> set[str]:
    """Return the names of the types that what a class or function makes goes under."""
    if inspect.isclass(maker):
        return {base.__name__ for base in maker.__mro__}
    returned = inspect.signature(maker).return_annotation
    return {returned.__name__ if inspect.isclass(returned) else re.sub(r"\w+\.", "", str(returned))}
