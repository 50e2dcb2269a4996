"""`make bench`: runs every benchmark, prints its table and writes docs/benchmarks.md.

`python -m benchmarks retrieval latency` runs some and prints them only.
"""

import platform
import sys
from datetime import UTC, datetime
from importlib import import_module

import psutil

from benchmarks import environment
from benchmarks.product import database, tacit

PARTS = ("retrieval", "latency", "answering", "chunking", "footprint")


def main() -> None:
    wanted = [name for name in sys.argv[1:] if name in PARTS] or list(PARTS)
    lines: list[str] = []
    with database():
        tacit("doctor", check=False)
        for name in wanted:
            for line in import_module(f"benchmarks.{name}").table():
                print(line, flush=True)
                lines.append(line)
            lines.append("")
    if wanted == list(PARTS):
        head = (
            "# Benchmarks\n\nThe last run of `make bench`. Figures are of one shared, noisy machine: compare the"
            f" columns of one row, not runs.\n\n{datetime.now(UTC):%Y-%m-%d}, {psutil.cpu_count()} cores, Python"
            f" {platform.python_version()}.\n"
        )
        (environment.ROOT / "docs" / "benchmarks.md").write_text("\n".join([head, *lines]), encoding="utf-8")


if __name__ == "__main__":
    main()
