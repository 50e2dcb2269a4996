"""all-MiniLM-L6-v2 as an ONNX graph: the encoder, and the mean of its tokens."""

import onnx
from onnx import TensorProto, helper

from apps.core.local_models.bert_graph import BertGraph, Weights

# The model's own config.json.
_LAYERS = 6
_HEADS = 12


class MiniLMGraph(BertGraph):
    """A sentence encoder: one text in, one vector out."""

    def __init__(self, weights: Weights) -> None:
        super().__init__(weights, layers=_LAYERS, heads=_HEADS)

    def build(self) -> onnx.ModelProto:
        """input_ids, attention_mask (int32, batch x length) -> embedding (float32, batch x 384, length 1)."""
        hidden = self._embeddings()
        for layer in range(self._layers):
            hidden = self._layer(hidden, f"encoder.layer.{layer}")
        self._pool(hidden)
        return self._model("all-MiniLM-L6-v2", ["input_ids", "attention_mask"], "embedding", 384)

    def _pool(self, hidden: str) -> None:
        """The sum of the tokens that the mask keeps, brought to length 1: the mean has the same direction."""
        mask = self._node("Cast", ["attention_mask"], to=TensorProto.FLOAT)
        row = self._node("Unsqueeze", [mask, self._int64("axis_1", 1)])
        total = self._node("Squeeze", [self._node("MatMul", [row, hidden]), self._int64("axis_1b", 1)])
        self._nodes.append(helper.make_node("LpNormalization", [total], ["embedding"], axis=-1, p=2))
