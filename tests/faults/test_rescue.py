"""What no kill -9 hits at the right moment: a run cut off in its midst, a job that is gone, a run given up too soon."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import connection, connections
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from apps.core.embedding_service import EmbeddingResult
from apps.core.embedding_service.fake import FakeEmbeddingService
from apps.core.services import ServiceRegistry
from apps.knowledge import tasks
from apps.knowledge.ingest import ingest_source
from apps.knowledge.queue import INGEST
from apps.knowledge.rescue import requeue_forgotten, requeue_stalled
from tests.conftest import Owner

GUIDE = ("guide.md", b"# Guide\n\nThe lighthouse of Vik has 214 steps.\n")
QUESTION = "How many steps has the lighthouse of Vik?"


class CutOff(FakeEmbeddingService):
    """An embedder during whose first work the database hangs up on who asked for it."""

    was_cut = False

    def embed_documents(self, texts: Sequence[str]) -> list[EmbeddingResult]:
        if not self.was_cut:
            self.was_cut = True
            with psycopg.connect(**connection.get_connection_params()) as other:
                at_work = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s"
                other.execute(at_work, [tasks.RUN_LOCK])
        return super().embed_documents(texts)


class Slow(FakeEmbeddingService):
    """An embedder that waits for the test, and counts who is at work at the same time."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on, self.at_work = threading.Event(), threading.Event()
        self.works = 0

    def embed_documents(self, texts: Sequence[str]) -> list[EmbeddingResult]:
        self.works += 1
        self.at_work.set()
        assert self.go_on.wait(20)
        return super().embed_documents(texts)


def test_a_run_that_the_database_cuts_off_waits_and_comes_to_its_end(
    alice: Owner, work_off: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "FIRST_WAIT_SECONDS", 3600)  # until the test says that it is over
    bot = alice.make_bot()
    embeddings = CutOff()
    with ServiceRegistry.override("embeddings", embeddings):
        alice.upload(bot, GUIDE)
        work_off()
        (waiting,) = alice.sources(bot)
        assert embeddings.was_cut
        assert (waiting["status"], waiting["stage"]) == ("queued", "waiting")
        assert (waiting["error"]["code"], "tries again" in waiting["error"]["message"]) == ("database_unusable", True)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")
        work_off()

        (source,) = alice.sources(bot)
        assert (source["status"], source["error"], source["passage_count"]) == ("ready", None, 1)
        assert "214" in alice.ask(bot, QUESTION)["text"]


def test_a_source_whose_job_is_gone_is_queued_again_and_others_are_left_alone(
    alice: Owner, work_off: Callable[[], None]
) -> None:
    bot = alice.make_bot()
    forgotten, waiting = alice.upload(bot, GUIDE, ("other.md", b"# Other\n\nThe other one waits for its turn.\n"))
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs WHERE lock = %s", [f"source:{forgotten['id']}"])
    work_off()
    assert [source["status"] for source in alice.sources(bot)] == ["queued", "ready"], "nobody sees to the first"
    alice.api.post(f"/chatbots/{bot['id']}/sources/{waiting['id']}/retry")

    for _ in range(2):
        requeue_forgotten()

    jobs = ProcrastinateJob.objects.filter(status="todo", task_name=INGEST).values_list("lock", flat=True)
    assert sorted(jobs) == sorted(f"source:{source['id']}" for source in (forgotten, waiting)), "one job for each"
    work_off()
    assert [source["status"] for source in alice.sources(bot)] == ["ready", "ready"]


def test_a_run_that_was_given_up_and_lives_all_the_same_doubles_nothing(alice: Owner) -> None:
    bot = alice.make_bot()
    slow = Slow()
    with ServiceRegistry.override("embeddings", slow):
        (source,) = alice.upload(bot, GUIDE)
        runs = [threading.Thread(target=run, args=[source["id"]]) for _ in range(2)]
        runs[0].start()
        assert slow.at_work.wait(20)
        runs[1].start()
        runs[1].join(0.5)
        assert runs[1].is_alive(), "the second waits until the first is over"
        slow.go_on.set()
        for thread in runs:
            thread.join(20)

    assert slow.works == 1
    (source,) = alice.sources(bot)
    assert (source["status"], source["document_count"], source["passage_count"]) == ("ready", 1, 1)


def run(source_id: UUID) -> None:
    """Run a job as a worker's thread does."""
    try:
        with tasks.one_run(str(source_id)):
            ingest_source(str(source_id))
    finally:
        connections.close_all()


def begin_now() -> None:
    """Let the pauses be over that a job gets whose workers keep dying."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE status = 'todo'")


def test_a_job_whose_workers_keep_dying_gives_way_to_others(alice: Owner) -> None:
    bot = alice.make_bot()
    (source,) = alice.upload(bot, GUIDE)
    rests = []
    for _ in range(6):
        die_with_the_job(source["id"])
        asyncio.run(rescue())
        job = ProcrastinateJob.objects.get(lock=f"source:{source['id']}", status="todo")
        rests.append(max(0, round((job.scheduled_at - timezone.now()).total_seconds())))
        begin_now()
    assert rests == [0, 0, 0, 5, 10, 20]


def test_a_document_that_kills_each_worker_ends_failed_and_holds_up_nobody(
    alice: Owner, work_off: Callable[[], None]
) -> None:
    bot = alice.make_bot()
    (source,) = alice.upload(bot, GUIDE)
    for _ in range(tasks.MOST_DEATHS):
        die_with_the_job(source["id"])
        asyncio.run(rescue())
        begin_now()
    work_off()

    (source,) = alice.sources(bot)

    assert (source["status"], source["error"]["code"]) == ("failed", "extraction_crashed")
    alice.api.post(f"/chatbots/{bot['id']}/sources/{source['id']}/retry")
    work_off()
    assert alice.sources(bot)[0]["status"] == "ready"


def test_the_job_of_a_worker_that_lives_is_left_alone(alice: Owner) -> None:
    bot = alice.make_bot()
    (source,) = alice.upload(bot, GUIDE)
    die_with_the_job(source["id"])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now()")

    asyncio.run(rescue())

    assert ProcrastinateJob.objects.get(task_name=INGEST).status == "doing"


def die_with_the_job(source_id: str) -> None:
    """Leave what a worker leaves that took the job up and died a minute ago."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 minute') RETURNING id"
        )
        (worker,) = cursor.fetchone()
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE lock = %s AND status = 'todo'",
            [worker, f"source:{source_id}"],
        )
        assert cursor.rowcount == 1, "the job waits to be taken up"


async def rescue() -> None:
    connector: Any = app.connector  # Django's, which the app's type doesn't say
    with app.replace_connector(connector.get_worker_connector()) as ours:
        async with ours.open_async():
            await requeue_stalled()
