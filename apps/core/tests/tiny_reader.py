"""A cross-encoder of two layers with random weights, quantised and laid out as the reader's fetched files are."""

import hashlib
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from apps.core.reader.weights import ReaderWeights
from apps.core.tests.tiny_models import tiny_tokenizer

Array = NDArray[np.float32]
LAYERS, WIDTH, INNER, POSITIONS = 2, 64, 96, 256


def write_reader_files(folder: Path) -> ReaderWeights:
    """Fill `folder` and return it with the checksums of its files."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = tiny_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    onnx.save(_quantised_export(_random_weights(tokenizer.get_vocab_size())), folder / "model.onnx")
    files = [folder / name for name in ("model.onnx", "tokenizer.json")]
    return ReaderWeights(
        folder=folder, checksums={file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    )


def _random_weights(vocabulary: int) -> dict[str, Array]:
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings": (vocabulary, WIDTH),
        "embeddings.position_embeddings": (POSITIONS, WIDTH),
        "embeddings.token_type_embeddings": (2, WIDTH),
        "pooler.dense": (WIDTH, WIDTH),
        "classifier": (1, WIDTH),
    }
    norms = ["embeddings.LayerNorm"]
    for layer in (f"encoder.layer.{number}" for number in range(LAYERS)):
        shapes |= {f"{layer}.attention.self.{part}": (WIDTH, WIDTH) for part in ("query", "key", "value")}
        shapes[f"{layer}.attention.output.dense"] = (WIDTH, WIDTH)
        shapes[f"{layer}.intermediate.dense"], shapes[f"{layer}.output.dense"] = (INNER, WIDTH), (WIDTH, INNER)
        norms += [f"{layer}.attention.output.LayerNorm", f"{layer}.output.LayerNorm"]
    random = np.random.default_rng(7)
    weights: dict[str, Array] = {}
    for name, shape in shapes.items():
        weights[f"{name}.weight"] = random.normal(0, shape[-1] ** -0.5, shape).astype(np.float32)
        if "embeddings" not in name:
            weights[f"{name}.bias"] = random.normal(0, 0.1, shape[0]).astype(np.float32)
    weights["classifier.weight"] *= 8  # logits that lie apart
    for name in norms:
        weights[f"{name}.weight"] = random.normal(1, 0.1, WIDTH).astype(np.float32)
        weights[f"{name}.bias"] = random.normal(0, 0.1, WIDTH).astype(np.float32)
    return weights


def _quantised_export(weights: dict[str, Array]) -> onnx.ModelProto:
    """What onnxruntime's dynamic quantisation makes of a PyTorch export, as far as the names go."""
    nodes, tensors = [], []
    for number, (name, values) in enumerate(weights.items()):
        outer = name if name.startswith("classifier") else f"bert.{name}"
        if name.endswith(".bias") or "LayerNorm" in name:
            tensors.append(numpy_helper.from_array(values, outer))
        elif "embeddings" in name:
            tensors += _quantised(outer, values)
        else:
            matrix = f"onnx::MatMul_{number}"
            tensors += _quantised(matrix, values.T)
            place = outer.removesuffix(".weight").replace(".", "/").replace("layer/", "layer.")
            inputs = ["values", f"{matrix}_quantized", "zero", f"{matrix}_zero_point"]
            nodes.append(helper.make_node("MatMulInteger", inputs, [matrix], f"/{place}/MatMul_quant"))
    graph = helper.make_graph(nodes, "tiny", [], [], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def _quantised(name: str, values: Array) -> list[onnx.TensorProto]:
    scale = np.float32((values.max() - values.min()) / 255)
    zero = np.uint8(np.rint(-values.min() / scale))
    quantised = np.clip(np.rint(values / scale) + zero, 0, 255).astype(np.uint8)
    parts = {"_quantized": quantised, "_scale": np.asarray(scale), "_zero_point": np.asarray(zero)}
    return [numpy_helper.from_array(np.ascontiguousarray(part), name + ending) for ending, part in parts.items()]
