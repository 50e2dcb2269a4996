"""Writes the docs that are made from code: module map, errors, settings, API, log of incidents, testing strategy."""

import ast
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")  # noqa: TID251  # before Django knows its settings
django.setup()

from apps.core import error_handling  # noqa: E402  # needs the path above
from apps.core.error_handling import TacitError  # noqa: E402
from config.api import api  # noqa: E402
from scripts.incident_log import incident_log  # noqa: E402
from scripts.testing_strategy import strategy_of_tests  # noqa: E402

BEGIN, END = "<!-- generated: {} -->", "<!-- end of generated -->"
HINT = "Made by `make docs`; `make check` fails when it is out of date."


def module_map() -> str:
    """Every module with the first sentence of its docstring."""
    lines: list[str] = []
    for folder in sorted({file.parent for file in modules()}):
        lines.append(f"\n**{folder.relative_to(ROOT)}/**\n")
        for file in sorted(file for file in modules() if file.parent == folder):
            sentence = first_sentence(file)
            if sentence:
                lines.append(f"- `{file.name}`: {sentence}")
    return "\n".join(lines).strip()


def modules() -> Iterator[Path]:
    for top in ("config", "apps", "benchmarks"):
        for file in (ROOT / top).rglob("*.py"):
            if not {"migrations", "tests", "__pycache__"} & set(file.parts):
                yield file


def first_sentence(file: Path) -> str:
    docstring = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return " ".join(docstring.split("\n\n")[0].split())


def error_reference() -> str:
    """The tree as it is drawn, and of every error its code, status, whether a retry helps, and what it tells."""
    _, _, drawing = (error_handling.__doc__ or "").partition("\n\n")
    return f"```text\n{drawing.strip()}\n```\n\n{error_table()}"


def error_table() -> str:
    rows = ["| code | status | retry helps | what people read |", "|---|---|---|---|"]
    for error in sorted(error_tree(), key=lambda error: (error.status, error.code)):
        retry = "yes" if error.retryable else "no"
        rows.append(f"| `{error.code}` | {error.status} | {retry} | {error.default_message()} |")
    return "\n".join(rows)


def error_tree(branch: type[TacitError] = TacitError) -> Iterator[type[TacitError]]:
    yield branch
    for child in branch.__subclasses__():
        if child.__module__ == TacitError.__module__:
            yield from error_tree(child)


def settings_reference() -> str:
    """Every variable that settings read, with its default and the reason that stands beside it."""
    rows = ["| variable | default | why |", "|---|---|---|"]
    for name, default, reason in sorted(set(variables())):
        rows.append(f"| `{name}` | {default} | {reason} |")
    return "\n".join(rows)


def variables() -> Iterator[tuple[str, str, str]]:
    for file in (ROOT / "config/settings.py", ROOT / "config/env.py"):
        source = file.read_text(encoding="utf-8")
        lines = source.splitlines()
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and (name := variable_of(node)):
                yield name, default_of(node), reason_above(lines, node.lineno)


def variable_of(call: ast.Call) -> str:
    first = call.args[0] if call.args else None
    value = first.value if isinstance(first, ast.Constant) else None
    return value if isinstance(value, str) and re.fullmatch(r"TACIT_[A-Z_]+", value) else ""


def default_of(call: ast.Call) -> str:
    given = [*call.args[1:2], *(keyword.value for keyword in call.keywords if keyword.arg == "default")]
    return f"`{ast.unparse(given[0])}`" if given else ""


def reason_above(lines: list[str], number: int) -> str:
    reason: list[str] = []
    for line in reversed(lines[: number - 1]):
        if not line.strip().startswith("#"):
            break
        reason.insert(0, line.strip("# ").strip())
    return " ".join(reason)


def filled(file: Path, name: str, content: str) -> str:
    """Return a file's text with the part between its markers made anew."""
    text = file.read_text(encoding="utf-8")
    begin = BEGIN.format(name)
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(END)
    return f"{before}{begin}\n\n{content}\n\n{END}{after}"


def documents() -> Iterator[tuple[Path, str]]:
    yield ROOT / "ARCHITECTURE.md", filled(ROOT / "ARCHITECTURE.md", "module map", module_map())
    yield ROOT / "docs/errors.md", f"# Errors\n\n{HINT}\n\n{error_reference()}\n"
    yield (
        ROOT / "docs/settings.md",
        (
            "# Settings\n\nEach is an environment variable; each may be given as `NAME_FILE`, a file that holds it."
            f" {HINT}\n\n{settings_reference()}\n"
        ),
    )
    yield (
        ROOT / "docs/ERROR_RESOLUTION_LOG.md",
        f"# Log of errors and how they were mended\n\n{HINT}\n\n{incident_log()}\n",
    )
    yield ROOT / "docs/TESTING_STRATEGY.md", f"# Testing strategy\n\n{HINT}\n\n{strategy_of_tests()}\n"
    schema = json.dumps(api.get_openapi_schema(path_prefix="/api/v1/"), indent=2, ensure_ascii=False, default=str)
    yield ROOT / "docs/openapi.json", schema + "\n"


def stale() -> list[tuple[Path, str]]:
    """Return the docs that are out of date, and what they should say."""
    return [
        (file, text)
        for file, text in documents()
        if not file.exists() or file.read_text(encoding="utf-8") != text
    ]  # fmt: skip


def main() -> int:
    """Write the docs, or with `--check` say which are out of date."""
    found = stale()
    if "--check" in sys.argv:
        for file, _ in found:
            print(f"{file.relative_to(ROOT)} is out of date. Run `make docs`.", file=sys.stderr)
        return bool(found)
    for file, text in found:
        file.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
