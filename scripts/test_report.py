"""Writes docs/test-report.md from what pytest said in its last whole run (JUnit files)."""

import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET  # our own pytest wrote the file

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "test-report.md"
OUTCOMES = ("passed", "failed", "skipped")


def outcome_of(case: ET.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "skipped" if case.find("skipped") is not None else "passed"


def place_of(case: ET.Element) -> str:
    """Return the folder of a test: its app, or its kind under tests/."""
    return "/".join((case.get("classname") or "").split(".")[:2])


def report(suites: list[ET.Element]) -> str:
    """Return the report: how many where, what failed and what was skipped; no text of a failure, which may quote."""
    cases = [case for suite in suites for case in suite.iter("testcase")]
    day = (suites[0].get("timestamp") or "")[:10]
    seconds = max(float(suite.get("time") or 0) for suite in suites)  # the runs go side by side
    counts = Counter((place_of(case), outcome_of(case)) for case in cases)
    total = Counter(outcome_of(case) for case in cases)
    lines = [
        "# The last test report", "",
        f"Written by `make test` after a whole run, {day}: {len(cases)} tests in "
        f"{seconds:.0f} s, {total['passed']} passed, {total['failed']} failed, "
        f"{total['skipped']} skipped.", "",
        "| where | passed | failed | skipped |", "|---|---|---|---|",
        *(
            f"| {place} | {' | '.join(str(counts[place, outcome]) for outcome in OUTCOMES)} |"
            for place in sorted({place for place, _ in counts})
        ), "",
    ]  # fmt: skip
    return "\n".join([*lines, *listed("Failed", cases), *listed("Skipped", cases)])


def listed(heading: str, cases: list[ET.Element]) -> list[str]:
    found = [case for case in cases if outcome_of(case) == heading.lower()]
    names = Counter(f"{case.get('classname')}.{(case.get('name') or '').partition('[')[0]}" for case in found)
    if not names:
        return []
    return [
        f"## {heading}",
        "",
        *(f"- `{name}`" + f" ({times})" * (times > 1) for name, times in sorted(names.items())),
        "",
    ]


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
