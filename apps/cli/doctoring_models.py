"""What `tacit doctor` asks the models: whether their files are whole, and whether they answer."""

import asyncio
from typing import TYPE_CHECKING

from django.conf import settings

from apps.cli.doctoring_notes import Note
from apps.core.embedding_service.minilm_model import StoredModel, stored_model
from apps.core.error_handling import ProviderError
from apps.core.services import ServiceRegistry, load
from apps.retrieval.reranker import reranker_status

if TYPE_CHECKING:
    from apps.rag.llm_service.findings import Finding

LOCAL = "local"
EXAMINE = "apps.rag.llm_service.examination.examine"  # loaded only where there is a model: its library takes memory


def embedding_model() -> str:
    """Use the model, which makes the local one's file anew where that is missing or damaged."""
    before = stored_model(settings.MODELS_DIR) if settings.EMBEDDING_MODEL == LOCAL else StoredModel.INTACT
    service = ServiceRegistry.get("embeddings")
    service.embed_query("warranty")
    if before is not StoredModel.INTACT:
        raise Note(f"The file of the local model was {before} and has been made anew. Nothing more is to do.")
    return f"{service.name}, {service.dimensions} dimensions; its files are whole and it answers"


def reranker() -> str:
    if not settings.RERANKER_MODEL:
        return "none, as configured"
    ok, sentence = reranker_status(settings.RERANKER_MODEL, settings.MODELS_DIR)
    if not ok:
        raise Note(sentence)
    return sentence


def language_model() -> str:
    """Ask the model for a word, which is all the cost of this."""
    configured = settings.LANGUAGE_MODEL
    if configured is None:
        return "none, so answers come by extraction. Set TACIT_LLM_BASE_URL and TACIT_LLM_MODEL for one"
    finding: Finding = asyncio.run(load(EXAMINE)(configured))
    told = f"{finding.seen} {finding.advice}".strip()
    if finding.state == "broken":
        raise ProviderError(told)
    if finding.state == "slow":
        raise Note(told)
    return told
