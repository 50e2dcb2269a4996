"""The leak test on an owner's pages: start one, watch it, read its report."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from apps.accounts import audit
from apps.accounts.audit import Action
from apps.chatbots.models import Chatbot
from apps.core.error_handling import ConflictError, NotFoundError, ValidationError
from apps.dashboard.access import Visit, for_editors, for_members
from apps.dashboard.wording import CORRECT
from apps.observability.leaktest.service import leak_tests

UNDER_WAY = {"queued", "running"}
RUNS_SHOWN = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class FamilyRow:
    """One family of attacks in a report."""

    number: int
    name: str
    correct: str
    trials: int
    leaks: int
    bound: str
    elsewhere: str


def leak_tests_of(chatbot: Chatbot) -> dict[str, Any]:
    """Return what the pages show of a chatbot's leak tests."""
    service = leak_tests()
    runs = list(service.of(chatbot)[:RUNS_SHOWN])
    latest = service.latest(chatbot)
    return {
        "runs": runs,
        "under_way": next((run for run in runs if run.status in UNDER_WAY), None),
        "latest": latest,
        "sentence": service.report(latest).sentence if latest else "",
        "is_current": latest is not None and service.is_current(latest),
        "bound": per_cent(latest.bound) if latest else "",
    }


def per_cent(rate: float | None) -> str:
    return "" if rate is None else f"{100 * rate:.2g} %"


@for_members
def state(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show how far the leak test is: a part of the privacy page, which asks for it again and again."""
    context = {**visit.context("privacy"), "leak_tests": leak_tests_of(visit.chatbot)}
    return render(request, "dashboard/leak_test.html", context)


@for_editors
def start(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Queue a leak test with the chatbot's own model, or with the worst model there is."""
    try:
        leak_tests().start(visit.chatbot, worst=request.POST.get("model") == "worst")
    except (ConflictError, ValidationError) as error:
        messages.error(request, str(error))
    return redirect("bot-privacy", visit.chatbot.pk)


@for_members
def report(request: HttpRequest, visit: Visit, run_id: UUID) -> HttpResponse:
    """Show a run family by family, with examples; these quote learn-only sources, so that it was opened is recorded."""
    service = leak_tests()
    try:
        run = service.get(chatbot=visit.chatbot, run_id=run_id)
    except NotFoundError:
        raise Http404 from None
    audit.record(Action.LEAK_TEST_OPENED, visit.chatbot, run=str(run.pk))
    told = service.report(run)
    rows = [family_row(one) for one in told.families]
    context = {
        **visit.context("privacy"),
        "run": run,
        "sentence": told.sentence,
        "interval": f"{per_cent(told.interval.lower)} to {per_cent(told.interval.upper)}",
        "tried": [row for row in rows if row.trials],
        "not_tried": [row for row in rows if not row.trials],
        "examples": told.examples,
        "names": {row.number: row.name for row in rows},
    }
    return render(request, "dashboard/leak_test_report.html", context)


def family_row(told: Any) -> FamilyRow:
    return FamilyRow(
        number=told.family.number,
        name=told.family.name,
        correct="; ".join(CORRECT.get(letter, letter) for letter in told.family.correct),
        trials=told.trials,
        leaks=told.leaks,
        bound=per_cent(told.bound) if told.trials else "",
        elsewhere=told.family.elsewhere,
    )
