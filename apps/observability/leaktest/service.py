"""Leak tests of a chatbot: begin one, carry it out, and say what it found."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Any, cast

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.accounts import audit
from apps.accounts.audit import Action
from apps.chatbots.models import Chatbot, LearnOnlyUse
from apps.core.error_handling import ConflictError, NotFoundError, ValidationError
from apps.core.problems import as_tacit_error
from apps.core.services import ServiceRegistry
from apps.observability.leaktest.attacks import CATALOGUE, Family, Target
from apps.observability.leaktest.jobs import queue_run
from apps.observability.leaktest.keeping import Progress, begin, finish, give_up, keep_all
from apps.observability.leaktest.revision import code_revision, model_name, subject_of
from apps.observability.leaktest.runner import LeakTest
from apps.observability.leaktest.statistics import Interval, interval, upper_bound
from apps.observability.leaktest.targets import find_targets, gather_material
from apps.observability.models import LeakTestFinding, LeakTestRun, LeakTestStatus
from apps.rag.guarding import refresh
from apps.rag.privacy_service import privacy

USUAL_TARGETS = 3
MOST_TARGETS = 30
SILENT = timedelta(minutes=10)  # after which a run that works is taken for dead
FORGOTTEN = timedelta(days=1)  # and one that waits
EXAMPLES_SHOWN = 50
NOTHING_TO_TEST = (
    "This chatbot has no learn-only source that is ready, so there is nothing that could leak. Add one first."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class FamilyReport:
    """What came of one family; `elsewhere` tells which part of it is tried in the product's own tests only."""

    family: Family
    trials: int
    leaks: int
    withheld: int
    interval: Interval
    bound: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """A run in figures, with the sentence that its owner may publish ("" when there is none to publish).

    `informed` counts the attempts in which the model was told something learn-only: in `inform` others prove little.
    """

    run: LeakTestRun
    families: tuple[FamilyReport, ...]
    interval: Interval
    sentence: str
    informed: int
    examples: tuple[LeakTestFinding, ...] = field(repr=False)


class Ended:
    """Ends a run that comes to no end by itself, so that its owner doesn't see it run for ever.

    Whatever went wrong is told in words of our own: the error's may be learn-only.
    """

    def __init__(self, run: LeakTestRun) -> None:
        self._run = run

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Exception):
            told = as_tacit_error(error)
            give_up(self._run, str(told))
            raise told from None
        if error is not None:  # the command was ended
            give_up(self._run, "The test was broken off. Start it again.")


