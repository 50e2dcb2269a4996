"""What kinds of tests there are and where, made from the test tree."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Where a test lies says what kind it is.
KINDS = {
    "apps": "an app's own tests, beside it: its logic, and the app on the real database",
    "tests/regressions": "errors that were met once: what a documented incident names",
    "tests/flows": "whole flows over the API and the command line, from upload to cited answer",
    "tests/privacy": "attacks on the promise that learn-only text stays inside",
    "tests/privacy_construction": "the same promise at the database: logins, grants, policies",
    "tests/faults": "processes that are killed, servers that are down, disks that are full",
    "tests/browser": "pages in Chromium",
}
RULES = """\
- No part is complete before its integration tests pass ([0016](adr/0016-done-means-integrated.md)).
- The database is real, with both logins. Our own code is not mocked; fakes stand at the seams and pass the same
  contract test as what they stand for.
- Each error that was met has a regression test, named in its [incident](incidents/README.md); `make check` looks that
  it is there.
- A test's name is a sentence about people. A "cannot" test first shows that it could have failed.
- No network but loopback. Warnings are errors.

How to run them, and what they need: [testing.md](testing.md).
What the last whole run said: [test-report.md](test-report.md)."""


def strategy_of_tests() -> str:
    """Return the rules, a table of the kinds, and each test file with its sentence."""
    return "\n".join(
        [
            RULES,
            "",
            "| where | files | what |",
            "|---|---|---|",
            *kinds(),
            *(line for kind in folders() for line in files_of(kind)),
        ]
    )


def kinds() -> Iterator[str]:
    for folder, what in KINDS.items():
        yield f"| `{folder}/` | {len(test_files(ROOT / folder))} | {what} |"
    whole = [file for file in test_files(ROOT / "tests") if file.parent == ROOT / "tests"]
    yield f"| `tests/` itself | {len(whole)} | what concerns the whole product |"


def test_files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("test_*.py"))


def folders() -> list[Path]:
    return sorted({file.parent for top in ("apps", "tests") for file in test_files(ROOT / top)})


def files_of(folder: Path) -> Iterator[str]:
    yield f"\n## {folder.relative_to(ROOT).as_posix()}\n"
    for file in sorted(folder.glob("test_*.py")):
        yield f"- `{file.name}`: {sentence(file)}"


def sentence(file: Path) -> str:
    docstring = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return " ".join(docstring.split("\n\n")[0].split())
