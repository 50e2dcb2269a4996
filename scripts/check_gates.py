"""Runs the quality gates and keeps docs/SYSTEM_STATE.md; `--write` writes it, without that it must be current."""

import sys
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.demanded_names import DEMANDED
from scripts.gates import GATES, ROOT, app_names, integration_tests, own_tests, test_files  # needs the path
from scripts.generate_docs import HINT, error_tree, modules, variables

STATE = ROOT / "docs" / "SYSTEM_STATE.md"


def run() -> dict[str, list[str]]:
    """Return each gate's complaints, by what it says."""
    return {gate.says: gate.check() for gate in GATES}


def state(results: dict[str, list[str]]) -> str:
    """Return the state of the system as these results and the tree tell it; nothing in it changes by itself."""
    return "\n".join(
        [
            "# State of the system", "",
            f"What works, as the gates of `make check` measured it when this was written. {HINT}", "",
            "## Gates", "", "| gate | result |", "|---|---|",
            *(f"| {says} | {'; '.join(found) if found else 'holds'} |" for says, found in results.items()), "",
            "## Demanded names", "", "| import | |", "|---|---|", *demanded_rows(), "",
            "## Apps", "",
            "An integration test drives the app through real neighbours: the database, a server, a process.", "",
            "| app | modules | own test files | integration test files | migrations |", "|---|---|---|---|---|",
            *app_rows(), "",
            "## Counts", "", "| what | how many |", "|---|---|",
            *(f"| {what} | {number} |" for what, number in counts()),
            "",
        ]
    )  # fmt: skip


def demanded_rows() -> list[str]:
    rows = []
    for module, names in DEMANDED.items():
        there = all(hasattr(import_module(module), name) for name in names)
        statement = f"from {module} import {', '.join(names)}" if names else f"import {module}"
        rows.append(f"| `{statement}` | {'works' if there else 'FAILS'} |")
    return rows


def app_rows() -> list[str]:
    return [
        f"| {app} | {sum(file.is_relative_to(ROOT / 'apps' / app) for file in modules())} | {len(own_tests(app))} "
        f"| {len(integration_tests(app))} | {len(migrations(app))} |"
        for app in app_names()
    ]


def migrations(app: str) -> list[Path]:
    return list((ROOT / "apps" / app / "migrations").glob("[0-9]*.py"))


def counts() -> list[tuple[str, int]]:
    return [
        ("modules of the product", sum(file.relative_to(ROOT).parts[0] in {"apps", "config"} for file in modules())),
        ("test files", len(test_files())),
        ("errors in the tree", len(list(error_tree()))),
        ("settings", len({name for name, _, _ in variables()})),
        ("decisions in docs/adr", len(list((ROOT / "docs/adr").glob("[0-9]*.md")))),
        ("documented incidents", len(list((ROOT / "docs/incidents").glob("[0-9]*.md")))),
    ]


def main() -> int:
    """Print what is wrong; 1 if anything is."""
    results = run()
    text = state(results)
    if "--write" in sys.argv:
        STATE.write_text(text, encoding="utf-8")
    elif not STATE.exists() or STATE.read_text(encoding="utf-8") != text:
        results["Its record is current"] = ["docs/SYSTEM_STATE.md is out of date; run `make docs`"]
    wrong = [f"{says}: not so. {one}" for says, found in results.items() for one in found]
    print("\n".join(wrong), end="\n" if wrong else "", file=sys.stderr)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
