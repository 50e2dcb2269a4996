"""The product under measurement: a data folder of its own, filled through the `tacit` command as a user would."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from apps.core.database.embedded import EmbeddedPostgres
from benchmarks.environment import DATA_DIR

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


@dataclass(frozen=True, kw_only=True)
class RetrievalSet:
    """A corpus with judged queries: `relevant[query id]` maps document ids to grades."""

    name: str
    corpus: Path
    queries: dict[str, str]
    relevant: dict[str, dict[str, int]]


def load_set(name: str, *, queries_of: str = "", most: int = 300) -> RetrievalSet | None:
    """Return a shared set, or None when the shared data is not there; at most `most` judged queries, evenly spread."""
    folder, asked = SHARED / name, SHARED / (queries_of or name)
    if not folder.exists():
        return None
    relevant: dict[str, dict[str, int]] = {}
    for line in (folder / "qrels.tsv").read_text().splitlines()[1:]:
        query, document, grade = line.split("\t")
        relevant.setdefault(query, {})[document] = int(grade)
    lines = (json.loads(line) for line in (asked / "queries.jsonl").open(encoding="utf-8"))
    judged = [(str(line["_id"]), line["text"]) for line in lines if str(line["_id"]) in relevant]
    step = max(1, len(judged) // most)
    return RetrievalSet(
        name=name if not queries_of else f"{queries_of} → {name}",
        corpus=folder / "corpus.jsonl",
        queries=dict(judged[::step][:most]),
        relevant=relevant,
    )


def tacit(*arguments: str, check: bool = True) -> Any:
    """Run a `tacit` command with `--json` and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "apps.cli.main", *arguments, "--json"], capture_output=True, text=True, check=False
    )
    if check and done.returncode != 0:
        raise RuntimeError(f"tacit {arguments[0]} failed: {done.stderr.strip()[-500:]}")
    return json.loads(done.stdout)


@contextmanager
def database() -> Iterator[None]:
    """Keep the benchmark's database running, so that no command has to start it."""
    server = EmbeddedPostgres(DATA_DIR)
    server.start()
    try:
        yield
    finally:
        server.release()


def scratch() -> Path:
    """Return an empty folder for a run that must begin from nothing."""
    return Path(mkdtemp(prefix="tacit-bench-"))
