"""The reader that a setting names, if its model is on this machine: `local`, `none` or a cross-encoder's name."""

import functools
import logging
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from apps.core.circuit_breaker import CircuitBreaker
from apps.core.error_handling import CircuitOpenError, SettingsError
from apps.core.reader.protocol import Reader

logger = logging.getLogger(__name__)

LOCAL, NONE = "local", "none"
# Imported only when they are configured: onnxruntime and fastembed take memory.
_LOCAL_READER = "apps.core.reader.local"
_FASTEMBED_READER = "apps.core.reader.fastembed_reader"
# Round the download of a model's files, where that is allowed: a mirror that is down is not asked at every start.
DOWNLOADS = CircuitBreaker(expected_exception=SettingsError, name="model_download")


def create_reader(spec: str, models_dir: Path, *, threads: int = 2, allow_download: bool = False) -> Reader | None:
    """The reader, or None for `none` and when it can't be loaded: the product goes on, and the log says so once."""
    if spec == NONE:
        return None
    try:
        return load_reader(spec, models_dir, threads=threads, allow_download=allow_download)
    except (SettingsError, CircuitOpenError) as error:
        _warn_once(f"There is no reader, so answers are chosen by the embedding and words alone. {error}")
        return None


def load_reader(spec: str, models_dir: Path, *, threads: int = 2, allow_download: bool = False) -> Reader:
    """The reader; SettingsError says what is missing and what to do."""
    create: Callable[..., Reader]
    if spec == LOCAL:
        create = import_module(_LOCAL_READER).LocalReader
        return create(models_dir, threads=threads)
    create = import_module(_FASTEMBED_READER).FastembedReader
    if allow_download:
        create = DOWNLOADS(create)
    return create(spec, models_dir, threads=threads, allow_download=allow_download)


@functools.cache
def _warn_once(message: str) -> None:
    logger.warning(message)
