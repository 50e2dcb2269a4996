"""A BERT encoder as an ONNX graph with int8 weights, written with those of onnxruntime's fused operators that are fast.

Measured on onnxruntime 1.32: SkipLayerNormalization takes 28 % of a run, Add and LayerNormalization instead of it 7 %;
BiasGelu takes 11 %, a bias in the product before it and Gelu 7 %.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

_FUSED = "com.microsoft"
_EPSILON = 1e-12
# 7 of 8 bits: on processors without VNNI, onnxruntime adds pairs of products in 16 bits, which overflow with 8.
_WEIGHT_LIMIT = 63

Weights = Callable[[str], NDArray[np.float32]]


class BertGraph:
    """Collects the nodes and weights of a graph, in the order in which data flows; the models' graphs build on it.

    `weights` gives the tensor of a name, as PyTorch stores it: matrices are (out, in). Sizes are read off the tensors.
    """

    def __init__(self, weights: Weights, *, layers: int, heads: int) -> None:
        self._weights = weights
        self._layers = layers
        self._heads = heads
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: list[onnx.TensorProto] = []

    def _model(self, name: str, inputs: Iterable[str], output: str, width: int) -> onnx.ModelProto:
        """What was collected: int32 inputs of batch x length, one float32 output of batch x width."""
        graph = helper.make_graph(
            self._nodes,
            name,
            [helper.make_tensor_value_info(one, TensorProto.INT32, ["batch", "length"]) for one in inputs],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["batch", width])],
            self._initializers,
        )
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid(_FUSED, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="tacit")

    def _embeddings(self, *, segments: str = "") -> str:
        """Word, position and segment vectors, added and normalised; every token is of segment 0 without `segments`."""
        prefix = "embeddings"
        positions = self._weights(f"{prefix}.position_embeddings.weight")
        of_segment = self._weights(f"{prefix}.token_type_embeddings.weight")
        places = self._constant("positions", positions if segments else positions + of_segment[0])
        words = self._quantised_rows("words", self._weights(f"{prefix}.word_embeddings.weight"))
        length = self._node("Shape", ["input_ids"], start=1, end=2)
        here = self._node("Slice", [places, self._int64("zero", 0), length, self._int64("axis_0", 0)])
        summed = self._node("Add", [words, here])
        if segments:
            summed = self._node(
                "Add", [summed, self._node("Gather", [self._constant("segments", of_segment), segments])]
            )
        return self._norm(summed, f"{prefix}.LayerNorm")

    def _layer(self, hidden: str, prefix: str, *, only: str = "") -> str:
        """One transformer layer: self-attention and a feed-forward network, each added to its input and normalised.

        `only` names the position to go on with after attention, where the others are not needed any more.
        """
        attention = self._attention(hidden, f"{prefix}.attention.self")
        if only:
            attention, hidden = (self._node("Gather", [values, only], axis=1) for values in (attention, hidden))
        mixed = self._linear(attention, f"{prefix}.attention.output.dense")
        hidden = self._add_and_norm(mixed, hidden, f"{prefix}.attention.output.LayerNorm")
        wide = self._node("Gelu", [self._linear(hidden, f"{prefix}.intermediate.dense")], domain=_FUSED)
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
        return self._node("QAttention", inputs, domain=_FUSED, num_heads=self._heads)

    def _linear(self, source: str, prefix: str) -> str:
        values, scales = _quantise(self._weights(f"{prefix}.weight").T, axis=0)
        weight, scale = self._constant(f"{prefix}.weight", values), self._constant(f"{prefix}.scale", scales)
        bias = self._constant(f"{prefix}.bias", self._weights(f"{prefix}.bias"))
        return self._node("DynamicQuantizeMatMul", [source, weight, scale, "", bias], domain=_FUSED)

    def _add_and_norm(self, source: str, skip: str, prefix: str) -> str:
        return self._norm(self._node("Add", [source, skip]), prefix)

    def _norm(self, source: str, prefix: str) -> str:
        gamma = self._constant(f"{prefix}.gamma", self._weights(f"{prefix}.weight"))
        beta = self._constant(f"{prefix}.beta", self._weights(f"{prefix}.bias"))
        return self._node("LayerNormalization", [source, gamma, beta], axis=-1, epsilon=_EPSILON)

    def _quantised_rows(self, name: str, table: NDArray[np.float32]) -> str:
        """Looks up rows of a table that is kept as int8 with one scale per row: a quarter of the memory."""
        values, scales = _quantise(table, axis=1, limit=127)
        rows = self._node("Gather", [self._constant(name, values), "input_ids"])
        scale = self._node("Gather", [self._constant(f"{name}.scale", scales[:, None]), "input_ids"])
        return self._node("Mul", [self._node("Cast", [rows], to=TensorProto.FLOAT), scale])

    def _int64(self, name: str, value: int) -> str:
        return self._constant(name, np.array([value], dtype=np.int64))

    def _constant(self, name: str, values: NDArray[np.generic]) -> str:
        self._initializers.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _node(self, operator: str, inputs: list[str], **attributes: Any) -> str:
        output = f"{operator}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output


def _quantise(
    weight: NDArray[np.float32], *, axis: int, limit: int = _WEIGHT_LIMIT
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Symmetric int8 with one scale for each column (axis=0) or row (axis=1)."""
    scales = np.maximum(np.abs(weight).max(axis=axis, keepdims=True), 1e-12) / limit
    return np.rint(weight / scales).astype(np.int8), scales.astype(np.float32).reshape(-1)
