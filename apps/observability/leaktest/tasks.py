"""Background jobs of leak tests; what they need is loaded when one runs, so that workers stay small."""

from django.conf import settings
from procrastinate.contrib.django import app

from apps.chatbots.models import Chatbot, LearnOnlyUse
from apps.core.error_handling import ConflictError, ValidationError
from apps.knowledge.models import Disclosure, Source, SourceStatus
from apps.observability.leaktest.jobs import AFTER_CHANGE, QUEUE, RUN, schedule_after_change
from apps.observability.leaktest.revision import subject_of
from apps.observability.leaktest.service import leak_tests
from apps.observability.models import LeakTestRun
from apps.rag.privacy_service import privacy


@app.task(name=RUN, queue=QUEUE)
def run_leak_test(*, run_id: str) -> None:
    """Carry out a run that an owner started."""
    run = LeakTestRun.objects.select_related("chatbot").filter(pk=run_id).first()
    if run is not None:  # or the chatbot was deleted meanwhile
        leak_tests().carry_out(run)


@app.task(name=AFTER_CHANGE, queue=QUEUE)
def attack_after_change(*, chatbot_id: str) -> None:
    """Test a chatbot whose sources or model have changed: with the worst model where that says more than its own."""
    chatbot = Chatbot.objects.filter(pk=chatbot_id).first()
    if chatbot is None or not is_changed(chatbot):
        return
    mode = privacy().promise(chatbot).mode
    service = leak_tests()
    try:
        service.carry_out(service.prepare(chatbot, worst=mode != LearnOnlyUse.INFORM))
    except (ConflictError, ValidationError):  # an owner was faster, or the last learn-only source is gone
        return


@app.periodic(cron="*/5 * * * *")
@app.task(name="look_for_untested_changes", queue=QUEUE, queueing_lock="look_for_untested_changes")
def look_for_untested_changes(timestamp: int) -> None:
    """Queue leak tests for what has changed since the last one; nothing has to tell of a change, so none is missed."""
    if not settings.LEAKTEST_AFTER_CHANGES:
        return
    for chatbot in Chatbot.objects.filter(deleted_at=None, sources__disclosure=Disclosure.LEARN_ONLY).distinct():
        if is_changed(chatbot):
            schedule_after_change(chatbot)


def is_changed(chatbot: Chatbot) -> bool:
    """Return whether a chatbot is another than its latest leak test saw, and its sources are all read."""
    busy = Source.objects.filter(chatbot=chatbot, status__in=[SourceStatus.QUEUED, SourceStatus.RUNNING])
    latest = LeakTestRun.objects.filter(chatbot=chatbot).order_by("-created_at").first()
    return not busy.exists() and (latest is None or latest.subject != subject_of(chatbot))
