"""The float weights of a BERT cross-encoder that onnxruntime quantised dynamically, under the names PyTorch has."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

Array = NDArray[np.float32]

_QUANTISED = "_quantized"
# A product's matrix may be named by a number only; the product is named by its place in the model:
# /bert/encoder/layer.0/attention/self/query/MatMul_quant, /bert/pooler/dense/Gemm_MatMul_quant.
_PRODUCT = re.compile(r"/(?P<place>[\w./]+)/\w*MatMul_quant")


def float_weights(path: Path) -> dict[str, Array]:
    """Every weight by its name (without the leading `bert.`); matrices are (out, in)."""
    model = onnx.load(path)
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    weights = {
        name: values
        for name, values in tensors.items()
        if values.dtype == np.float32 and name.endswith((".weight", ".bias"))
    }
    for name in [name.removesuffix(_QUANTISED) for name in tensors if name.endswith(f".weight{_QUANTISED}")]:
        weights[name] = _dequantised(tensors, name)
    for node in model.graph.node:
        if node.op_type == "MatMulInteger" and (product := _PRODUCT.fullmatch(node.name)):
            matrix = node.input[1].removesuffix(_QUANTISED)
            weights[f"{product['place'].replace('/', '.')}.weight"] = _dequantised(tensors, matrix).T
    return {name.removeprefix("bert."): values for name, values in weights.items()}


def _dequantised(tensors: dict[str, NDArray[Any]], name: str) -> Array:
    values, zero = (tensors[name + part].astype(np.float32) for part in (_QUANTISED, "_zero_point"))
    return np.asarray((values - zero) * tensors[f"{name}_scale"], dtype=np.float32)
