"""Builds the local model's ONNX file; runs in a process of its own, so that its memory is given back."""

import hashlib
import sys
import tempfile
from pathlib import Path

from safetensors import safe_open

from apps.core.embedding_service.minilm_graph import MiniLMGraph
from apps.core.embedding_service.minilm_weights import checked_weights


def convert(folder: Path, stem: str) -> Path:
    """Writes `<stem>.<first 16 digits of its sha256>.onnx` into `folder`: complete or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    with safe_open(checked_weights(), framework="numpy") as weights:
        content = MiniLMGraph(weights.get_tensor).build().SerializeToString(deterministic=True)
    target = folder / f"{stem}.{hashlib.sha256(content).hexdigest()[:16]}.onnx"
    with tempfile.NamedTemporaryFile(dir=folder, prefix=f"{stem}.", suffix=".part", delete=False) as file:
        file.write(content)
    Path(file.name).replace(target)
    return target


if __name__ == "__main__":
    convert(Path(sys.argv[1]), sys.argv[2])
