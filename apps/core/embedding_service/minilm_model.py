"""The local embedding model's ONNX file: what it is called, how it is built, and a session on it."""

from pathlib import Path

import onnxruntime

from apps.core.embedding_service.minilm_weights import checked_weights
from apps.core.local_models.sessions import open_session
from apps.core.local_models.stored_model import StoredModel

MINILM = StoredModel(
    title="local embedding model",
    # Raise the version when `minilm_graph.py` or `bert_graph.py` changes what is built.
    stem="all-MiniLM-L6-v2-int8-v1",
    builder="apps.core.embedding_service.convert",
    check_weights=checked_weights,
)


def open_minilm(models_dir: Path, *, threads: int) -> onnxruntime.InferenceSession:
    """A session on the model; the first call in a data folder builds it, in a second or two."""
    return open_session(MINILM.path(models_dir), threads=threads)
