"""BERT in plain numpy and full precision, written from its paper: what our graphs must agree with."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
HEAD_SIZE = 32


class NumpyBert:
    """The encoder of a model's float weights."""

    def __init__(self, weights: Mapping[str, Array], *, layers: int) -> None:
        self.weights = weights
        self.layers = layers

    def hidden(self, ids: list[int], segments: list[int]) -> Array:
        """What the last layer says of each token."""
        table = "embeddings.{}_embeddings.weight"
        hidden = self.weights[table.format("word")][ids] + self.weights[table.format("position")][: len(ids)]
        hidden = self.norm(hidden + self.weights[table.format("token_type")][segments], "embeddings.LayerNorm")
        for layer in range(self.layers):
            hidden = self.layer(hidden, f"encoder.layer.{layer}")
        return hidden

    def layer(self, hidden: Array, prefix: str) -> Array:
        length, width = hidden.shape
        query, key, value = (
            self.linear(hidden, f"{prefix}.attention.self.{part}").reshape(length, -1, HEAD_SIZE).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        scores = np.exp(query @ key.transpose(0, 2, 1) / math.sqrt(HEAD_SIZE))
        mixed = (scores / scores.sum(-1, keepdims=True) @ value).transpose(1, 0, 2).reshape(length, width)
        dense = self.linear(mixed, f"{prefix}.attention.output.dense")
        hidden = self.norm(dense + hidden, f"{prefix}.attention.output.LayerNorm")
        wide = self.linear(hidden, f"{prefix}.intermediate.dense")
        wide = wide * 0.5 * (1 + np.vectorize(math.erf)(wide / math.sqrt(2)))
        return self.norm(self.linear(wide, f"{prefix}.output.dense") + hidden, f"{prefix}.output.LayerNorm")

    def linear(self, hidden: Array, prefix: str) -> Array:
        return hidden @ self.weights[f"{prefix}.weight"].T + self.weights[f"{prefix}.bias"]

    def norm(self, hidden: Array, prefix: str) -> Array:
        centred = hidden - hidden.mean(-1, keepdims=True)
        scaled = centred / np.sqrt(centred.var(-1, keepdims=True) + 1e-12)
        return scaled * self.weights[f"{prefix}.weight"] + self.weights[f"{prefix}.bias"]
