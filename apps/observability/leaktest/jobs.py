"""The names under which leak tests are queued, and when a change calls for one."""

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from apps.chatbots.models import Chatbot
from apps.observability.models import LeakTestRun

QUEUE = "leaktest"
RUN, AFTER_CHANGE = "leaktest", "leaktest_after_change"
QUIET_MINUTES = 10  # changes come in numbers; the test waits for the last of them
ONE_AT_A_TIME = "leaktest"


def queue_run(run: LeakTestRun) -> None:
    """Commit a job together with the run it carries out."""
    app.configure_task(RUN, queue=QUEUE, lock=ONE_AT_A_TIME).defer(run_id=str(run.pk))


def schedule_after_change(chatbot: Chatbot) -> bool:
    """Queue a leak test for when a chatbot has been left alone for a while; return False when one waits already."""
    job = app.configure_task(
        AFTER_CHANGE,
        queue=QUEUE,
        lock=ONE_AT_A_TIME,
        queueing_lock=f"leaktest:{chatbot.pk}",
        schedule_in={"minutes": QUIET_MINUTES},
    )
    try:
        with transaction.atomic():  # a refusal must not break the caller's transaction
            job.defer(chatbot_id=str(chatbot.pk))
    except AlreadyEnqueued:
        return False
    return True
