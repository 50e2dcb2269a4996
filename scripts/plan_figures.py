"""Measures how the code is built, so that two states of it can be compared.

python -m scripts.plan_figures [ROOT] prints a table; ROOT is another working tree, such as one of an earlier commit.
"""

import ast
import re
import statistics
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.gates import ROOT

SKIPPED = {"tests", "migrations", "__pycache__"}
BY_STRING = re.compile(r"ServiceRegistry\.get\(\s*[\"']")
FMT_SKIP = re.compile(r"#\s*fmt: skip")
TINY = 25  # lines


@dataclass(frozen=True, kw_only=True)
class Module:
    """A module of the product with its source."""

    path: Path
    source: str

    @property
    def lines(self) -> int:
        return self.source.count("\n")

    def functions(self) -> Iterator[int]:
        """Yield the lines of each function."""
        for node in ast.walk(ast.parse(self.source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield (node.end_lineno or node.lineno) - node.lineno + 1


def product(root: Path) -> list[Module]:
    """Return the modules of the apps and of config, without tests and migrations."""
    files = [*(root / "apps").rglob("*.py"), *(root / "config").rglob("*.py")]
    kept = [file for file in sorted(files) if SKIPPED.isdisjoint(file.relative_to(root).parts)]
    return [Module(path=file.relative_to(root), source=file.read_text(encoding="utf-8")) for file in kept]


def levels(root: Path) -> dict[str, int]:
    """Return the layer of each app, 0 for the lowest, as the import-linter of that tree has them."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    layers = next(one["layers"] for one in project["tool"]["importlinter"]["contracts"] if one["type"] == "layers")
    return {app: level for level, row in enumerate(reversed(layers)) for app in row.split(" | ")}


def arrows_up(modules: list[Module], level: dict[str, int]) -> int:
    """Count the imports from an app of one in a higher layer."""
    return sum(
        level.get(target, 0) > level.get(module.path.parts[1], 0)
        for module in modules
        if module.path.parts[0] == "apps" and len(module.path.parts) > 2
        for target in _imported_apps(module.source)
    )


def _imported_apps(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("apps."):
            yield node.module.split(".")[1]


def rooms(modules: list[Module]) -> dict[str, int]:
    """Return how many files each room has: an app, or a folder in one."""
    counts: dict[str, int] = {}
    for module in modules:
        room = "/".join(module.path.parts[:-1])
        counts[room] = counts.get(room, 0) + 1
    return counts


def figures(root: Path) -> Iterator[tuple[str, str]]:
    """Yield what was measured, and its value."""
    modules = [module for module in product(root) if module.source.strip()]
    lengths = sorted(module.lines for module in modules)
    functions = sorted(length for module in modules for length in module.functions())
    sizes = rooms(modules)
    largest = sorted(sizes.items(), key=lambda item: -item[1])[:5]
    yield "services asked for by a string", str(sum(len(BY_STRING.findall(module.source)) for module in modules))
    yield "imports from a lower layer of a higher one", str(arrows_up(modules, levels(root)))
    yield "files; rooms", f"{len(modules)}; {len(sizes)}"
    yield "largest rooms", ", ".join(f"{room.removeprefix('apps/')} {count}" for room, count in largest)
    yield "lines of a module, median / p90 / most", _spread(lengths)
    yield "lines of a function, median / p90 / most", _spread(functions)
    yield f"modules of at most {TINY} lines", str(sum(length <= TINY for length in lengths))
    yield "lines in all", f"{sum(lengths):,}"
    yield "`# fmt: skip`", str(sum(len(FMT_SKIP.findall(module.source)) for module in modules))


def _spread(values: list[int]) -> str:
    return f"{statistics.median(values):.0f} / {values[int(len(values) * 0.9)]} / {values[-1]}"


def main() -> None:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    print("| what | value |\n|---|---|")
    for what, value in figures(root):
        print(f"| {what} | {value} |")


if __name__ == "__main__":
    main()
