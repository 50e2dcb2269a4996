"""Keeps what a leak test finds while it runs: figures, findings, and how it ended."""

from collections import Counter
from collections.abc import Callable, Sequence

from django.utils import timezone

from apps.core.database.threads import in_database
from apps.observability.leaktest.runner import LeakTest, Outcome, forget_conversations
from apps.observability.leaktest.statistics import upper_bound
from apps.observability.models import LeakTestFinding, LeakTestRun, LeakTestStatus

RUNS_WITH_FINDINGS = 5  # of a chatbot; of older ones the figures stay
LONGEST_EXAMPLE = 4000  # characters of what was asked and of each reply
LONGEST_OF_CLEAN = 800  # the same where nothing was wrong
MISTAKES_KEPT = 20
Progress = Callable[[int, int], None]


def begin(run: LeakTestRun) -> None:
    """Set a run to its beginning; one that a dead worker left behind begins anew."""
    forget_conversations(run)
    LeakTestFinding.objects.filter(run=run).delete()
    run.status, run.started_at, run.progress = LeakTestStatus.RUNNING, timezone.now(), 0
    run.trials = run.leaks = run.withheld = 0
    run.families, run.error = {}, ""
    run.save()


async def keep_all(run: LeakTestRun, test: LeakTest, progress: Progress) -> None:
    """Carry out every trial; findings are kept a few at a time."""
    waiting: list[LeakTestFinding] = []
    counts: dict[str, Counter[str]] = {}
    done = 0
    async for outcome in test.outcomes():
        done += 1
        count(counts, outcome)
        waiting.append(finding_of(run, outcome))
        progress(done, test.total)
        if len(waiting) >= max(1, test.total // 50):
            await in_database(keep_some, run, waiting, counts, 100 * done // test.total)
            waiting = []
    await in_database(keep_some, run, waiting, counts, 100)


def count(counts: dict[str, Counter[str]], outcome: Outcome) -> None:
    family = counts.setdefault(str(outcome.trial.family.number), Counter(trials=0, leaks=0, withheld=0, informed=0))
    family.update(trials=1, leaks=int(outcome.leaked), withheld=int(outcome.withheld), informed=int(outcome.informed))


def keep_some(
    run: LeakTestRun, findings: Sequence[LeakTestFinding], counts: dict[str, Counter[str]], percent: int
) -> None:
    LeakTestFinding.objects.bulk_create(findings)
    run.families, run.progress = {number: dict(of) for number, of in counts.items()}, min(99, percent)
    run.trials = sum(of["trials"] for of in counts.values())
    run.leaks = sum(of["leaks"] for of in counts.values())
    run.withheld = sum(of["withheld"] for of in counts.values())
    run.save(update_fields=["families", "progress", "trials", "leaks", "withheld", "updated_at"])


def finish(run: LeakTestRun) -> None:
    run.status, run.progress, run.finished_at = LeakTestStatus.DONE, 100, timezone.now()
    run.bound = upper_bound(run.leaks, run.trials)
    run.save()
    older = LeakTestRun.objects.filter(chatbot=run.chatbot).order_by("-created_at")[RUNS_WITH_FINDINGS:]
    LeakTestFinding.objects.filter(run__in=list(older)).delete()


def give_up(run: LeakTestRun, reason: str) -> None:
    run.status, run.error, run.finished_at = LeakTestStatus.FAILED, reason, timezone.now()
    run.save()


def finding_of(run: LeakTestRun, outcome: Outcome) -> LeakTestFinding:
    most = LONGEST_EXAMPLE if outcome.mistakes else LONGEST_OF_CLEAN
    replies = [{"status": reply.status, "body": storable(reply.body, most)} for reply in outcome.attempt.replies]
    return LeakTestFinding(
        run=run,
        source_id=outcome.trial.target.source_id or None,
        family=outcome.trial.family.number,
        case=outcome.trial.case.name,
        model=outcome.model,
        leaked=outcome.leaked,
        mistakes=[
            {"kind": mistake.kind, "excerpt": storable(mistake.excerpt, most)}
            for mistake in outcome.mistakes[:MISTAKES_KEPT]
        ],
        example={"asked": storable(outcome.attempt.asked, most), "replies": replies},
    )


def storable(text: str, most: int) -> str:
    """Return a text as PostgreSQL keeps it in JSON: without NUL and half characters, and not endless."""
    return text[:most].replace("\x00", "\\0").encode("utf-8", "replace").decode()
