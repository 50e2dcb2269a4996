"""Runs the whole test suite as two runs side by side, each with a database of its own: most of the time tests wait.

python -m scripts.run_tests [arguments for one plain run of pytest]
"""

import os
import subprocess
import sys
from pathlib import Path

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


def start(name: str, arguments: list[str], output: Path | None) -> subprocess.Popen[bytes]:
    """Start one run of pytest; without `output` it speaks to the terminal."""
    folder = DATA / name
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable, "-m", "pytest", *arguments,
        f"--junitxml={DATA / f'{name}.xml'}", "-p", "no:cacheprovider",
    ]  # fmt: skip
    environment = {**os.environ, "TACIT_TEST_DATA_DIR": str(folder / "data")}  # noqa: TID251  # handed on, not read
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output.open("wb") if output else None)


def main() -> int:
    """Return 0 when every test has passed."""
    if sys.argv[1:]:
        return subprocess.call([sys.executable, "-m", "pytest", *sys.argv[1:]], cwd=ROOT)
    DATA.mkdir(exist_ok=True)
    told = DATA / "waiting.txt"
    beside = start("waiting", RUNS["waiting"], told)
    ours = start("computing", RUNS["computing"], None)
    codes = [ours.wait(), beside.wait()]
    sys.stdout.write(told.read_text(encoding="utf-8", errors="replace"))
    reports = [str(DATA / f"{name}.xml") for name in RUNS]
    codes.append(subprocess.call([sys.executable, "-m", "scripts.test_report", *reports], cwd=ROOT))
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main())
