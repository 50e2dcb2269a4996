"""Builds the reader's ONNX file; runs in a process of its own, so that its memory is given back."""

import sys
from pathlib import Path

from apps.core.local_models.stored_model import write_model
from apps.core.reader.cross_encoder_graph import CrossEncoderGraph
from apps.core.reader.dequantise import float_weights


def convert(folder: Path, stem: str, source: Path) -> Path:
    """Writes the model into `folder` under a name that begins with `stem`, from the weights in `source`."""
    content = CrossEncoderGraph(float_weights(source)).build().SerializeToString(deterministic=True)
    return write_model(folder, stem, content)


if __name__ == "__main__":
    convert(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
