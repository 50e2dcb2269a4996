"""The reranker that a setting names, if its model is on this machine."""

import functools
import logging
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from apps.core.circuit_breaker import CircuitBreaker
from apps.core.error_handling import CircuitOpenError, SettingsError
from apps.retrieval.reranker.protocol import Reranker

logger = logging.getLogger(__name__)

# Imported only when a reranker is configured: fastembed takes 60 MB.
_PROVIDER = "apps.retrieval.reranker.fastembed_reranker"
# Round the download of a model's files, where that is allowed: a mirror that is down is not asked at every start.
DOWNLOADS = CircuitBreaker(expected_exception=SettingsError, name="model_download")


def create_reranker(name: str, cache_dir: Path, *, threads: int = 2, allow_download: bool = False) -> Reranker | None:
    """The reranker, or None when it can't be loaded: search goes on without it, and the log says so once."""
    try:
        return _load(name, cache_dir, threads=threads, allow_download=allow_download)
    except (SettingsError, CircuitOpenError) as error:
        _warn_once(f"Answers are not reranked. {error}")
        return None


def reranker_status(name: str, cache_dir: Path) -> tuple[bool, str]:
    """Whether the reranker works, and a sentence for whoever runs this server; it loads the model to be sure."""
    if not name:
        return True, "No reranker is configured; passages are ranked by hybrid search alone."
    try:
        reranker = _load(name, cache_dir)
    except SettingsError as error:
        return False, str(error)
    return True, f"The reranker {reranker.name} is ready."


def _load(name: str, cache_dir: Path, *, threads: int = 2, allow_download: bool = False) -> Reranker:
    create: Callable[..., Reranker] = import_module(_PROVIDER).FastembedReranker
    if allow_download:
        create = DOWNLOADS(create)
    return create(name, cache_dir, threads=threads, allow_download=allow_download)


@functools.cache
def _warn_once(message: str) -> None:
    logger.warning(message)