class LeakTestService:
    """Leak tests, for the owners of chatbots."""

    def __init__(self, catalogue: Sequence[Family] = CATALOGUE) -> None:
        self._catalogue = catalogue

    def of(self, chatbot: Chatbot) -> QuerySet[LeakTestRun]:
        return LeakTestRun.objects.filter(chatbot=chatbot).order_by("-created_at")

    def get(self, *, chatbot: Chatbot, run_id: Any) -> LeakTestRun:
        """Return a run of the chatbot. Raises NotFoundError."""
        run = self.of(chatbot).filter(pk=run_id).first()
        if run is None:
            raise NotFoundError("This chatbot has no leak test with that id.")
        return run

    def latest(self, chatbot: Chatbot) -> LeakTestRun | None:
        """Return the latest run that came to its end."""
        return self.of(chatbot).filter(status=LeakTestStatus.DONE).first()

    @transaction.atomic
    def start(self, chatbot: Chatbot, *, worst: bool = False, targets: int = USUAL_TARGETS) -> LeakTestRun:
        """Queue a run for a worker. Raises ValidationError without learn-only sources, ConflictError while one runs."""
        run = self.prepare(chatbot, worst=worst, targets=targets)
        queue_run(run)
        return run

    @transaction.atomic
    def prepare(self, chatbot: Chatbot, *, worst: bool = False, targets: int = USUAL_TARGETS) -> LeakTestRun:
        """Make a run that the caller carries out. Raises as `start` does."""
        Chatbot.objects.select_for_update().filter(pk=chatbot.pk).first()
        unfinished = self.of(chatbot).filter(status__in=[LeakTestStatus.QUEUED, LeakTestStatus.RUNNING])
        now = timezone.now()
        silent = Q(status=LeakTestStatus.RUNNING, updated_at__lt=now - SILENT) | Q(updated_at__lt=now - FORGOTTEN)
        unfinished.filter(silent).update(
            status=LeakTestStatus.FAILED, error="The test gave no sign of life and was given up. Start it again."
        )
        if unfinished.exists():
            raise ConflictError("A leak test of this chatbot is under way. Wait for it to end.")
        targets_or_error(chatbot, 1)
        run = LeakTestRun.objects.create(
            chatbot=chatbot,
            worst=worst,
            targets=max(1, min(targets, MOST_TARGETS)),
            mode=privacy().promise(chatbot).mode,
            model="the worst there is" if worst else model_name(),
            revision=code_revision(),
            subject=subject_of(chatbot),
        )
        audit.record(Action.LEAK_TEST_STARTED, chatbot, run=str(run.pk), worst=worst, mode=run.mode, model=run.model)
        return run

    def carry_out(self, run: LeakTestRun, progress: Progress = lambda done, total: None) -> LeakTestRun:
        """Run the suite to its end and keep what it found; `progress` is told how many attempts are done, of how many.

        Raises ValidationError when there is nothing to test any more.
        """
        begin(run)
        with Ended(run):
            targets = targets_or_error(run.chatbot, run.targets)
            if run.mode == LearnOnlyUse.INFORM:
                refresh(run.chatbot_id)  # without a guard that is up to date nothing is told to the model
            material = gather_material(run.chatbot, targets)
            test = LeakTest(run=run, targets=targets, material=material, catalogue=self._catalogue)
            asyncio.run(keep_all(run, test, progress))
        finish(run)
        return run

    def report(self, run: LeakTestRun) -> Report:
        """Return the figures of a run, family by family, and examples: first of all, those that leaked."""
        findings = LeakTestFinding.objects.filter(run=run).select_related("source")
        return Report(
            run=run,
            families=tuple(report_of(family, run) for family in self._catalogue),
            interval=interval(run.leaks, run.trials),
            sentence=sentence_of(run),
            informed=sum(of.get("informed", 0) for of in run.families.values()),
            examples=tuple(findings.exclude(mistakes=[]).order_by("-leaked", "family", "pk")[:EXAMPLES_SHOWN]),
        )

    def is_current(self, run: LeakTestRun) -> bool:
        """Tell whether mode, model and sources are still those that the run tested."""
        return run.subject == subject_of(run.chatbot)

    def findings(self, run: LeakTestRun, *, family: int | None = None) -> QuerySet[LeakTestFinding]:
        """Return every attempt of a run, of one family perhaps."""
        found = LeakTestFinding.objects.filter(run=run)
        return found if family is None else found.filter(family=family)


def targets_or_error(chatbot: Chatbot, most: int) -> Sequence[Target]:
    """Return what to go for. Raises ValidationError when there is nothing."""
    targets = find_targets(chatbot, most)
    if not targets:
        raise ValidationError(NOTHING_TO_TEST)
    return targets


def report_of(family: Family, run: LeakTestRun) -> FamilyReport:
    of = run.families.get(str(family.number), {})
    trials, leaks = of.get("trials", 0), of.get("leaks", 0)
    return FamilyReport(
        family=family,
        trials=trials,
        leaks=leaks,
        withheld=of.get("withheld", 0),
        interval=interval(leaks, trials),
        bound=upper_bound(leaks, trials),
    )


def sentence_of(run: LeakTestRun) -> str:
    """Return what the owner may publish of a finished run, word for word; "" where the claim did not hold."""
    if run.status != LeakTestStatus.DONE:
        return ""
    if run.mode == "inform":
        percent = f"{100 * upper_bound(run.leaks, run.trials):.2g}"
        return f"Best effort: {run.leaks} of {run.trials} attacks leaked on model {run.model}, upper bound {percent} %."
    promise = privacy().promise(run.chatbot)  # a test in another mode proves nothing
    return "" if run.leaks or promise.mode != run.mode else str(promise.claim)


def leak_tests() -> LeakTestService:
    """Return the service of leak tests."""
    return cast("LeakTestService", ServiceRegistry.get("leak_tests"))
