"""Builds the local model's ONNX file; runs in a process of its own, so that its memory is given back."""

import sys
from pathlib import Path

from safetensors import safe_open

from apps.core.embedding_service.minilm_graph import MiniLMGraph
from apps.core.embedding_service.minilm_weights import checked_weights
from apps.core.local_models.stored_model import write_model


def convert(folder: Path, stem: str) -> Path:
    """Writes the model into `folder` under a name that begins with `stem`."""
    with safe_open(checked_weights(), framework="numpy") as weights:
        content = MiniLMGraph(weights.get_tensor).build().SerializeToString(deterministic=True)
    return write_model(folder, stem, content)


if __name__ == "__main__":
    convert(Path(sys.argv[1]), sys.argv[2])
