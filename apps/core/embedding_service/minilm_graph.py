"""The BERT of all-MiniLM-L6-v2 as an ONNX graph with int8 weights, written with onnxruntime's fused operators."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

_FUSED = "com.microsoft"
# The model's own config.json.
_LAYERS = 6
_HEADS = 12
_EPSILON = 1e-12
# 7 of 8 bits: on processors without VNNI, onnxruntime adds pairs of products in 16 bits, which overflow with 8.
_WEIGHT_LIMIT = 63

Weights = Callable[[str], NDArray[np.float32]]


class MiniLMGraph:
    """Collects the nodes and weights of the graph, in the order in which data flows."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: list[onnx.TensorProto] = []

    def build(self) -> onnx.ModelProto:
        """input_ids, attention_mask (int32, batch x length) -> embedding (float32, batch x 384, length 1)."""
        hidden = self._embeddings()
        for layer in range(_LAYERS):
            hidden = self._layer(hidden, f"encoder.layer.{layer}")
        self._pool(hidden)
        shape = ["batch", "length"]
        graph = helper.make_graph(
            self._nodes,
            "all-MiniLM-L6-v2",
            [helper.make_tensor_value_info(name, TensorProto.INT32, shape) for name in ("input_ids", "attention_mask")],
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", 384])],
            self._initializers,
        )
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid(_FUSED, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="tacit")

    def _embeddings(self) -> str:
        """Word, position and segment vectors, added and normalised."""
        prefix = "embeddings"
        positions = self._weights(f"{prefix}.position_embeddings.weight")
        # There is one segment only, so its vector belongs to every position.
        places = self._constant("positions", positions + self._weights(f"{prefix}.token_type_embeddings.weight")[0])
        words = self._quantised_rows("words", self._weights(f"{prefix}.word_embeddings.weight"))
        length = self._node("Shape", ["input_ids"], start=1, end=2)
        first, axes = self._constant("zero", _int64(0)), self._constant("axis_0", _int64(0))
        here = self._node("Slice", [places, first, length, axes])
        gamma, beta = self._norm(f"{prefix}.LayerNorm")
        summed = self._node("Add", [words, here])
        return self._node("LayerNormalization", [summed, gamma, beta], axis=-1, epsilon=_EPSILON)

    def _layer(self, hidden: str, prefix: str) -> str:
        """One transformer layer: self-attention and a feed-forward network, each added to its input and normalised."""
        attention = self._attention(hidden, f"{prefix}.attention.self")
        mixed = self._linear(attention, f"{prefix}.attention.output.dense")
        hidden = self._add_and_norm(mixed, hidden, f"{prefix}.attention.output.LayerNorm")
        wide = self._linear(hidden, f"{prefix}.intermediate.dense", bias=False)
        bias = self._constant(f"{prefix}.intermediate.bias", self._weights(f"{prefix}.intermediate.dense.bias"))
        wide = self._node("BiasGelu", [wide, bias], domain=_FUSED)
        narrow = self._linear(wide, f"{prefix}.output.dense")
        return self._add_and_norm(narrow, hidden, f"{prefix}.output.LayerNorm")

    def _attention(self, hidden: str, prefix: str) -> str:
        """Query, key and value in one quantised product, then softmax(QK)V per head, where the mask is 1."""
        parts = ("query", "key", "value")
        weight = np.concatenate([self._weights(f"{prefix}.{part}.weight").T for part in parts], axis=1)
        bias = np.concatenate([self._weights(f"{prefix}.{part}.bias") for part in parts])
        values, scales = _quantise(weight, axis=0)
        quantised, scale, zero = (f"{prefix}.input.{part}" for part in ("values", "scale", "zero"))
        self._nodes.append(helper.make_node("DynamicQuantizeLinear", [hidden], [quantised, scale, zero]))
        inputs = [
            quantised,
            self._constant(f"{prefix}.weight", values),
            self._constant(f"{prefix}.bias", bias),
            scale,
            self._constant(f"{prefix}.scale", scales),
            "attention_mask",
            zero,
        ]
        return self._node("QAttention", inputs, domain=_FUSED, num_heads=_HEADS)

    def _linear(self, source: str, prefix: str, *, bias: bool = True) -> str:
        values, scales = _quantise(self._weights(f"{prefix}.weight").T, axis=0)
        inputs = [source, self._constant(f"{prefix}.weight", values), self._constant(f"{prefix}.scale", scales), ""]
        if bias:
            inputs.append(self._constant(f"{prefix}.bias", self._weights(f"{prefix}.bias")))
        return self._node("DynamicQuantizeMatMul", inputs, domain=_FUSED)

    def _add_and_norm(self, source: str, skip: str, prefix: str) -> str:
        gamma, beta = self._norm(prefix)
        return self._node("SkipLayerNormalization", [source, skip, gamma, beta], domain=_FUSED, epsilon=_EPSILON)

    def _norm(self, prefix: str) -> tuple[str, str]:
        gamma = self._constant(f"{prefix}.gamma", self._weights(f"{prefix}.weight"))
        return gamma, self._constant(f"{prefix}.beta", self._weights(f"{prefix}.bias"))

    def _pool(self, hidden: str) -> None:
        """The sum of the tokens that the mask keeps, brought to length 1: the mean has the same direction."""
        mask = self._node("Cast", ["attention_mask"], to=TensorProto.FLOAT)
        row = self._node("Unsqueeze", [mask, self._constant("axis_1", _int64(1))])
        total = self._node("Squeeze", [self._node("MatMul", [row, hidden]), self._constant("axis_1b", _int64(1))])
        self._nodes.append(helper.make_node("LpNormalization", [total], ["embedding"], axis=-1, p=2))

    def _quantised_rows(self, name: str, table: NDArray[np.float32]) -> str:
        """Looks up rows of a table that is kept as int8 with one scale per row: a quarter of the memory."""
        values, scales = _quantise(table, axis=1, limit=127)
        rows = self._node("Gather", [self._constant(name, values), "input_ids"])
        scale = self._node("Gather", [self._constant(f"{name}.scale", scales[:, None]), "input_ids"])
        return self._node("Mul", [self._node("Cast", [rows], to=TensorProto.FLOAT), scale])

    def _constant(self, name: str, values: NDArray[np.generic]) -> str:
        self._initializers.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _node(self, operator: str, inputs: list[str], **attributes: Any) -> str:
        output = f"{operator}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output


def _int64(value: int) -> NDArray[np.int64]:
    return np.array([value], dtype=np.int64)


def _quantise(
    weight: NDArray[np.float32], *, axis: int, limit: int = _WEIGHT_LIMIT
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Symmetric int8 with one scale for each column (axis=0) or row (axis=1)."""
    scales = np.maximum(np.abs(weight).max(axis=axis, keepdims=True), 1e-12) / limit
    return np.rint(weight / scales).astype(np.int8), scales.astype(np.float32).reshape(-1)
