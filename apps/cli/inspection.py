"""`tacit doctor`: checks everything a run needs and says what to do about each."""

import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass

import typer
from django.conf import settings

from apps.cli.people import AsJson
from apps.cli.readiness import bring_up_to_date, postgres, print_json
from apps.core.database.requirements import check_database
from apps.core.error_handling import TacitError
from apps.core.services import ServiceRegistry
from apps.retrieval.reranker import reranker_status

LEAST_FREE_MB = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What a check found: `state` is ok, note or broken."""

    check: str
    state: str
    message: str


def doctor(as_json: AsJson = False) -> None:
    """Check what Tacit needs; exit 1 if something is broken."""
    findings = [examine(name, check) for name, check in CHECKS.items()]
    if as_json:
        print_json({"findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            print(f"{finding.state:7} {finding.check}: {finding.message}")
    if any(finding.state == "broken" for finding in findings):
        raise typer.Exit(1)


def examine(name: str, check: Callable[[], str]) -> Finding:
    """Run one check; a message that begins with `note: ` is told, and breaks nothing."""
    try:
        message = check()
    except TacitError as error:
        return Finding(check=name, state="broken", message=str(error))
    state, _, rest = message.partition("note: ")
    return (
        Finding(check=name, state="note", message=rest)
        if rest and not state
        else Finding(check=name, state="ok", message=message)
    )


def database() -> str:
    if settings.EMBEDDED_DATABASE:
        postgres.start()
    check_database(settings.DATABASES["default"], settings.VISITOR_DATABASE)
    bring_up_to_date()
    return "embedded PostgreSQL" if settings.EMBEDDED_DATABASE else "PostgreSQL of TACIT_DATABASE_URL"


def visitors() -> str:
    ServiceRegistry.get("privacy").verify()
    return "the visitors' login can't read learn-only passages, documents or files"


def embedding_model() -> str:
    service = ServiceRegistry.get("embeddings")
    service.embed_query("warranty")
    return f"{service.name}, {service.dimensions} dimensions"


def reranker() -> str:
    if not settings.RERANKER_MODEL:
        return "none, as configured"
    ok, sentence = reranker_status(settings.RERANKER_MODEL, settings.MODELS_DIR)
    return sentence if ok else f"note: {sentence}"


def language_model() -> str:
    if settings.LANGUAGE_MODEL is None:
        return "none, so answers come by extraction. Set TACIT_LLM_BASE_URL and TACIT_LLM_MODEL for one"
    return f"{settings.LANGUAGE_MODEL.model} at {settings.LANGUAGE_MODEL.base_url or 'OpenAI'}"


def disk() -> str:
    free = shutil.disk_usage(settings.DATA_DIR).free // 1024**2
    if free < LEAST_FREE_MB:
        return f"note: {free} MB are free where the data lies. Make room before PostgreSQL stops"
    return f"{free:,} MB free"


CHECKS = {
    "database": database,
    "visitors' login": visitors,
    "embedding model": embedding_model,
    "reranker": reranker,
    "language model": language_model,
    "disk": disk,
}
