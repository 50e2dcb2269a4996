"""What `tacit doctor` asks the models: whether their files are whole, and whether they answer."""

import asyncio

from django.conf import settings

from apps.cli.doctoring_notes import Note
from apps.core.embedding_service.minilm_model import MINILM
from apps.core.error_handling import ProviderError, SettingsError
from apps.core.local_models.stored_model import FileState
from apps.core.reader.registry import NONE, load_reader
from apps.rag.llm_service.connection_test import probe_model
from apps.retrieval.services import embeddings

LOCAL = "local"


def embedding_model() -> str:
    """Use the model, which makes the local one's file anew where that is missing or damaged."""
    before = MINILM.state(settings.MODELS_DIR) if settings.EMBEDDING_MODEL == LOCAL else FileState.INTACT
    service = embeddings()
    service.embed_query("warranty")
    if before is not FileState.INTACT:
        raise Note(f"The file of the local model was {before} and has been made anew. Nothing more is to do.")
    return f"{service.name}, {service.dimensions} dimensions; its files are whole and it answers"


def reader() -> str:
    """Use the model, which builds the local one's file where that is missing or damaged."""
    if settings.READER_MODEL == NONE:
        return "none, as configured"
    try:
        found = load_reader(settings.READER_MODEL, settings.MODELS_DIR)
    except SettingsError as error:
        raise Note(f"{error} Until then answers are chosen by the embedding and words alone.") from None
    found.score("How long is the warranty?", ["The warranty is two years."])
    return f"{found.name} is ready: its files are whole and it answers"


def language_model() -> str:
    """Ask the model for a word, which is all the cost of this."""
    configured = settings.LANGUAGE_MODEL
    if configured is None:
        return "none, so answers come by extraction. Set TACIT_LLM_BASE_URL and TACIT_LLM_MODEL for one"
    finding = asyncio.run(probe_model(configured))
    told = f"{finding.seen} {finding.advice}".strip()
    if finding.state == "broken":
        raise ProviderError(told)
    if finding.state == "slow":
        raise Note(told)
    return told
