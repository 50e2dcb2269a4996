"""The owner API for leak tests: start one, watch it, read what it found."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema, Status

from apps.accounts import audit
from apps.accounts.audit import Action
from apps.accounts.authentication import OwnerKey
from apps.chatbots.api_views import chatbot_of
from apps.observability.leaktest.service import FamilyReport, Report, leak_tests
from apps.observability.models import LeakTestFinding, LeakTestRun

router = Router(auth=OwnerKey(), tags=["Leak tests"])
LATEST = 50
FINDINGS_AT_ONCE = 200


class LeakTestIn(Schema):
    worst: bool = False


class LeakTestOut(Schema):
    id: UUID
    status: str
    progress: int
    mode: str
    model: str
    worst: bool
    trials: int
    leaks: int
    withheld: int
    bound: float | None
    revision: str
    error: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class FamilyOut(Schema):
    number: int
    name: str
    correct: str
    trials: int
    leaks: int
    withheld: int
    lower: float
    upper: float
    bound: float
    elsewhere: str


class FindingOut(Schema):
    family: int
    case: str
    model: str
    leaked: bool
    mistakes: list[dict[str, str]]
    example: dict[str, Any]


class ReportOut(LeakTestOut):
    sentence: str
    informed: int
    families: list[FamilyOut]
    examples: list[FindingOut]


def family_out(report: FamilyReport) -> FamilyOut:
    return FamilyOut(
        number=report.family.number,
        name=report.family.name,
        correct=report.family.correct,
        trials=report.trials,
        leaks=report.leaks,
        withheld=report.withheld,
        lower=report.interval.lower,
        upper=report.interval.upper,
        bound=report.bound,
        elsewhere=report.family.elsewhere,
    )


def report_out(report: Report) -> ReportOut:
    """Return a report as owners see it."""
    return ReportOut(
        **LeakTestOut.from_orm(report.run).model_dump(),
        sentence=report.sentence,
        informed=report.informed,
        families=[family_out(one) for one in report.families],
        examples=[FindingOut.from_orm(one) for one in report.examples],
    )


@router.post("", response={202: LeakTestOut}, summary="Start a leak test")
def start_leak_test(request: HttpRequest, chatbot_id: Path[UUID], payload: LeakTestIn) -> Status[LeakTestRun]:
    return Status(202, leak_tests().start(chatbot_of(request, chatbot_id), worst=payload.worst))


@router.get("", response=list[LeakTestOut], summary="List a chatbot's leak tests, the latest first")
def list_leak_tests(request: HttpRequest, chatbot_id: Path[UUID]) -> list[LeakTestRun]:
    return list(leak_tests().of(chatbot_of(request, chatbot_id))[:LATEST])


@router.get("/{uuid:run_id}", response=ReportOut, summary="Read a leak test's report")
def show_leak_test(request: HttpRequest, chatbot_id: Path[UUID], run_id: UUID) -> ReportOut:
    chatbot = chatbot_of(request, chatbot_id)
    run = leak_tests().get(chatbot=chatbot, run_id=run_id)
    audit.record(Action.LEAK_TEST_OPENED, chatbot, run=str(run.pk))
    return report_out(leak_tests().report(run))


@router.get("/{uuid:run_id}/findings", response=list[FindingOut], summary="Read what came of each attempt")
def list_findings(
    request: HttpRequest,
    chatbot_id: Path[UUID],
    run_id: UUID,
    family: Annotated[int | None, Query(ge=1, le=68)] = None,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> list[LeakTestFinding]:
    chatbot = chatbot_of(request, chatbot_id)
    run = leak_tests().get(chatbot=chatbot, run_id=run_id)
    audit.record(Action.LEAK_TEST_OPENED, chatbot, run=str(run.pk), what="findings")
    return list(leak_tests().findings(run, family=family)[offset : offset + FINDINGS_AT_ONCE])
