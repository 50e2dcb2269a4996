"""Writes docs/test-report.md from what pytest said in its last whole run (JUnit files)."""

import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET  # our own pytest wrote the file

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "test-report.md"
OUTCOMES = ("passed", "unsteady", "failed", "skipped")


def outcome_of(case: ET.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "skipped" if case.find("skipped") is not None else "passed"


def place_of(name: str) -> str:
    """Return the folder of a test: its app, or its kind under tests/."""
    return "/".join(name.split(".")[:2])


def name_of(case: ET.Element) -> str:
    return f"{case.get('classname')}.{case.get('name')}"


def failed_in(root: ET.Element) -> list[str]:
    """Return the names of the tests that failed, with dots."""
    return [name_of(case) for case in root.iter("testcase") if outcome_of(case) == "failed"]


def outcomes_of(suites: list[ET.Element]) -> dict[str, str]:
    """Return how each test ended; "unsteady" is one that failed in one suite and passed in a later one."""
    outcomes: dict[str, str] = {}
    for case in (case for suite in suites for case in suite.iter("testcase")):
        name, outcome = name_of(case), outcome_of(case)
        outcomes[name] = "unsteady" if (outcomes.get(name), outcome) == ("failed", "passed") else outcome
    return outcomes


def report(suites: list[ET.Element]) -> str:
    """Return the report: how many where, what failed and what was skipped; no text of a failure, which may quote."""
    outcomes = outcomes_of(suites)
    day = (suites[0].get("timestamp") or "")[:10]
    seconds = max(float(suite.get("time") or 0) for suite in suites)  # the runs go side by side
    counts = Counter((place_of(name), outcome) for name, outcome in outcomes.items())
    total = Counter(outcomes.values())
    lines = [
        "# The last test report", "",
        f"Written by `make test` after a whole run, {day}: {len(outcomes)} tests in "
        f"{seconds:.0f} s, {', '.join(f'{total[outcome]} {outcome}' for outcome in OUTCOMES)}.", "",
        f"| where | {' | '.join(OUTCOMES)} |", "|---|" + "---|" * len(OUTCOMES),
        *(
            f"| {place} | {' | '.join(str(counts[place, outcome]) for outcome in OUTCOMES)} |"
            for place in sorted({place for place, _ in counts})
        ), "",
    ]  # fmt: skip
    return "\n".join([*lines, *(line for outcome in OUTCOMES[1:] for line in listed(outcome, outcomes))])


def listed(outcome: str, outcomes: dict[str, str]) -> list[str]:
    found = Counter(name.partition("[")[0] for name, ended in outcomes.items() if ended == outcome)
    if not found:
        return []
    names = (f"- `{name}`" + f" ({times})" * (times > 1) for name, times in sorted(found.items()))
    return [f"## {outcome.capitalize()}", "", *names, ""]


def main() -> int:
    """Write the report from the files that are named."""
    roots = [ET.parse(name).getroot() for name in sys.argv[1:]]  # noqa: S314  # see above
    suites = [suite for root in roots for suite in root.iter("testsuite")]
    if not suites:
        print("This is no report of pytest.", file=sys.stderr)
        return 1
    REPORT.write_text(report(suites), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
