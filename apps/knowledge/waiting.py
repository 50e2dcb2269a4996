"""What a source waits for while its embedding model is left alone: for as long as that takes, and it says so."""

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.jobs import Job

from apps.core.embedding_service.guarded import GuardedEmbeddingService
from apps.core.error_handling import CircuitOpenError, ProviderUnavailableError, TacitError
from apps.knowledge.ingest import wait
from apps.knowledge.models import Source
from apps.knowledge.queue import INGEST, QUEUE
from apps.retrieval import index
from apps.retrieval.providers import embeddings_for

FIRST_WAIT_SECONDS = 5
LONGEST_WAIT_SECONDS = 300  # between two looks, however long the server has been away
SPREAD_SECONDS = 5  # over which many waiting sources come back, so that they don't come all at once


def tried(job: Job) -> int:
    """Return how often a source was tried before this run; waiting for a server is no try."""
    return number_in(job, "earlier") + job.attempts


def number_in(job: Job, name: str) -> int:
    return int(str(job.task_kwargs.get(name, 0)))


def check_model(source_id: str) -> None:
    """Raise CircuitOpenError if the source's embedding model is left alone, before any work is done in vain."""
    source = Source.objects.filter(pk=source_id).first()
    if source is None:
        return
    model = embeddings_for(index.space_in_use(source.chatbot_id))
    if isinstance(model, GuardedEmbeddingService):
        model.breaker.check()


def open_circuit_behind(error: TacitError, source_id: str) -> CircuitOpenError | None:
    """Return the open circuit that a run met, or that its own failure opened; None if it failed for another reason."""
    if isinstance(error, CircuitOpenError):
        return error
    if isinstance(error, ProviderUnavailableError):
        try:
            check_model(source_id)
        except CircuitOpenError as opened:
            return opened
    return None


@transaction.atomic
def postpone(source_id: str, error: CircuitOpenError, job: Job) -> None:
    """Let a source wait until its model may be asked again, without counting that as a try."""
    waits = number_in(job, "waits")
    seconds = max(error.retry_after or 0, min(FIRST_WAIT_SECONDS * 2**waits, LONGEST_WAIT_SECONDS))
    wait(source_id, error)
    app.configure_task(
        INGEST,
        queue=QUEUE,
        lock=job.lock,
        schedule_in={"seconds": seconds + (job.id or 0) % SPREAD_SECONDS},
    ).defer(source_id=source_id, earlier=tried(job), waits=waits + 1)
