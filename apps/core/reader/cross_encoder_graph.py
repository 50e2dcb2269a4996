"""A BERT cross-encoder as an ONNX graph: question and text in one input, one logit out."""

from collections.abc import Mapping

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from apps.core.local_models.bert_graph import BertGraph

# MiniLM's, whatever its width.
_HEAD_SIZE = 32


class CrossEncoderGraph(BertGraph):
    """The encoder, then the pooler and the classifier on its first token; every size is that of the weights."""

    def __init__(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        layers = sum(name.endswith(".attention.self.query.weight") for name in weights)
        super().__init__(weights.__getitem__, layers=layers, heads=len(weights["pooler.dense.weight"]) // _HEAD_SIZE)

    def build(self) -> onnx.ModelProto:
        """input_ids, attention_mask, token_type_ids (int32, batch x length) -> logits (float32, batch x 1)."""
        hidden = self._embeddings(segments="token_type_ids")
        for layer in range(self._layers - 1):
            hidden = self._layer(hidden, f"encoder.layer.{layer}")
        first = self._int64("first", 0)
        hidden = self._layer(hidden, f"encoder.layer.{self._layers - 1}", only=first)
        self._classify(self._node("Squeeze", [hidden, self._int64("axis_1", 1)]))
        return self._model("reader", ["input_ids", "attention_mask", "token_type_ids"], "logits", 1)

    def _classify(self, first: str) -> None:
        pooled = self._node("Tanh", [self._node("Gemm", [first, *self._dense("pooler.dense")], transB=1)])
        self._nodes.append(helper.make_node("Gemm", [pooled, *self._dense("classifier")], ["logits"], transB=1))

    def _dense(self, prefix: str) -> list[str]:
        return [self._constant(name, self._weights(name)) for name in (f"{prefix}.weight", f"{prefix}.bias")]
