"""`make bench`: runs every benchmark, prints its table and writes it into docs/benchmarks.md.

`python -m benchmarks retrieval latency` runs some.
"""

import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib import import_module

import psutil

from benchmarks import environment
from benchmarks.product import database, tacit

REPORT = environment.ROOT / "docs" / "benchmarks.md"
# Figures that stand beside the claims they bear out, and not among the others.
ELSEWHERE = dict.fromkeys(("privacy", "privacy_timing"), environment.ROOT / "docs" / "privacy.md")


def tables_of(name: str) -> Callable[[], Iterator[str]]:
    """Return what runs a benchmark of the product in this process."""
    return lambda: import_module(f"benchmarks.{name}").table()


def output_of(name: str, title: str) -> Callable[[], Iterator[str]]:
    """Return what runs a benchmark that needs no database as a program of its own."""

    def run() -> Iterator[str]:
        yield f"## {title}\n\n```"
        done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], capture_output=True, text=True, check=False)
        yield done.stdout.strip() or done.stderr.strip()[-500:]
        yield "```"

    return run


PARTS = {
    "retrieval": tables_of("retrieval"),
    "latency": tables_of("latency"),
    "steering": tables_of("steering"),
    "footprint": tables_of("footprint"),
    "pages": tables_of("pages"),
    "filter": tables_of("filter"),
    "load": tables_of("load"),
    "privacy": tables_of("privacy"),
    "privacy_timing": tables_of("privacy_timing"),
    "answering": tables_of("answering"),
    "speed": tables_of("speed"),
    "squad": output_of("squad", "Answers and refusals on SQuAD and XQuAD, by extraction"),
    "chunking": output_of("chunking", "Chunking"),
}


def write_section(name: str, lines: list[str]) -> None:
    """Put one benchmark's table into its report; the sections of the others stay as they are."""
    report = ELSEWHERE.get(name, REPORT)
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    text = report.read_text(encoding="utf-8")
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    machine = f"{datetime.now(UTC):%Y-%m-%d}, {psutil.cpu_count()} cores, Python {platform.python_version()}."
    section = "\n".join([begin, *lines, "", f"*{machine} `python -m benchmarks {name}`*", end])
    report.write_text(f"{before}{section}{after}", encoding="utf-8")


def main() -> None:
    wanted = [name for name in sys.argv[1:] if name in PARTS] or list(PARTS)
    with database():
        tacit("doctor", check=False)
        for name in wanted:
            lines: list[str] = []
            for line in PARTS[name]():
                print(line, flush=True)
                lines.append(line)
            write_section(name, lines)


if __name__ == "__main__":
    main()
