"""Checks what no linter does: lengths, names, broad excepts, hosts and paths that must not stand in a file."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LONGEST_MODULE = 400
LEARN_ONLY = re.compile("LearnOnlyPassage|learn_only_passage")
# The tables, their write side, and the self-test that plants one to see that visitors can't.
KNOW_LEARN_ONLY_PASSAGES = (
    "apps/retrieval/models.py",
    "apps/retrieval/index.py",  # writes them
    "apps/retrieval/canary.py",  # plants one and sees that visitors can't read it
    "apps/retrieval/steering.py",  # links them, in the worker
    "apps/retrieval/guard.py",  # reads them for the fingerprints of what may not be said, in the worker
    "apps/observability/leaktest/attacks/",  # attacks name what they are after
    "apps/retrieval/informing.py",  # reads them for the prompt, for chatbots set to `inform` and no other
)
LONGEST_README = 150
MOST_BROAD_EXCEPTS = 5
NAMES_THAT_SAY_NOTHING = re.compile(r"(^|/)(utils?|helpers?|common|misc|managers?)\.py$")
BROAD = re.compile(r"^\s*except( Exception| BaseException)?( as \w+)?:")
# Written so that this file does not match itself.
REGISTRY = re.compile("|".join(["py" + r"pi\.org", "python" + "hosted", r"registry\.np" + "mjs", "deb" + r"ian\.org"]))


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def lines_of(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:  # a picture or a document
        return []


def findings(files: list[Path]) -> Iterator[str]:
    texts = {str(file.relative_to(ROOT)): lines_of(file) for file in files}
    code = {name: lines for name, lines in texts.items() if name.endswith(".py") and "/migrations/" not in name}
    product = {
        name: lines
        for name, lines in code.items()
        if name.startswith(("apps/", "config/")) and "/tests/" not in name
    }  # fmt: skip
    yield from standing(texts, REGISTRY, "a registry's host stands here")
    unknowing = {name: lines for name, lines in product.items() if not name.startswith(KNOW_LEARN_ONLY_PASSAGES)}
    yield from standing(
        unknowing, LEARN_ONLY, f"only {' and '.join(KNOW_LEARN_ONLY_PASSAGES)} may know learn-only passages"
    )
    yield from shapes(code)
    broad = sum(bool(BROAD.match(line)) for lines in product.values() for line in lines)
    if broad > MOST_BROAD_EXCEPTS:
        yield f"{broad} broad excepts in the product, {MOST_BROAD_EXCEPTS} at most"
    if len(texts["README.md"]) > LONGEST_README:
        yield f"README.md is longer than {LONGEST_README} lines"


def standing(texts: dict[str, list[str]], pattern: re.Pattern[str], complaint: str) -> Iterator[str]:
    """Yield each line in which something stands that must not."""
    for name, lines in texts.items():
        for number, line in enumerate(lines, 1):
            if pattern.search(line):
                yield f"{name}:{number}: {complaint}"


def shapes(code: dict[str, list[str]]) -> Iterator[str]:
    """Yield modules that are too long or have a name that says nothing."""
    for name, lines in code.items():
        if len(lines) > LONGEST_MODULE:
            yield f"{name}: {len(lines)} lines, {LONGEST_MODULE} at most"
        if NAMES_THAT_SAY_NOTHING.search(name):
            yield f"{name}: a file name that says nothing"


def main() -> int:
    """Print what is wrong; 1 if anything is."""
    found = list(findings(tracked()))
    print("\n".join(found), end="\n" if found else "", file=sys.stderr)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
