"""Runs the whole test suite as two runs side by side, each with a database of its own: most of the time tests wait.

A few tests that failed are run a second time, alone, and the report names them; docs/testing.md says why and which.

python -m scripts.run_tests [arguments for one plain run of pytest]
"""

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path
from xml.etree import ElementTree as ET  # our own pytest wrote the files

from scripts.test_report import failed_in

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / ".test-data"
# What starts real processes waits for them; the rest computes. These few flows are here to make both halves as long.
WAITING = ["tests/faults", "tests/flows", "tests/regressions"]
MOVED = [f"tests/flows/test_{name}.py" for name in ("bad_requests", "failures", "inform", "language_model", "urls")]
OTHERS = [
    str(one.relative_to(ROOT))
    for one in sorted((ROOT / "tests").iterdir())
    if (one.is_dir() and not one.name.startswith("_")) or one.name.startswith("test_")
]
RUNS = {
    "waiting": [*WAITING, *(f"--ignore={file}" for file in MOVED)],
    "computing": ["apps", *(one for one in OTHERS if one not in WAITING), *MOVED],
}
TESTS_FAILED = 1  # pytest's exit code for "some did", not for a run that broke
MOST_UNSTEADY = 2  # failed tests of one run that get a second chance
# What fails here once in a while is what these tests are for.
NO_SECOND_CHANCE = ("tests.privacy", "tests.faults", "tests.regressions", "apps.rag", "apps.retrieval")


def start(name: str, arguments: list[str], output: Path | None, *, place: Path) -> subprocess.Popen[bytes]:
    """Start one run of pytest; without `output` it speaks to the terminal. Temporary folders are made in `place`.

    pytest shuts the folder that holds them to others whenever a run begins to use it. For root's runs, that would shut
    the database of another run out of its files, so each has its own.
    """
    folder, temporary = DATA / name, place / name
    folder.mkdir(parents=True, exist_ok=True)
    temporary.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "pytest", *arguments, "-o", f"cache_dir={folder / 'cache'}"]
    environment = {
        **os.environ,  # noqa: TID251  # handed on, not read
        "TACIT_TEST_DATA_DIR": str(folder / "data"),
        "PYTEST_DEBUG_TEMPROOT": str(temporary),
    }
    with output.open("wb") if output else nullcontext() as told:
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=told)


def report_of(name: str, *, again: bool = False) -> Path:
    return DATA / f"{name}{'-again' * again}.xml"


def may_try_again(failed: list[str]) -> bool:
    """Tell whether these tests, by their dotted names, are few and none of those that must never fail."""
    return 0 < len(failed) <= MOST_UNSTEADY and not any(one.startswith(NO_SECOND_CHANCE) for one in failed)


def second_chance(name: str, *, place: Path) -> int:
    """Run what has failed in a run once more and return pytest's exit code."""
    failed = failed_in(ET.parse(report_of(name)).getroot())  # noqa: S314  # see above
    if not may_try_again(failed):
        return TESTS_FAILED
    print(f"Failed, and run a second time, alone: {', '.join(failed)}", flush=True)
    only = ["--last-failed", "--last-failed-no-failures=none", f"--junitxml={report_of(name, again=True)}"]
    return start(name, [*RUNS[name], *only], None, place=place).wait()


def main() -> int:
    """Return 0 when every test has passed."""
    if sys.argv[1:]:
        return subprocess.call([sys.executable, "-m", "pytest", *sys.argv[1:]], cwd=ROOT)
    DATA.mkdir(exist_ok=True)
    for old in DATA.glob("*.xml"):
        old.unlink()
    told = DATA / "waiting.txt"
    place = Path(tempfile.mkdtemp(prefix="t-"))  # short, for it begins the names of sockets
    runs = {
        name: start(name, [*also, f"--junitxml={report_of(name)}"], told if name == "waiting" else None, place=place)
        for name, also in RUNS.items()
    }
    codes = {name: run.wait() for name, run in runs.items()}
    sys.stdout.write(told.read_text(encoding="utf-8", errors="replace"))
    codes = {name: second_chance(name, place=place) if code == TESTS_FAILED else code for name, code in codes.items()}
    reports = [report for name in RUNS for report in (report_of(name), report_of(name, again=True)) if report.exists()]
    written = subprocess.call([sys.executable, "-m", "scripts.test_report", *map(str, reports)], cwd=ROOT)
    if any(codes.values()) or written != 0:
        return 1
    shutil.rmtree(place, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
