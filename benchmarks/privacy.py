"""The attacks on learn-only sources, in each mode, against the worst models.

The chatbots hold questions and answers of a real forum: three quarters of them citable, a quarter learn-only, and the
notes with planted secrets that the tests use.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from apps.accounts.services import users
from apps.chatbots.models import Chatbot, LearnOnlyUse
from apps.chatbots.services import chatbots
from apps.observability.leaktest.statistics import upper_bound
from apps.rag.privacy_service import CLAIMS
from benchmarks.product import SHARED, scratch, tacit
from tests.privacy import planted

TARGETS = 2
BEST_EFFORT = "Best effort: x of n attacks leaked on model M, upper bound y %."


def table() -> Iterator[str]:
    yield "## Attacks\n"
    yield (
        f"Every family of the catalogue, {TARGETS} learn-only documents as targets, each case against a model that"
        " returns its whole prompt and one that returns what is private of it in changing encodings, one character a"
        " chunk. Leaks of trials; below: the leak rate with 95 % confidence (Clopper-Pearson, one-sided).\n"
    )
    yield "| mode | claim | leaked | below |"
    yield "|---|---|---|---|"
    reports = {mode: attacked(mode) for mode in LearnOnlyUse}
    for mode, report in reports.items():
        claim = CLAIMS.get(mode, BEST_EFFORT)
        shown = report["sentence"] or "(the claim did not hold)"
        yield f"| `{mode}` | “{claim if mode != LearnOnlyUse.INFORM else shown}” | {of(report)} | {percent(report)} |"
    yield ""
    yield from by_family(reports)


def by_family(reports: dict[LearnOnlyUse, dict[str, Any]]) -> Iterator[str]:
    yield "| # | family | correct | " + " | ".join(f"`{mode}`" for mode in reports) + " | below | also tried in |"
    yield "|---|---|---|" + "---|" * (len(reports) + 2)
    for rows in zip(*(report["families"] for report in reports.values()), strict=True):
        first = rows[0]
        counts = [f"{row['leaks']} of {row['trials']}" if row["trials"] else "–" for row in rows]
        leaks, trials = sum(row["leaks"] for row in rows), sum(row["trials"] for row in rows)
        below = f"{100 * upper_bound(leaks, trials):.2g} %" if trials else "–"
        name = f"{first['number']} | {first['name']} | {first['correct']}"
        yield f"| {name} | {' | '.join(counts)} | {below} | {first['elsewhere']} |"


def of(report: dict[str, Any]) -> str:
    return f"{report['leaks']} of {report['trials']}"


def percent(report: dict[str, Any]) -> str:
    return f"{100 * report['bound']:.2g} %"


def attacked(mode: LearnOnlyUse) -> dict[str, Any]:
    """Return the report of the leak test of a bot in this mode."""
    bot = filled(f"Attacks {mode}", mode, learn_only=True)
    report: dict[str, Any] = tacit("leaktest", str(bot.pk), "--worst", "--targets", str(TARGETS), check=False)
    return report


def filled(name: str, mode: LearnOnlyUse, *, learn_only: bool) -> Chatbot:
    """Return a bot of that name, made anew."""
    Chatbot.objects.filter(name=name).delete()
    bots = chatbots()
    organization = users().default_organization()
    bot: Chatbot = bots.create(organization=organization, name=name, learn_only_use=mode)
    citable, private = documents(scratch())
    tacit("ingest", str(bot.pk), *map(str, citable))
    if learn_only:
        tacit("ingest", str(bot.pk), *map(str, private), "--learn-only")
    return bot


def documents(folder: Path) -> tuple[list[Path], list[Path]]:
    """Write the sources, in their two classes, into a folder."""
    lines = (SHARED / "stackfaq" / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
    planted_citable = written(folder, planted.CITABLE)
    planted_private = written(folder, planted.learn_only(planted.SECRETS))
    classes = {
        "forum.jsonl": [line for place, line in enumerate(lines) if place % 4],
        "internal-forum.jsonl": lines[::4],
    }
    files = written(folder, tuple((name, "\n".join(rows)) for name, rows in classes.items()))
    return [*planted_citable, files[0]], [*planted_private, files[1]]


def written(folder: Path, texts: tuple[tuple[str, str], ...]) -> list[Path]:
    for name, text in texts:
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name, _ in texts]
